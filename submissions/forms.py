"""What a sender fills in, on a page or as JSON."""

from django import forms
from django.core.validators import MinLengthValidator, URLValidator
from django.utils.translation import gettext_lazy as _

from publishing.models import REF_PATTERN
from submissions.models import SubmissionKind

LONGEST_TEXT = 4000
SHORTEST_TEXT = 10
LONGEST_URL = 1000


class SendForm(forms.Form):
    """Evidence needs an address on the web where it can be read. Nothing is fetched from it."""

    record = forms.RegexField(rf"^{REF_PATTERN}\Z", label=_("Record"), max_length=250)
    kind = forms.ChoiceField(label=_("What is it?"), choices=SubmissionKind)
    text = forms.CharField(
        label=_("What should we know?"), max_length=LONGEST_TEXT, validators=[MinLengthValidator(SHORTEST_TEXT)]
    )
    url = forms.CharField(
        label=_("Where can it be read?"),
        required=False,
        max_length=LONGEST_URL,
        validators=[URLValidator(schemes=["http", "https"])],
    )
    email = forms.EmailField(label=_("E-mail address"), required=False, max_length=254)

    def clean(self) -> None:
        if self.cleaned_data.get("kind") == SubmissionKind.EVIDENCE and "url" in self.cleaned_data:
            if not self.cleaned_data["url"]:
                self.add_error("url", _("Evidence needs the address of a page where it can be read."))


class PageForm(SendForm):
    """The same with a field that nobody sees: what fills it in is a program."""

    website = forms.CharField(required=False)

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Leave this field empty."))
        return ""
