"""Contact policies in the admin: versions that say in a sentence what they mean."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_versions import VersionedAdmin, organization_asked_for, organization_of
from accounts.models import Organization
from emails.contacts.policies import VALUES, create_policy, policy_in_force, sentence_of
from emails.models import ContactPolicy


class ContactPolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = ContactPolicy
        fields = ("organization", "note", *VALUES)


@admin.register(ContactPolicy)
class ContactPolicyAdmin(VersionedAdmin):
    form = ContactPolicyForm
    values = VALUES
    list_display = ("name", "meaning", "changed", "note", "created_by", "created_at", "organization")
    list_select_related = ("organization", "created_by")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("organization", "note")}),
        (
            _("How often"),
            {
                "fields": ("weekly_cap",),
                "description": _(
                    "Of all messages to a client, on every channel, in a calendar week of theirs. Account mail, such as"
                    " a forgotten password, does not count. What is more important takes the place of what still waits."
                ),
            },
        ),
        (
            _("When"),
            {
                "fields": (("send_from_hour", "send_until_hour"), "business_days_only"),
                "description": _("In the client's timezone. What falls into quiet hours waits for their end."),
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        (title, first), *rest = super().get_fieldsets(request, obj)
        told = sentence_of(obj) if obj else gettext("In force now: %s") % sentence_of(_in_force(request))
        return ((title, first | {"description": told}), *rest)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What is in force."""
        organization, policy = organization_asked_for(request), _in_force(request)
        return {name: getattr(policy, name) for name in VALUES} | {
            "organization": organization.pk if organization else None
        }

    @display(description=_("meaning"))
    def meaning(self, policy: ContactPolicy) -> str:
        return sentence_of(policy)

    def save_model(self, request: HttpRequest, obj: ContactPolicy, form: Any, change: bool) -> None:
        created = create_policy(
            organization_of(request, form.cleaned_data),
            created_by=request.user,  # type: ignore[arg-type]
            note=obj.note,
            **{name: getattr(obj, name) for name in VALUES},
        )
        obj.pk, obj.version, obj.organization = created.pk, created.version, created.organization


def _in_force(request: HttpRequest) -> ContactPolicy:
    organization: Organization | None = organization_asked_for(request)
    if organization:
        return policy_in_force(organization.pk)
    return ContactPolicy.objects.filter(organization=None).latest("version")
