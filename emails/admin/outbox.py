from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from accounts.admin_access import OPERATORS_ONLY, NotWrittenByHand, TenantModelAdmin
from accounts.models import User
from emails.by_hand import send_again, settle_as_sent
from emails.models import OutboxEmail

LABELS = {
    OutboxEmail.Status.SENT: "success",
    OutboxEmail.Status.FAILED: "danger",
    OutboxEmail.Status.UNCERTAIN: "danger",
    OutboxEmail.Status.RETRY: "warning",
}


@admin.register(OutboxEmail)
class OutboxEmailAdmin(NotWrittenByHand, TenantModelAdmin):
    """What went out and what did not. Uncertain mails are settled here by somebody who looked."""

    viewers = OPERATORS_ONLY
    list_display = ("queued_at", "kind", "to_address", "subject", "state", "attempt", "sent_at", "organization")
    list_filter = ("status", "kind")
    list_select_related = ("organization",)
    search_fields = ("to_address", "subject")
    search_help_text = _("Search by address or subject")
    ordering = ("-id",)
    actions = ("it_was_sent", "send_it_again")
    fields = ("organization", "kind", "key", "to_address", "subject", "status", "attempt", "next_attempt_at",
              "queued_at", "sent_at", "error", "text")  # fmt: skip
    readonly_fields = fields

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if request.user.is_superuser else {}

    @display(description=_("state"), label=LABELS, ordering="status")
    def state(self, email: OutboxEmail) -> tuple[str, str]:
        return email.status, email.get_status_display()

    @action(description=_("It was sent (settle uncertain mail)"))
    def it_was_sent(self, request: HttpRequest, queryset: models.QuerySet[OutboxEmail]) -> None:
        self._tell(request, settle_as_sent(_ids(queryset), actor=_user(request), now=timezone.now()))

    @action(description=_("Send again (uncertain or failed mail)"))
    def send_it_again(self, request: HttpRequest, queryset: models.QuerySet[OutboxEmail]) -> None:
        self._tell(request, send_again(_ids(queryset), actor=_user(request), now=timezone.now()))

    def _tell(self, request: HttpRequest, count: int) -> None:
        messages.success(request, ngettext("%d mail was changed.", "%d mails were changed.", count) % count)


def _ids(queryset: models.QuerySet[OutboxEmail]) -> list[int]:
    return list(queryset.values_list("pk", flat=True))


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
