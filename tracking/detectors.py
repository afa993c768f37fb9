"""The ways of noticing that a record, or what is said about it, asks to be looked at. They write findings only."""

from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from publishing.dates import LastDay
from publishing.fields import Translated
from publishing.models import LedgerEntry
from publishing.resource import registry
from sources.models import Passage, Source
from tracking.models import Evidence, FindingKind, Record, Response, StatusChange
from tracking.noticing import Noticed, lapse_findings_unless, write_findings
from tracking.statuses import OPEN_STATUSES, STATUSES

UNCITED_FOR = timedelta(days=30)


def find_stale_records(*, now: datetime, every: str) -> int:
    """Write a finding for each record under review at which nobody has looked within its interval before `now` (aware).

    What counts as a look: a status change, a decision prepared or approved, a dismissed finding, and the publication of
    the record. The interval is that of the record, or else `every`, an ISO 8601 duration of one unit. Records whose
    status settles the matter are reviewed only if they have an interval of their own.

    The fingerprint is the last look and the interval, as ISO 8601 writes them (2026-01-31T08:00:00Z/P6M), so a finding
    lapses with the next look. Returns how many are new. Two statements, however many records there are.
    """
    kind = FindingKind.NOT_REVIEWED
    parameters = [every, list(OPEN_STATUSES)]
    found = write_findings(
        kind=kind, noticed=Noticed(f"{REVIEWS} WHERE looked_at + every::interval <= %s", [*parameters, now]), now=now
    )
    lapse_findings_unless(kind=kind, stands=Noticed(REVIEWS, parameters), now=now)
    return found


REVIEWS = """
    SELECT id, to_char(looked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '/' || every,
           jsonb_build_object(
               'looked_at', to_char(looked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'review_every', every,
               'status', status, 'title_en', title_en, 'title_zh', title_zh)
      FROM (
        SELECT p.id, r.status, r.title_en, r.title_zh,
               CASE WHEN r.review_every ~ '^P[1-9][0-9]{0,3}[DWMY]$' THEN r.review_every ELSE %s END AS every,
               greatest(published.at, changed.at, decided.at, dismissed.at) AS looked_at
          FROM tracking_record r
          JOIN publishing_publishable p ON p.id = r.publishable_ptr_id AND p.state = 'published'
          LEFT JOIN commitments_instrument i ON i.publishable_ptr_id = r.instrument_id
          LEFT JOIN (
               SELECT ref, max(recorded_at) AS at FROM publishing_ledgerentry WHERE action = 'published' GROUP BY ref
               ) published ON published.ref = p.ref
          LEFT JOIN (
               SELECT c.record_id, max(l.recorded_at) AS at
                 FROM tracking_statuschange c JOIN publishing_ledgerentry l ON l.seq = c.seq GROUP BY c.record_id
               ) changed ON changed.record_id = p.id
          LEFT JOIN (
               SELECT record_id, greatest(max(prepared_at), max(approved_at)) AS at
                 FROM tracking_decision GROUP BY record_id
               ) decided ON decided.record_id = p.id
          LEFT JOIN (
               SELECT record_id, max(closed_at) AS at
                 FROM tracking_finding WHERE state = 'dismissed' GROUP BY record_id
               ) dismissed ON dismissed.record_id = p.id
         WHERE (i.tracked OR r.instrument_id IS NULL) AND (r.status = ANY(%s) OR r.review_every <> '')
      ) reviews
"""


def find_evidence_against(*, now: datetime) -> int:
    """Write a finding for each piece of evidence that is newer than the current status of its record and against it.

    Newer means: published after the status change, not cited by it, and about a day on or after the day from which the
    status holds. Which stance is against a status is told in tracking/statuses.py. Returns how many are new.
    """
    kind, noticed = (
        FindingKind.EVIDENCE_AGAINST,
        Noticed.among(
            _evidence_against(),
            about="record",
            fingerprint=Concat(Value("evidence "), Cast("pk", CharField())),
            evidence="ref",
            stance="stance",
            observed_on="observed_on",
            shows_en="shows_en",
            shows_zh="shows_zh",
            url="source__url",
            status="record__status",
        ),
    )
    found = write_findings(kind=kind, noticed=noticed, now=now)
    lapse_findings_unless(kind=kind, stands=noticed, now=now)
    return found


def _evidence_against() -> QuerySet[Evidence]:
    against = Q()
    for status in STATUSES.values():
        if status.contradicted_by:
            against |= Q(record__status=status.code, stance__in=status.contradicted_by)
    cited = StatusChange.evidence.through.objects.filter(statuschange=OuterRef("change"), evidence=OuterRef("pk"))
    published = LedgerEntry.objects.filter(ref=OuterRef("ref")).order_by("seq").values("seq")[:1]
    return (
        Evidence.objects.public()
        .filter(
            against,
            record__in=Record.objects.public().under_review(),
            record__status_spans__valid__upper_inf=True,
            record__status_spans__known__upper_inf=True,
        )
        .annotate(change=F("record__status_spans__change"), decided_at=F("record__status_spans__change__seq"))
        .alias(last_day=LastDay("observed_on"), published_at=Subquery(published))
        .filter(~Exists(cited), last_day__gte=F("record__status_since"), published_at__gt=F("decided_at"))
    )


