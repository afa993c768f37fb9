"""The fields of the decide page."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from publishing import ledger
from publishing.admin.meanwhile import SeesMeanwhile
from publishing.dates import validate_partial_date
from publishing.models import PublicationState
from publishing.refs import free_ref, ref_from
from sources.models import Language, Source, SourceKind, validate_web_address
from tracking.admin.showing import evidence_in_full, status_badge, what_was_seen
from tracking.models import Decision, Evidence, Finding, Record, Stance, StatusChange, StatusChangeKind

TEXT = {"rows": 3, "class": "vLargeTextField"}


class EvidenceChoice(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> SafeString:
        return evidence_in_full(obj)


class FindingChoice(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> SafeString:
        suggested = (
            format_html("<br>{} {}", _("Suggested:"), status_badge(obj.suggested_status))
            if obj.suggested_status
            else ""
        )
        return format_html(
            "<strong>{}</strong>, {}<br>{}{}",
            obj.get_kind_display(),
            obj.found_at.date().isoformat(),
            what_was_seen(obj),
            suggested,
        )


class ChangeChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} · {obj.ref}"


class DecideForm(SeesMeanwhile, forms.Form):
    """What is decided. `record` is the one it is about, `today` the day in UTC, `asked` the page's own parameters.

    `decision` is the stored one that is changed, if any. `draft` asks for no more than what a draft needs.
    """

    status = forms.ChoiceField(label=_("New status"), widget=forms.RadioSelect)
    effective_on = forms.DateField(
        label=_("Holds from"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("The day (UTC) from which this is true; not a day to come."),
    )
    reason_en = forms.CharField(label=_("Reason (English)"), required=False, widget=forms.Textarea(attrs=TEXT))
    reason_zh = forms.CharField(label=_("Reason (Chinese)"), required=False, widget=forms.Textarea(attrs=TEXT))
    evidence = EvidenceChoice(label=_("Evidence that it stands on"), queryset=Evidence.objects.none(), required=False)
    findings = FindingChoice(
        label=_("Findings that this decision settles"), queryset=Finding.objects.none(), required=False
    )
    kind = forms.ChoiceField(
        label=_("Why is it decided?"),
        choices=[
            (StatusChangeKind.ASSESSMENT, _("Assessment: something happened, was found, or was looked at anew")),
            (StatusChangeKind.CORRECTION, _("Correction: we were wrong; name the change and say what was wrong")),
            (
                StatusChangeKind.REVISION,
                _("Revision: nothing was wrong, the method changed; say how in the reason"),
            ),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    supersedes = ChangeChoice(
        label=_("Which change does it correct?"),
        queryset=StatusChange.objects.none(),
        required=False,
        empty_label=_("None, it is no correction"),
        help_text=_("Choose the earlier change that was wrong. What holds now but did not then is no correction."),
    )
    was_wrong_en = forms.CharField(
        label=_("What was wrong (English)"), required=False, widget=forms.Textarea(attrs=TEXT)
    )
    was_wrong_zh = forms.CharField(
        label=_("What was wrong (Chinese)"), required=False, widget=forms.Textarea(attrs=TEXT)
    )
    publish_not_before = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        help_text=_("Until then nobody can approve it, so that whom it is about can answer first."),
    )
    told_on = forms.DateField(
        label=_("They were told on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    told_how = forms.CharField(
        label=_("How they were told"),
        required=False,
        widget=forms.Textarea(attrs=TEXT),
        help_text=_("For colleagues: to whom, by which way, what was asked. It is never public."),
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(
        self,
        data: Any,
        *,
        record: Record,
        today: date,
        asked: Mapping[str, str],
        decision: Decision | None = None,
        draft: bool = False,
    ) -> None:
        super().__init__(data)
        self.decision = decision
        self.draft = draft
        self.today = today
        fields: dict[str, Any] = self.fields
        # Like all times of the admin, it is typed in the zone of whoever types it.
        fields["publish_not_before"].label = _("Not public before (%(zone)s)") % {
            "zone": timezone.get_current_timezone_name()
        }
        fields["status"].choices = [
            (
                status.code,
                format_html("{} <span class='definition'>{}</span>", status_badge(status.code), status.definition),
            )
            for status in record.possible_statuses
        ]
        findings = record.findings.filter(pk__in=Finding.objects.open()).order_by("found_at", "pk")
        fields["findings"].queryset = findings
        fields["evidence"].queryset = citable_evidence(record)
        fields["supersedes"].queryset = record.status_changes.filter(seq__isnull=False, superseded_by=None).order_by(
            "-seq"
        )
        if draft:
            fields["status"].required = fields["effective_on"].required = False
        if decision is not None:
            stored = [name for name in fields if name not in ("evidence", "findings", "based_on")]
            self.initial = model_to_dict(decision, fields=[*stored, "evidence", "findings", "based_on"])
            self.watch([*stored, "evidence"])
            return
        self.initial = {
            "effective_on": today,
            "based_on": ledger.head().seq,
            "findings": [asked["finding"]] if "finding" in asked else list(findings.values_list("pk", flat=True)),
            "supersedes": asked.get("correct"),
            "kind": StatusChangeKind.CORRECTION if "correct" in asked else StatusChangeKind.ASSESSMENT,
        }

    def clean_effective_on(self) -> date | None:
        day: date | None = self.cleaned_data["effective_on"]
        if day is not None and day > self.today:
            raise ValidationError(_("A status cannot hold from a day to come."), code="day_to_come")
        return day

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or StatusChangeKind.ASSESSMENT

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.draft:
            self._clean_reason(cleaned)
            self._clean_correction(cleaned)
        if bool(cleaned.get("told_on")) != bool(cleaned.get("told_how")) and "told_on" not in self.errors:
            self.add_error("told_on", _("Say when and how they were told, or leave both empty."))
        if self.decision is not None:
            self.compare(self.decision)
        return cleaned

    def _clean_reason(self, cleaned: dict[str, Any]) -> None:
        if not (cleaned.get("reason_en") or cleaned.get("reason_zh")):
            self.add_error("reason_en", _("Give a reason in English or Chinese."))

    def _clean_correction(self, cleaned: dict[str, Any]) -> None:
        wrong = cleaned.get("was_wrong_en") or cleaned.get("was_wrong_zh")
        if cleaned.get("kind") == StatusChangeKind.CORRECTION:
            if not cleaned.get("supersedes") and "supersedes" not in self.errors:
                self.add_error("supersedes", _("Choose the change that was wrong."))
            if not wrong:
                self.add_error("was_wrong_en", _("Say in English or Chinese what was wrong."))
        elif wrong or cleaned.get("supersedes"):
            self.add_error("kind", _("Choose “Correction”, or empty what was corrected and what was wrong."))


def citable_evidence(record: Record) -> QuerySet[Evidence]:
    """Return the evidence about a record that may be cited: drafts become public with the decision."""
    return (
        Evidence.objects.filter(record=record)
        .exclude(state=PublicationState.UNPUBLISHED)
        .select_related("source")
        .order_by("-observed_on", "ref")
    )


class LinkForm(forms.Form):
    """Evidence added by the address of its source. A source that is new needs a title, a kind and a language."""

    url = forms.URLField(
        label=_("Address of the source"),
        required=False,
        max_length=2000,
        assume_scheme="https",
        validators=[validate_web_address],
        widget=forms.URLInput(attrs={"class": "vURLField", "placeholder": "https://"}),
    )
    stance = forms.ChoiceField(
        label=_("How it bears on the record"), required=False, choices=[("", "–"), *Stance.choices]
    )
    observed_on = forms.CharField(
        label=_("Day of the fact that it shows"),
        required=False,
        max_length=10,
        validators=[validate_partial_date],
        help_text=_("2026-02-16, 2026-02 or 2026, as far as it is known."),
    )
    shows_en = forms.CharField(label=_("What it shows (English)"), required=False, widget=forms.Textarea(attrs=TEXT))
    shows_zh = forms.CharField(label=_("What it shows (Chinese)"), required=False, widget=forms.Textarea(attrs=TEXT))
    title = forms.CharField(
        label=_("Title of the source"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )
    publisher = forms.CharField(
        label=_("Publisher"), required=False, max_length=300, widget=forms.TextInput(attrs={"class": "vTextField"})
    )
    kind = forms.ChoiceField(
        label=_("Kind of source"),
        required=False,
        choices=[("", "–"), *(choice for choice in SourceKind.choices if choice[0] != SourceKind.DOCUMENT)],
    )
    lang = forms.ChoiceField(label=_("Its language"), required=False, choices=[("", "–"), *Language.choices])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source: Source | None = None

    @property
    def asks_for_source(self) -> bool:
        """Whether the fields of a new source have to be filled in, or were."""
        names = ("title", "publisher", "kind", "lang")
        return self.is_bound and any(self[name].value() or (self.errors and name in self.errors) for name in names)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.has_changed() or "url" in self.errors:
            return cleaned
        if not cleaned.get("url"):
            self.add_error("url", _("Give the address of the source, or empty the other fields."))
            return cleaned
        if not cleaned.get("stance"):
            self.add_error("stance", _("Say whether it supports, contradicts or is context."))
        if not cleaned.get("observed_on") and "observed_on" not in self.errors:
            self.add_error("observed_on", _("Give the day; for a page without one, the day on which you read it."))
        if not (cleaned.get("shows_en") or cleaned.get("shows_zh")):
            self.add_error("shows_en", _("Say in English or Chinese what it shows."))
        self.source = source_at(cleaned["url"])
        if self.source is None:
            for name in ("title", "kind", "lang"):
                if not cleaned.get(name):
                    self.add_error(name, _("This source is new to the tracker: fill this in."))
        elif self.source.state == PublicationState.UNPUBLISHED:
            self.add_error("url", _("This source was unpublished, so it cannot be cited."))
        return cleaned

    def write_evidence(self, *, record: Record, by: User, today: date) -> Evidence:
        """Make the evidence, and its source when that is new, as drafts; to be called on a valid, filled form."""
        given = self.cleaned_data
        # Looked for once more, because another row of the same form may have made it.
        source = self.source or source_at(given["url"])
        if source is None:
            source = Source(
                ref=free_ref(f"src-{ref_from(given['title']) or 'page'}"),
                url=given["url"],
                title=given["title"],
                publisher=given["publisher"],
                kind=given["kind"],
                lang=given["lang"],
                read_on=today,
                prepared_by=by,
            )
            source.save()
        evidence = Evidence(
            ref=free_ref(f"evd-{record.ref}"),
            record=record,
            source=source,
            stance=given["stance"],
            observed_on=given["observed_on"],
            shows_en=given["shows_en"],
            shows_zh=given["shows_zh"],
            prepared_by=by,
        )
        evidence.save()
        return evidence


LinkFormSet = forms.formset_factory(LinkForm, extra=1, max_num=10, absolute_max=10)


def source_at(url: str) -> Source | None:
    """Return the source with this address, whether it ends in a slash or not and whatever its fragment.

    A public one goes before a draft, an older one before a newer.
    """
    plain = url.partition("#")[0].rstrip("/")
    bare = plain.removeprefix("https://").removeprefix("http://")
    known = [f"{scheme}{bare}{end}" for scheme in ("https://", "http://") for end in ("", "/")]
    found = list(Source.objects.filter(url__in=[url, *known]).order_by("pk"))
    return min(found, key=lambda source: (not source.is_public, source.pk), default=None)
