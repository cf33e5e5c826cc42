"""What went out and what did not. Uncertain mails are settled here by somebody who looked."""

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin_access import NotWrittenByHand, TenantModelAdmin
from accounts.models import Client
from emails.admin.shown_mail import shown_html, shown_text
from emails.admin.timeline import Timeline
from emails.by_hand import send_again, settle_as_sent
from emails.kinds import KINDS, title_of
from emails.models import Contact, OutboxEmail

Emails = models.QuerySet[OutboxEmail]
Status = OutboxEmail.Status
MOST_COUNTED = 1_000
LONGEST_SHOWN = 60
LONGEST_UNBROKEN = 32
# Of a state without a colour the admin would show the code.
COLOURS = dict.fromkeys(Status, "default") | {
    Status.PENDING: "info",
    Status.CLAIMED: "info",
    Status.CALLING: "info",
    Status.SENT: "success",
    Status.FAILED: "danger",
    Status.UNCERTAIN: "danger",
    Status.RETRY: "warning",
}
NOT_FOR_CLIENTS = "notices"
BODY = ("text", "html", "headers", "links")


class BoundedPaginator(Paginator[Any]):
    """Counts no further than the pages that anybody turns to."""

    @cached_property
    def count(self) -> int:
        return cast("Emails", self.object_list).order_by()[:MOST_COUNTED].count()


class KindFilter(admin.SimpleListFilter):
    """By what is declared: which kinds there are among a million mails is not asked."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((kind.name, kind.title) for kind in KINDS.values()), (NOT_FOR_CLIENTS, _("Notices to staff"))]

    def queryset(self, request: HttpRequest, queryset: Emails) -> Emails:
        kind = self.value()
        if kind == NOT_FOR_CLIENTS:
            return queryset.exclude(kind__in=KINDS)
        return queryset.filter(kind=kind) if kind else queryset


@admin.register(OutboxEmail)
class OutboxEmailAdmin(NotWrittenByHand, TenantModelAdmin):
    """The texts of mails that give access are shown to nobody."""

    list_display = ("queued_at", "headline", "address", "kind_title", "state", "why", "sent_at", "organization")
    list_filter = ("status", KindFilter)
    list_per_page = 50
    paginator = BoundedPaginator
    search_fields = ("to_address",)
    search_help_text = _("An address, a client's external id, or the id of a mail, in full")
    ordering = ("-id",)
    # By anything else a million would be sorted.
    sortable_by = ()
    actions = ("it_was_sent", "send_it_again")
    inlines = (Timeline,)
    readonly_fields = (
        "organization", "client", "kind_title", "key", "to", "from_name", "subject", "status", "why", "attempt",
        "retries", "queued_at", "next_attempt_at", "valid_until", "sent_at", "provider", "provider_id", "uid",
        "doubtful_since", "shown", "plain",
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        whose = ("organization", "client") if request.user.is_superuser else ("client",)
        return [
            (None, {"fields": [whose, ("subject", "status"), ("to", "kind_title"), ("queued_at", "sent_at", "why")]}),
            (_("The mail"), {"fields": ["shown"], "classes": ["tab"]}),
            (_("Plain text"), {"fields": ["plain"], "classes": ["tab"]}),
            (
                _("Its way"),
                {
                    "fields": [
                        ("key", "from_name"), ("next_attempt_at", "valid_until"), ("attempt", "retries"),
                        ("provider", "provider_id"), ("uid", "doubtful_since"),
                    ],
                    "classes": ["tab"],
                },
            ),
        ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Emails:
        """Without the bodies, unless it is the page of one."""
        emails: Emails = super().get_queryset(request).select_related("organization", "client", "contact")
        match = request.resolver_match
        return emails if match and "object_id" in match.kwargs else emails.defer(*BODY)

    def get_search_results(self, request: HttpRequest, queryset: Emails, search_term: str) -> tuple[Emails, bool]:
        """What is found goes by one index, never by one condition or another."""
        term = search_term.strip()
        if not term:
            return queryset, False
        clients = list(Client.objects.filter(external_id=term).values_list("pk", flat=True))
        if clients:
            return queryset.filter(client__in=clients), False
        uid = _uid_in(term)
        if uid:
            return queryset.filter(uid=uid), False
        by_provider = queryset.filter(provider_id=term)
        return (by_provider if by_provider.exists() else queryset.filter(to_address=term)), False

    @display(description=_("subject"))
    def headline(self, email: OutboxEmail) -> str:
        return Truncator(email.subject).chars(LONGEST_SHOWN)

    @display(description=_("to"))
    def address(self, email: OutboxEmail) -> str:
        return Truncator(email.to_address).chars(LONGEST_UNBROKEN)

    @display(description=_("kind"))
    def kind_title(self, email: OutboxEmail) -> str:
        return title_of(email.kind) if email.kind in KINDS else email.kind.replace("_", " ").capitalize()

    @display(description=_("to"))
    def to(self, email: OutboxEmail) -> str:
        return f"{email.to_name} <{email.to_address}>" if email.to_name else email.to_address

    @display(description=_("state"), label=COLOURS)
    def state(self, email: OutboxEmail) -> tuple[str, str]:
        return email.status, email.get_status_display()

    @display(description=_("why"))
    def why(self, email: OutboxEmail) -> str:
        """What went wrong; of a mail that was not to go, for what reason."""
        reason = (email.contact and email.contact.reason) or email.error
        return str(Contact.Reason(reason).label) if reason in Contact.Reason.values else email.error

    @display(description="")
    def shown(self, email: OutboxEmail) -> str:
        return shown_html(email)

    @display(description="")
    def plain(self, email: OutboxEmail) -> str:
        return shown_text(email)

    @action(description=_("It was sent (settles uncertain mail)"))
    def it_was_sent(self, request: HttpRequest, queryset: Emails) -> None:
        settled = settle_as_sent(_ids(queryset), actor=request.user, now=timezone.now())  # type: ignore[arg-type]
        self._tell(request, settled, queryset)

    @action(description=_("Send again (failed or uncertain mail)"))
    def send_it_again(self, request: HttpRequest, queryset: Emails) -> None:
        sent = send_again(_ids(queryset), actor=request.user, now=timezone.now())  # type: ignore[arg-type]
        self._tell(request, sent, queryset)

    def _tell(self, request: HttpRequest, count: int, chosen: Emails) -> None:
        messages.success(request, ngettext("%d mail was changed.", "%d mails were changed.", count) % count)
        if count < chosen.count():
            messages.warning(request, gettext("The others were left as they are: their state is known."))


def _ids(queryset: Emails) -> list[int]:
    return list(queryset.values_list("pk", flat=True))


def _uid_in(term: str) -> UUID | None:
    """A mail's id, or a Message-ID with it."""
    try:
        return UUID(term.strip("<>").partition("@")[0])
    except ValueError:
        return None
