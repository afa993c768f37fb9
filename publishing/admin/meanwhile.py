"""Two people at the same form: whoever saves second sees what the first one saved, and loses nothing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from publishing.admin.edits import edits_of


class Difference(NamedTuple):
    """A field that was saved by somebody else while this form was open; `kept` when what was typed here stays in it."""

    label: str
    opened: str
    stored: str
    typed: str
    kept: bool


class LastSave(NamedTuple):
    at: datetime
    by: User | None


def last_save(row: models.Model) -> LastSave | None:
    """Return when a row was saved last and by whom; nobody for what a command or a job did."""
    saves = [LastSave(edit.at, edit.by) for edit in edits_of(row)[:1]]
    kind = ContentType.objects.get_for_model(row)
    logged = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk)).select_related("user")
    saves += [LastSave(entry.action_time, entry.user) for entry in logged.order_by("-action_time", "-pk")[:1]]
    return max(saves, key=lambda save: save.at, default=None)


class OpenedChoices(forms.MultipleHiddenInput):
    """The choices that a page was opened with. An empty value stands for none, which Django would leave out."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, value or [""], attrs)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [value for value in super().value_from_datadict(data, files, name) or () if value]


class SeesMeanwhile(forms.BaseForm):
    """Mixed into a form of something stored, which calls `watch` when it is made and `compare` at the end of `clean`.

    The page carries each field's value as it was opened, in Django's hidden initial values. A value that is stored now
    and was not opened was saved in between: where nothing else was typed it is taken over, elsewhere what was typed
    stays and both are shown. The save is refused once, so that somebody looks.
    """

    differences: list[Difference]
    saved_last: LastSave | None = None

    def watch(self, names: Iterable[str]) -> None:
        """Have the page carry the values of these fields."""
        self.differences = []
        for name in names:
            field = self.fields[name]
            field.show_hidden_initial = True
            if isinstance(field, forms.ModelMultipleChoiceField):
                field.hidden_widget = OpenedChoices

    def compare(self, stored_in: models.Model) -> None:
        """Find what was saved meanwhile, refuse the save because of it, and go on from what is stored now.

        A request that carries no opened values, such as one of a program, is not compared.
        """
        if not any(key.startswith(self.add_initial_prefix("")) for key in self.data):
            return
        sent: Any = self.data
        data = sent.copy()
        for name, field in self.fields.items():
            if field.show_hidden_initial and not field.disabled:
                self._compare_field(name, field, data)
        if self.differences:
            self.data = data
            self.saved_last = last_save(stored_in)
            self.add_error(
                None,
                forms.ValidationError(
                    gettext_lazy("Somebody saved this while you had it open. Look at what differs, then save again."),
                    code="saved_meanwhile",
                ),
            )

    def _compare_field(self, name: str, field: forms.Field, data: Any) -> None:
        bound, hidden = self[name], field.hidden_widget()
        opened = hidden.value_from_datadict(self.data, self.files, bound.html_initial_name)
        stored = self.get_initial_for_field(field, name)
        if _same(field, stored, opened):
            return
        kept = name in self.changed_data and not _same(field, stored, bound.data)
        if name in self.changed_data and not kept:
            _put(data, bound.html_initial_name, field.prepare_value(stored))
            return
        was, stands, typed = (shown_value(field, value) for value in (opened, stored, bound.data))
        self.differences.append(Difference(str(bound.label), was, stands, typed, kept))
        _put(data, bound.html_initial_name, field.prepare_value(stored))
        if not kept:
            box = isinstance(field.widget, forms.CheckboxInput)
            _put(data, bound.html_name, (["on"] if stored else []) if box else field.prepare_value(stored))


def shown_value(field: Any, value: Any) -> str:
    """Return a field's value, stored or as a form sends it, as people read it."""
    value = field.prepare_value(value)
    if isinstance(field, forms.BooleanField):
        return _("yes") if field.to_python(value) else _("no")
    if isinstance(field, forms.ModelChoiceField):
        keys = value if isinstance(value, list | tuple) else [value]
        choices: Any = field.queryset
        chosen = choices.filter(pk__in=[key for key in keys if str(key).isdigit()]).order_by("pk")
        return ", ".join(str(row) for row in chosen) or "–"
    if isinstance(field, forms.ChoiceField):
        known: Any = field.choices
        value = next((label for code, label in known if str(code) == str(value)), value)
    return str(value) if value not in (None, "") else "–"


def _same(field: forms.Field, stored: Any, sent: Any) -> bool:
    """Whether a sent value is what is stored, however browsers write line ends."""
    if isinstance(stored, str) and isinstance(sent, str):
        return "\n".join(stored.strip().splitlines()) == "\n".join(sent.strip().splitlines())
    return not field.has_changed(stored, sent)


def _put(data: Any, name: str, value: Any) -> None:
    many = isinstance(value, list | tuple | models.QuerySet)
    data.setlist(name, [str(one) for one in value] if many else ["" if value is None else str(value)])


class WatchedForm(SeesMeanwhile, forms.ModelForm):
    """The form of a row that others may save at the same time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.watch(name for name in self.fields if self.instance.pk and name in self.initial)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk:
            self.compare(self.instance)
        return cleaned
