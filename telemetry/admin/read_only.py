from typing import Any

from django.db import models
from django.http import HttpRequest

from accounts.admin_access import TenantModelAdmin


class ReadOnlyAdmin(TenantModelAdmin):
    """Rows that nobody writes by hand: every field is shown and none can be changed."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