def find_old_translations(*, now: datetime) -> int:
    """Write a finding for each public text that was changed in one language and not in the other since.

    Read from the documents: whatever language was changed first is the original, and the next change in the other one
    is its translation. A text that was never translated is another matter. The fingerprint names the field, the
    language that is behind and the position of the change that it lacks. Evidence and responses are told of with their
    record. Returns how many are new.
    """
    texts = [
        (resource.name, field.name)
        for resource in registry
        for field in resource.fields.values()
        if isinstance(field, Translated)
    ]
    noticed = Noticed(OLD_TRANSLATIONS, [[resource for resource, _name in texts], [name for _resource, name in texts]])
    kind = FindingKind.TRANSLATION_OLD
    found = write_findings(kind=kind, noticed=noticed, now=now)
    lapse_findings_unless(kind=kind, stands=noticed, now=now)
    return found


# The letters of a text are its changes in order: E for English alone, Z for Chinese alone, B for both at once or for a
# first translation. E…EZ is a change and its translation, and so is Z…ZE; what is left over after the last such pair or
# B has no translation yet.
OLD_TRANSLATIONS = """
    WITH changes AS (
        SELECT d.thing_id, t.name, d.from_seq,
               CASE WHEN '' IN (before.body ->> (t.name || '_en'), before.body ->> (t.name || '_zh')) THEN 'B'
                    WHEN before.body ->> (t.name || '_zh') = d.body ->> (t.name || '_zh') THEN 'E'
                    WHEN before.body ->> (t.name || '_en') = d.body ->> (t.name || '_en') THEN 'Z'
                    ELSE 'B' END AS letter
          FROM publishing_document before
          JOIN publishing_document d ON d.thing_id = before.thing_id AND d.from_seq = before.until_seq
          JOIN publishing_publishable p ON p.id = d.thing_id AND p.state = 'published'
          JOIN unnest(%s::text[], %s::text[]) t (resource, name) ON t.resource = p.resource
         WHERE (before.body ->> (t.name || '_en'), before.body ->> (t.name || '_zh'))
            <> (d.body ->> (t.name || '_en'), d.body ->> (t.name || '_zh'))
    ), behind AS (
        SELECT thing_id, name, max(from_seq) AS since,
               CASE right(string_agg(letter, '' ORDER BY from_seq), 1) WHEN 'E' THEN 'zh' ELSE 'en' END AS language
          FROM changes GROUP BY thing_id, name
        HAVING regexp_replace(string_agg(letter, '' ORDER BY from_seq), '^(.*B)?(E+Z|Z+E)*', '') <> ''
    )
    SELECT coalesce(e.record_id, a.record_id, p.id), p.id || ' ' || b.name || '_' || b.language || ' ' || b.since,
           jsonb_build_object('ref', p.ref, 'field', b.name || '_' || b.language, 'version', b.since,
                              'text_en', d.body ->> (b.name || '_en'), 'text_zh', d.body ->> (b.name || '_zh'))
      FROM behind b
      JOIN publishing_publishable p ON p.id = b.thing_id
      JOIN publishing_document d ON d.thing_id = b.thing_id AND d.until_seq IS NULL
      LEFT JOIN tracking_evidence e ON e.publishable_ptr_id = p.id
      LEFT JOIN tracking_response a ON a.publishable_ptr_id = p.id
     WHERE d.body ->> (b.name || '_en') <> '' AND d.body ->> (b.name || '_zh') <> ''
"""


def find_uncited_sources(*, now: datetime) -> int:
    """Write a finding for each public source that nothing has cited for 30 days since it was published.

    Passages, evidence and responses cite a source, and everything that names it among its sources. Returns how many
    are new.
    """
    published = LedgerEntry.objects.filter(ref=OuterRef("ref")).order_by("-seq").values("recorded_at")[:1]
    uncited = Source.objects.public().filter(
        ~Exists(Evidence.objects.filter(source=OuterRef("pk"))),
        ~Exists(Response.objects.filter(source=OuterRef("pk"))),
        ~Exists(Passage.objects.filter(source=OuterRef("pk"))),
        cited_by=None,
        shows_taking_up=None,
    )
    kind = FindingKind.SOURCE_UNCITED
    due = uncited.alias(published_at=Subquery(published)).filter(published_at__lte=now - UNCITED_FOR)
    found = write_findings(kind=kind, noticed=_sources(due), now=now)
    lapse_findings_unless(kind=kind, stands=_sources(uncited), now=now)
    return found


def _sources(sources: QuerySet[Source]) -> Noticed:
    return Noticed.among(sources, fingerprint=Value(""), title="title", url="url")
