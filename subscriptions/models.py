"""Who follows what, what they were told, and the mail on its way to them."""

import uuid
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import CheckConstraint, F, Func, Q, UniqueConstraint, Value
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Language, validate_time_zone
from publishing.models import Publishable
from subscriptions.schedule import Frequency
from tracking.models import Record

FOLLOWABLE_RESOURCES = ("themes", "actors", "instruments", "pledges", "mechanisms", "proposals")


class SubscriptionState(models.TextChoices):
    PENDING = "pending", _("waiting for confirmation")
    CONFIRMED = "confirmed", _("confirmed")
    UNSUBSCRIBED = "unsubscribed", _("unsubscribed")


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def confirmed(self) -> Self:
        return self.filter(state=SubscriptionState.CONFIRMED)

    def of(self, email: str) -> Self:
        """Those of one address, however its letters are cased."""
        return self.alias(address=Lower("email")).filter(address=email.lower())

    def due(self, *, now: datetime) -> Self:
        """Those whose next digest is to be composed by `now` (aware). Indexed."""
        return self.confirmed().filter(next_due_at__lte=now)

    def never_confirmed(self, *, before: datetime) -> Self:
        return self.filter(state=SubscriptionState.PENDING, requested_at__lt=before)

    def ended(self, *, before: datetime) -> Self:
        return self.filter(state=SubscriptionState.UNSUBSCRIBED, ended_at__lt=before)


