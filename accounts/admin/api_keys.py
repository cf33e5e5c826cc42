from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.admin.shown_once import show_once
from accounts.admin_access import OPERATORS_ONLY, OWNERS, TenantModelAdmin
from accounts.admin_audit import AuditedAdmin, changes_of
from accounts.api_keys import create_api_key, revoke_api_key
from accounts.models import ApiKey, Organization


class OriginsField(forms.CharField):
    """Web origins, one a line, kept as a list of scheme://host[:port]."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [_origin(each) for each in (super().to_python(value) or "").split()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial or []) != (data or "").split()


def _origin(text: str) -> str:
    parts = urlsplit(text.lower())
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ValidationError(gettext("%(text)s is no web origin such as https://app.example.com.") % {"text": text})
    return f"{parts.scheme}://{parts.netloc}"


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    allowed_origins = OriginsField(
        label=_("Allowed origins"),
        required=False,
        help_text=_("Web origins that may send with this key, one a line. Empty: any."),
    )

    class Meta:
        model = ApiKey
        fields = ("organization", "kind", "name", "allowed_origins")


@admin.register(ApiKey)
class ApiKeyAdmin(AuditedAdmin, TenantModelAdmin):
    audit_noun = "api_key"
    form = ApiKeyForm
    viewers = adders = changers = OWNERS
    deleters = OPERATORS_ONLY
    list_display = ("name", "kind", "begins_with", "state", "last_used_at", "created_at", "organization")
    list_filter = ("kind", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("name", "prefix")
    ordering = ("-id",)
    fields = ("organization", "kind", "name", "allowed_origins")
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        told = ("begins_with", "created_at", "created_by", "last_used_at", "revoked_at", "revoked_by")
        fields = self.fields if obj is None else self.fields + told
        return [name for name in fields if name != "organization" or request.user.is_superuser]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        told = ("begins_with", "created_at", "created_by", "last_used_at", "revoked_at", "revoked_by")
        return () if obj is None else ("organization", "kind", *told)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            ApiKey.objects.filter(pk=obj.pk).update(name=obj.name, allowed_origins=obj.allowed_origins)
            self.audit(request, obj, verb="changed", changes=changes_of(form))
            return
        if not request.user.is_superuser:
            obj.organization = Organization.objects.get(pk=request.seat.organization_id)  # type: ignore[attr-defined]
        made = create_api_key(
            obj.organization,
            kind=ApiKey.Kind(obj.kind),
            name=obj.name,
            created_by=request.user,  # type: ignore[arg-type]
            allowed_origins=obj.allowed_origins,
        )
        obj.pk = made.key.pk
        obj.prefix = made.key.prefix
        # Only for the answer to this request.
        request.new_secret = made.secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        return show_once(
            request,
            title=gettext("Your new key"),
            value=request.new_secret,  # type: ignore[attr-defined]
            explanation=gettext("Copy it now. Only its hash is kept, so nobody can show it again."),
            next_url=reverse("admin:accounts_apikey_changelist"),
        )

    @admin.action(description=_("Revoke the chosen keys"), permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: Any) -> None:
        now = timezone.now()
        keys = chosen.select_related("organization")
        revoked = sum(revoke_api_key(key, revoked_by=request.user, at=now) for key in keys)  # type: ignore[arg-type]
        text = ngettext("%d key is revoked and works no more.", "%d keys are revoked and work no more.", revoked)
        self.message_user(request, text % revoked, messages.SUCCESS)

    @display(description=_("begins with"))
    def begins_with(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @display(description=_("state"), label={"revoked": "danger", "works": "success"}, ordering="revoked_at")
    def state(self, key: ApiKey) -> tuple[str, str]:
        return ("revoked", gettext("Revoked")) if key.revoked_at else ("works", gettext("Works"))
