"""What clients write to get in, and how they like to read."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import Client


class ForgottenPasswordForm(forms.Form):
    identifier = forms.CharField(max_length=254, strip=True)


def _languages() -> list[tuple[str, Any]]:
    return [("", _("As my browser asks for")), *settings.LANGUAGES]


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    language = forms.ChoiceField(choices=_languages, required=False)

    class Meta:
        model = Client
        fields = ("language", "timezone")
