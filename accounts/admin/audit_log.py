from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import OPERATORS_ONLY, OWNERS, NotWrittenByHand, TenantModelAdmin
from accounts.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(NotWrittenByHand, TenantModelAdmin):
    viewers = OWNERS
    adders = changers = OPERATORS_ONLY
    list_display = ("at", "actor", "action", "subject", "what_changed", "organization")
    list_display_links = ("at",)
    list_select_related = ("actor", "organization")
    search_fields = ("action", "subject", "actor__username")
    search_help_text = _("Search by action, subject or user name")
    readonly_fields = ("at", "organization", "actor", "action", "subject", "what_changed")
    fields = readonly_fields

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        # One organization's entries are read from an index by time, everybody's in the order of their ids.
        return ("-id",) if request.user.is_superuser else ("-at", "-id")

    @display(description=_("changes"))
    def what_changed(self, entry: AuditEntry) -> str:
        lines = ((name, _told(change)) for name, change in entry.changes.items())
        return format_html_join("", "<div>{}: {}</div>", lines)


def _told(change: Any) -> str:
    if isinstance(change, list) and len(change) == 2:
        return f"{_value(change[0])} → {_value(change[1])}"
    return _value(change)


def _value(value: Any) -> str:
    return "–" if value in (None, "", []) else str(value)
