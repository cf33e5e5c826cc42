from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts.admin_access import ForgivingList
from accounts.admin_audit import changes_of
from accounts.audit import record_audit
from accounts.models import User

RIGHTS = ("username", "is_active", "is_staff", "is_superuser")


@admin.register(User)
class UserAdmin(ForgivingList, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """All sign-ins of the installation, for operators. A user is made inactive, not deleted: the audit log names it."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_staff", "is_superuser", "last_login")
    list_filter = ("is_superuser", "is_staff", "is_active")
    ordering = ("username",)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changes = {name: values for name, values in changes_of(form).items() if name in RIGHTS}
        if changes or not change:
            record_audit(
                "user.changed" if change else "user.created",
                subject=obj,
                organization=None,
                actor=request.user,  # type: ignore[arg-type]
                changes=changes,
            )

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        if message and "password" in str(message).lower():
            record_audit("user.password_set", subject=obj, organization=None, actor=request.user)  # type: ignore[arg-type]
        return super().log_change(request, obj, message)

    @staticmethod
    def _is_operator(request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)
