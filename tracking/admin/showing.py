"""How the admin shows a status, a finding and a piece of evidence."""

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from publishing.admin.naming import badge
from publishing.words import moment_in_words
from tracking.models import Evidence, Finding, Record
from tracking.statuses import STATUSES

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)

# What the parts of a finding are called; one in two languages is shown in the reader's.
SEEN = {
    "due_on": _("due on"),
    "overdue_from": _("overdue from"),
    "status": _("status"),
    "title": _("title"),
    "url": _("address"),
    "looked_at": _("last looked at"),
    "review_every": _("to be reviewed every"),
    "evidence": _("evidence"),
    "stance": _("stance"),
    "observed_on": _("observed on"),
    "shows": _("what it shows"),
    "event": _("event"),
    "event_state": _("state of the event"),
    "starts_on": _("starts on"),
    "ends_on": _("ends on"),
    "ref": _("ref"),
    "field": _("field"),
    "version": _("changed at position"),
    "text": _("text"),
    "sent_in": _("sent in as"),
}


def status_badge(code: str) -> SafeString:
    status = STATUSES[code]
    return badge(f"status-{status.colour}", status.label)


def status_in_full(code: str, since: date | None) -> SafeString:
    """Show a status with its definition and the day from which it holds."""
    day = gettext("since %(day)s") % {"day": since.isoformat()} if since else ""
    return format_html(
        '{} {}<br><span class="definition">{}</span>', status_badge(code), day, STATUSES[code].definition
    )


def is_overdue(record: Record) -> bool:
    return (
        record.overdue_from is not None
        and not record.status_definition.settled
        and record.overdue_from <= timezone.now()
    )


def due_in_full(record: Record) -> SafeString | str:
    """Show the day by which a record is due, and whether that has passed while its status leaves the matter open."""
    if record.due_on is None:
        return "–"
    if is_overdue(record):
        return format_html(
            '<span class="day">{}</span> {}', record.due_on.isoformat(), badge("status-red", gettext("overdue"))
        )
    return format_html('<span class="day">{}</span>', record.due_on.isoformat())


def decide_url(record_key: int, query: str = "") -> str:
    return reverse("admin:tracking_record_decide", args=[record_key]) + (f"?{query}" if query else "")


def decide_link(record_key: int, query: str = "") -> SafeString:
    return format_html('<a class="decide-link" href="{}">{}</a>', decide_url(record_key, query), gettext("Decide"))


def what_was_seen(finding: Finding, *, but: Collection[str] = ()) -> SafeString | str:
    """Show what a finding saw, one line for each part of it, without those whose names are in `but`."""
    seen = finding.seen if isinstance(finding.seen, dict) else {"": finding.seen}
    seen = {name: value for name, value in seen.items() if name not in but}
    if not seen:
        return "–"
    other = "_en" if (get_language() or "en").startswith("zh") else "_zh"
    parts = [
        (SEEN.get(name.removesuffix("_en").removesuffix("_zh"), name.replace("_", " ")), _part(value))
        for name, value in sorted(seen.items())
        if not name.endswith(other)
    ]
    return format_html_join(SafeString("<br>"), "{}: {}", parts)


def _part(value: Any) -> Any:
    if isinstance(value, str) and MOMENT.fullmatch(value):
        return moment_in_words(value, zone=timezone.get_current_timezone())
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        return format_html('<a href="{0}" rel="noreferrer noopener" target="_blank">{0}</a>', value)
    if isinstance(value, str) and value in STATUSES:
        return STATUSES[value].label
    return "–" if value in (None, "") else value


def evidence_in_full(evidence: Evidence) -> SafeString:
    """Show a piece of evidence: stance, day, what it shows, and its source with the address."""
    source = evidence.source
    origin = (
        format_html('<a href="{}" rel="noreferrer noopener" target="_blank">{}</a>', source.url, source.title)
        if source.url
        else source.title
    )
    state = "" if evidence.is_public else badge(evidence.state, evidence.get_state_display())
    return format_html(
        "{} {} {}<br>{}<br>{}{}",
        badge(f"stance-{evidence.stance}", evidence.get_stance_display()),
        evidence.observed_on,
        state,
        evidence.shows,
        origin,
        f", {source.publisher}" if source.publisher else "",
    )
