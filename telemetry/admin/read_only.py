from typing import Any

from accounts.admin_access import NotWrittenByHand, TenantModelAdmin


class ReadOnlyAdmin(NotWrittenByHand, TenantModelAdmin):
    """Every field is shown and none can be changed, also not for many rows at once."""

    actions: Any = None
