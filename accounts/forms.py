"""The forms of the door: name and password, a code, a link by mail."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import PasswordResetForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from accounts.actions import AccountError, ask_for_password_link
from accounts.models import User

TOO_MANY_TRIES = _("Too many failed tries. Wait a quarter of an hour, or ask an administrator.")

# Stands on Django's page, whose Chinese catalogue lacks it.
gettext_noop("Forgotten your login credentials?")


class LogInForm(AdminAuthenticationForm):
    def get_invalid_login_error(self) -> ValidationError:
        if self.request is not None and "locked_out" in vars(self.request):
            return ValidationError(TOO_MANY_TRIES, code="locked_out")
        return super().get_invalid_login_error()


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "off", "spellcheck": "false"}
        ),
    )


class LinkForm(PasswordResetForm):
    """Asks for a link to choose a password. The answer is the same whether there is such an account or not."""

    def save(self, *args: Any, **options: Any) -> None:
        for account in User.objects.filter(email__iexact=self.cleaned_data["email"], is_active=True, is_staff=True):
            try:
                ask_for_password_link(account=account, now=timezone.now())
            except AccountError:
                continue
