"""What became of a mail, on the mail's own page."""

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.admin_access import NotWrittenByHand
from emails.models import MailActivity

Kind = MailActivity.Kind


class TellsOfActivity:
    """Columns that a mail's page and the list of all activity share."""

    @display(description=_("by"))
    def by(self, activity: MailActivity) -> str:
        """Who is behind it, where that is a question at all."""
        if activity.kind not in {Kind.OPENED, Kind.CLICKED}:
            return ""
        if activity.is_automatic:
            return str(_("a machine")) + (f": {activity.detail}" if activity.detail else "")
        return str(_("probably a person")) + (f" ({activity.detail})" if activity.detail else "")

    @display(description=_("about"))
    def about(self, activity: MailActivity) -> str:
        """The link, or what the provider said."""
        said = activity.link if activity.kind in {Kind.OPENED, Kind.CLICKED} else activity.detail
        return format_html('<span style="overflow-wrap: anywhere; white-space: normal">{}</span>', said) if said else ""


class Timeline(TellsOfActivity, NotWrittenByHand, TabularInline):  # type: ignore[misc]
    """Oldest first. Everything that is known: a mail has a bounded number of rows."""

    model = MailActivity
    verbose_name = _("event")
    verbose_name_plural = _("What became of it")
    tab = True
    hide_title = True
    extra = 0
    ordering = ("at", "id")
    fields = ("at", "kind", "by", "about", "source")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return True  # To whoever may see the mail.

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        return rows.defer("event_key")
