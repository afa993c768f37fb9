"""The verbs of accounts. One is closed, never deleted: history keeps its authors."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.functional import Promise
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext_lazy as _

from accounts import second_factor
from accounts.models import PasswordLink, User, administrators

# Whoever asks for links under somebody else's name fills no mailbox.
PAUSE_BETWEEN_LINKS = timedelta(minutes=5)


class AccountError(Exception):
    """An action on an account could not be done; the text is a whole sentence for people."""

    message: ClassVar[str | Promise]

    def __str__(self) -> str:
        return str(self.message)


class OwnAccount(AccountError):
    message = _("Nobody closes their own account.")


class LastAdministrator(AccountError):
    message = _("This is the last open account of an administrator. Make another one first.")


class AddressMissing(AccountError):
    message = _("This account has no e-mail address that a link could be sent to.")


class AccountClosed(AccountError):
    message = _("This account is closed.")


@transaction.atomic
def close_account(*, account: User, by: User) -> None:
    """End an account for now: its sessions, password, links and second factor. Name and roles stay for history.

    Raises OwnAccount, LastAdministrator.
    """
    if account.pk == by.pk:
        raise OwnAccount
    # Two administrators who close each other at once come one after the other here.
    open_ones = list(administrators().select_for_update().order_by("pk"))
    if [each.pk for each in open_ones] == [account.pk]:
        raise LastAdministrator
    account.is_active = False
    account.set_unusable_password()
    account.save(update_fields=["is_active", "password"])
    PasswordLink.objects.filter(user=account, written_at=None).delete()
    second_factor.forget_second_factor(account)


@transaction.atomic
def reopen_account(*, account: User, now: datetime) -> None:
    """Open a closed account again and have a link sent by which its owner chooses a password. Raises AddressMissing."""
    account.is_active = True
    account.save(update_fields=["is_active"])
    ask_for_password_link(account=account, now=now)


def ask_for_password_link(*, account: User, now: datetime) -> bool:
    """Have a link sent by which somebody chooses a password; False when one was asked for in the last five minutes.

    The mail is written by the job that sends mails, so that whoever asks cannot tell an account from none by the time
    that it takes. Raises AddressMissing, AccountClosed.
    """
    if not account.email:
        raise AddressMissing
    if not account.is_active:
        raise AccountClosed
    with transaction.atomic():
        User.objects.select_for_update().get(pk=account.pk)
        asked: Any = PasswordLink.objects.filter(user=account)
        if asked.filter(Q(written_at=None) | Q(asked_at__gt=now - PAUSE_BETWEEN_LINKS)).exists():
            return False
        PasswordLink.objects.create(user=account, asked_at=now)
    return True


def password_path(account: User) -> str:
    """Return the path of the page on which somebody chooses a password; good once, and for three days."""
    uid = urlsafe_base64_encode(force_bytes(account.pk))
    return reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(account)])
