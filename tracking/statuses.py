"""The statuses: what each means, for which records, and how it maps to the scales that researchers know.

A new status is one entry here. Admin, API, pages, the database's constraint and docs/method.md are made from it.
"""

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Resource = Literal["pledges", "mechanisms", "proposals"]
Colour = Literal["grey", "blue", "green", "amber", "red"]
Stance = Literal["supports", "contradicts"]


@dataclass(frozen=True)
class Status:
    """One status. `settled` ones end the matter: a deadline that passes afterwards asks nobody for anything.

    `searched` ones say that nothing decisive was found, so they cite what was searched, as context. Newer evidence of a
    stance that is among `contradicted_by` asks somebody to look at the record again.
    The mappings are to: `ogp`, the completion levels of the Open Government Partnership's Independent Reporting
    Mechanism; `politifact`, the ratings of its promise meters; `cppp`, the three grades of the Comparative Party
    Pledges Project.
    """

    code: str
    label: str | Promise
    definition: str | Promise
    resources: tuple[Resource, ...]
    colour: Colour
    settled: bool = False
    searched: bool = False
    contradicted_by: tuple[Stance, ...] = ()
    ogp: str = ""
    politifact: str = ""
    cppp: str = ""


NOT_ASSESSED = "not_assessed"
PLEDGES: tuple[Resource, ...] = ("pledges",)
MECHANISMS: tuple[Resource, ...] = ("mechanisms",)
PROPOSALS: tuple[Resource, ...] = ("proposals",)
BY_SUPPORT: tuple[Stance, ...] = ("supports",)
BY_CONTRADICTION: tuple[Stance, ...] = ("contradicts",)

STATUSES: dict[str, Status] = {
    status.code: status
    for status in (
        Status(
            NOT_ASSESSED,
            _("not assessed"),
            _(
                "No status has been decided: nobody has looked at it yet, or the sources disagree."
                " It says nothing about whether anything was done."
            ),
            ("pledges", "mechanisms", "proposals"),
            "grey",
            politifact="Not Yet Rated",
        ),
        Status(
            "no_evidence",
            _("no evidence"),
            _("We looked and found nothing that shows whether it was done. The searches are cited."),
            PLEDGES,
            "grey",
            searched=True,
            ogp="No evidence available",
            cppp="not fulfilled",
            contradicted_by=BY_SUPPORT + BY_CONTRADICTION,
        ),
        Status(
            "not_started",
            _("not started"),
            _("A source shows that work on it has not begun."),
            PLEDGES,
            "amber",
            ogp="Not started",
            politifact="Stalled",
            cppp="not fulfilled",
            contradicted_by=BY_SUPPORT,
        ),
        Status(
            "in_progress",
            _("in progress"),
            _("A source shows that work on it is under way, and it is not done."),
            PLEDGES,
            "blue",
            ogp="Limited",
            politifact="In the Works",
            cppp="partially fulfilled",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "partly_fulfilled",
            _("partly fulfilled"),
            _("A part of what was promised was done; another part was not, or not yet."),
            PLEDGES,
            "blue",
            ogp="Substantial",
            politifact="Compromise",
            cppp="partially fulfilled",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "fulfilled",
            _("fulfilled"),
            _("All of what was promised was done. Lateness, if any, stands in the reason."),
            PLEDGES,
            "green",
            settled=True,
            ogp="Complete",
            politifact="Promise Kept",
            cppp="fulfilled",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "stalled",
            _("stalled"),
            _("Work had begun, and a source shows that it has stopped."),
            PLEDGES,
            "amber",
            ogp="Limited",
            politifact="Stalled",
            cppp="partially fulfilled",
            contradicted_by=BY_SUPPORT,
        ),
        Status(
            "not_fulfilled",
            _("not fulfilled"),
            _("It could have been done by its day, and a source shows that it was not."),
            PLEDGES,
            "red",
            settled=True,
            ogp="Not started",
            politifact="Promise Broken",
            cppp="not fulfilled",
            contradicted_by=BY_SUPPORT,
        ),
        Status(
            "unverifiable",
            _("unverifiable"),
            _("It is worded so, or the facts are kept so, that nobody outside can tell. What was searched is cited."),
            PLEDGES,
            "grey",
            settled=True,
            searched=True,
            contradicted_by=BY_SUPPORT + BY_CONTRADICTION,
        ),
        Status(
            "withdrawn",
            _("withdrawn"),
            _("Whoever promised it has taken it back."),
            PLEDGES,
            "red",
            settled=True,
            ogp="Withdrawn",
            politifact="Promise Broken",
            cppp="not fulfilled",
            contradicted_by=BY_SUPPORT,
        ),
        Status(
            "superseded",
            _("superseded"),
            _("A later promise has taken its place; the reason says which."),
            PLEDGES,
            "grey",
            settled=True,
        ),
        Status("proposed", _("proposed"), _("Somebody has proposed to set it up."), MECHANISMS, "grey"),
        Status(
            "announced",
            _("announced"),
            _("Those who can set it up have said that they will; it has not begun to work."),
            MECHANISMS,
            "blue",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "active",
            pgettext_lazy("status of a mechanism", "active"),
            _("It works: it meets, publishes or decides."),
            MECHANISMS,
            "green",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "dormant",
            _("dormant"),
            _("It exists, but nothing shows that it has worked within its usual rhythm."),
            MECHANISMS,
            "amber",
            contradicted_by=BY_SUPPORT,
        ),
        Status("concluded", _("concluded"), _("It has done its work and ended."), MECHANISMS, "grey", settled=True),
        Status(
            "cancelled",
            _("cancelled"),
            _("It was called off before it did its work."),
            MECHANISMS,
            "red",
            settled=True,
            contradicted_by=BY_SUPPORT,
        ),
        Status("tabled", _("tabled"), _("It was put forward in public."), PROPOSALS, "grey"),
        Status(
            "under_discussion",
            _("under discussion"),
            _("Those who could take it up are shown to be discussing it."),
            PROPOSALS,
            "blue",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "endorsed",
            _("endorsed"),
            _("Those who could take it up have said that they support it."),
            PROPOSALS,
            "blue",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "adopted",
            _("adopted"),
            _("It was agreed in an instrument."),
            PROPOSALS,
            "green",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "operating",
            _("operating"),
            _("A mechanism or rule that carries it out is at work."),
            PROPOSALS,
            "green",
            contradicted_by=BY_CONTRADICTION,
        ),
        Status(
            "declined",
            _("declined"),
            _("Those who could take it up have refused it."),
            PROPOSALS,
            "red",
            settled=True,
            contradicted_by=BY_SUPPORT,
        ),
        Status(
            "lapsed",
            _("lapsed"),
            _("Its occasion has passed and nobody has taken it up."),
            PROPOSALS,
            "grey",
            settled=True,
            contradicted_by=BY_SUPPORT,
        ),
    )
}

CHOICES = [(status.code, status.label) for status in STATUSES.values()]
OPEN_STATUSES = tuple(status.code for status in STATUSES.values() if not status.settled)


def statuses_of(resource: str) -> list[Status]:
    """Return the statuses that records of a resource can have, `not_assessed` first."""
    return [status for status in STATUSES.values() if resource in status.resources]