class Subscription(models.Model):
    """The wish of one address to be told what changes. It counts from the moment when the address confirmed it."""

    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"))
    follows = models.ManyToManyField(
        Publishable,
        verbose_name=_("follows"),
        blank=True,
        related_name="subscriptions",
        limit_choices_to={"resource__in": FOLLOWABLE_RESOURCES},
        help_text=_(
            "Themes with their narrower ones, actors, instruments and records. Nothing chosen means everything."
        ),
    )
    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency, default=Frequency.WEEKLY)
    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.ENGLISH)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    state = models.CharField(
        _("state"), max_length=12, choices=SubscriptionState, default=SubscriptionState.PENDING, editable=False
    )
    position = models.BigIntegerField(
        _("told up to"), null=True, editable=False, help_text=_("The position of the ledger up to which it was told.")
    )
    next_due_at = models.DateTimeField(_("next digest"), null=True, editable=False)
    requested_at = models.DateTimeField(_("requested"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        permissions = [("see_addresses", _("Can see the addresses of subscribers and the mail to them"))]
        constraints = [
            UniqueConstraint(Lower("email"), condition=Q(state="confirmed"), name="subscription_confirmed_once"),
            CheckConstraint(condition=Q(state__in=SubscriptionState.values), name="subscription_state_known"),
            CheckConstraint(condition=Q(frequency__in=Frequency.values), name="subscription_frequency_known"),
            CheckConstraint(condition=Q(language__in=Language.values), name="subscription_language_known"),
            CheckConstraint(
                condition=~Q(state="confirmed")
                | Q(confirmed_at__isnull=False, position__isnull=False, next_due_at__isnull=False),
                name="subscription_confirmed_with_position",
            ),
            CheckConstraint(
                condition=Q(state="unsubscribed", ended_at__isnull=False, next_due_at=None)
                | ~Q(state="unsubscribed") & Q(ended_at=None),
                name="subscription_ended_with_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["next_due_at", "id"], condition=Q(state="confirmed"), name="subscription_due"),
            models.Index(Lower("email"), name="subscription_address"),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def is_confirmed(self) -> bool:
        return self.state == SubscriptionState.CONFIRMED


class MessageKind(models.TextChoices):
    CONFIRMATION = "confirmation", _("confirmation")
    DIGEST = "digest", _("digest")
    ALARM = "alarm", _("alarm to administrators")
    PASSWORD = "password", _("link for staff")
    KEY = "key", _("link for a key of the API")
    RECEIPT = "receipt", _("receipt for something sent in")


OF_NO_SUBSCRIPTION = [MessageKind.ALARM, MessageKind.PASSWORD, MessageKind.KEY, MessageKind.RECEIPT]


class MessageState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class MessageQuerySet(models.QuerySet["Message"]):
    def waiting(self) -> Self:
        return self.filter(state=MessageState.WAITING)

    def due(self, *, now: datetime) -> Self:
        """Those to be handed to the mail server by `now` (aware). Indexed."""
        return self.waiting().filter(try_at__lte=now)

    def confirmations_to(self, email: str, *, since: datetime) -> Self:
        return self.alias(address=Lower("to")).filter(
            kind=MessageKind.CONFIRMATION, address=email.lower(), created_at__gt=since
        )


class Message(models.Model):
    """One mail, as it is or was handed to the mail server. A repeat bears the same Message-ID."""

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, verbose_name=_("subscription"), null=True, related_name="messages"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=MessageKind)
    to = models.EmailField(_("to"))
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"))
    headers = models.JSONField(_("headers"), default=dict)
    message_id = models.CharField(_("Message-ID"), max_length=200, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=MessageState, default=MessageState.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("written"))
    # At once by the real clock, also when a digest was composed as of another moment.
    try_at = models.DateTimeField(_("next try"), db_default=Now())
    sent_at = models.DateTimeField(_("sent at"), null=True)
    error = models.TextField(_("error"), blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        default_permissions = ("view", "change", "delete")
        constraints = [
            CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_known"),
            CheckConstraint(condition=~Q(state="sent") | Q(sent_at__isnull=False), name="message_sent_with_moment"),
            CheckConstraint(
                condition=Q(kind__in=OF_NO_SUBSCRIPTION, subscription=None)
                | ~Q(kind__in=OF_NO_SUBSCRIPTION) & Q(subscription__isnull=False),
                name="message_of_a_subscription",
            ),
            CheckConstraint(condition=~Q(state="failed") | ~Q(error=""), name="message_failed_with_error"),
        ]
        indexes = [
            models.Index(fields=["try_at", "id"], condition=Q(state="waiting"), name="message_due"),
            models.Index(Lower("to"), "created_at", name="message_address"),
            models.Index(fields=["-created_at", "-id"], name="message_newest"),
        ]

    def __str__(self) -> str:
        return self.subject


class Digest(models.Model):
    """One issue for one subscription and period: what the ledger says after `from_seq` up to `to_seq`."""

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, verbose_name=_("subscription"), related_name="digests", db_index=False
    )
    due_at = models.DateTimeField(
        pgettext_lazy("a digest", "due"), help_text=_("The moment for which it was composed: the end of its period.")
    )
    from_seq = models.BigIntegerField(_("after position"))
    to_seq = models.BigIntegerField(_("up to position"))
    changes = models.PositiveIntegerField(_("status changes"))
    deadlines = models.PositiveIntegerField(_("coming deadlines"))
    composed_at = models.DateTimeField(_("composed"))
    message = models.OneToOneField(
        Message, models.SET_NULL, verbose_name=_("message"), null=True, related_name="digest"
    )

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        default_permissions = ("view",)
        constraints = [
            UniqueConstraint(fields=["subscription", "due_at"], name="digest_once_per_period"),
            CheckConstraint(condition=Q(from_seq__lte=F("to_seq")), name="digest_positions_in_order"),
            CheckConstraint(condition=Q(changes__gt=0) | Q(deadlines__gt=0), name="digest_tells_something"),
            ExclusionConstraint(
                name="digest_tells_each_position_once",
                expressions=[
                    (OpClass("subscription", name="gist_int8_ops"), RangeOperators.EQUAL),
                    (
                        Func(
                            "from_seq", "to_seq", Value("(]"), function="int8range", output_field=BigIntegerRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [models.Index(fields=["-composed_at", "-id"], name="digest_newest")]

    def __str__(self) -> str:
        return f"{self.from_seq}–{self.to_seq}"


class ToldDeadline(models.Model):
    """A coming deadline that a subscription was told of; one that was moved is told again."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="told_deadlines", db_index=False)
    record = models.ForeignKey(Record, models.CASCADE, related_name="+")
    due_on = models.DateField()
    digest = models.ForeignKey(Digest, models.CASCADE, null=True, related_name="told_deadlines", db_index=False)

    class Meta:
        verbose_name = _("told deadline")
        verbose_name_plural = _("told deadlines")
        default_permissions = ()
        constraints = [UniqueConstraint(fields=["subscription", "record", "due_on"], name="tolddeadline_once")]
        indexes = [models.Index(fields=["digest"], name="tolddeadline_digest")]

    def __str__(self) -> str:
        return f"{self.record_id} {self.due_on}"
