"""The ways of noticing that the day of an event has come, or has passed and nobody wrote down what came of it."""

from datetime import date, datetime

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat, NullIf

from mechanisms.models import Event, EventState
from publishing.dates import ANYWHERE_ON_EARTH, FIRST_ON_EARTH, LastDay
from tracking.models import FindingKind, Record
from tracking.noticing import Noticed, lapse_findings_unless, write_findings

STARTS = LastDay(Coalesce(NullIf("starts_on", Value("")), "ends_on"))
ENDS = LastDay(Coalesce(NullIf("ends_on", Value("")), "starts_on"))


def find_events_that_came(*, now: datetime) -> int:
    """Write a finding about the mechanism of each scheduled event whose day has begun somewhere on Earth by `now`.

    Of a day known to the month, quarter or year it is the last that it can mean. The finding lapses when the event is
    over or is said to be held, postponed or cancelled. Returns how many are new.
    """
    kind = FindingKind.EVENT_CAME
    waiting = _events().filter(event_state=EventState.SCHEDULED).alias(last=ENDS).filter(last__gte=_today(now))
    came = waiting.alias(first=STARTS).filter(first__lte=now.astimezone(FIRST_ON_EARTH).date())
    found = write_findings(kind=kind, noticed=_noticed(came), now=now)
    lapse_findings_unless(kind=kind, stands=_noticed(waiting), now=now)
    return found


def find_events_that_passed(*, now: datetime) -> int:
    """Write a finding about the mechanism of each event whose last day has ended everywhere by `now`, without outcome.

    It has an outcome when it was postponed or cancelled, or was held and has instruments that came out of it or a note
    that says what did. Returns how many are new.
    """
    kind = FindingKind.EVENT_PASSED
    outcomes = Event.outcomes.through.objects.filter(event=OuterRef("pk"))
    silent = ~Exists(outcomes) & Q(note_en="", note_zh="")
    without = _events().filter(Q(event_state=EventState.SCHEDULED) | Q(event_state=EventState.HELD) & silent)
    over = without.alias(last=ENDS).filter(last__lt=_today(now))
    found = write_findings(kind=kind, noticed=_noticed(over), now=now)
    lapse_findings_unless(kind=kind, stands=_noticed(without), now=now)
    return found


def _today(now: datetime) -> date:
    """Return the first day that has not ended everywhere on Earth."""
    return now.astimezone(ANYWHERE_ON_EARTH).date()


def _events() -> QuerySet[Event]:
    mechanisms = Record.objects.public().under_review()
    return Event.objects.public().filter(mechanism__in=mechanisms).exclude(starts_on="", ends_on="")


def _noticed(events: QuerySet[Event]) -> Noticed:
    # An event that was moved is another matter.
    return Noticed.among(
        events,
        about="mechanism",
        fingerprint=Concat(
            *(Value("event "), Cast("pk", CharField()), Value(" "), "starts_on", Value("/"), "ends_on"),
            output_field=CharField(),
        ),
        event="ref",
        title_en="title_en",
        title_zh="title_zh",
        starts_on="starts_on",
        ends_on="ends_on",
        event_state="event_state",
    )
