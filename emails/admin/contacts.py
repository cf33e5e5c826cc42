"""The ledger of contacts: who was to get what, when, and why not. Nobody writes it by hand."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import NotWrittenByHand, TenantModelAdmin
from accounts.models import Client
from emails.admin.outbox import BoundedPaginator
from emails.kinds import KINDS, title_of
from emails.models import Contact, OutboxEmail

Status = Contact.Status
COLOURS = {
    Status.PLANNED: "info",
    Status.SENT: "success",
    Status.SKIPPED: "",
    Status.FAILED: "danger",
    Status.UNCERTAIN: "danger",
}
LONGEST_NAME = 60


class StatusFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return Status.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        status = self.value()
        if not status or status == Status.SKIPPED:
            return queryset.filter(status=status) if status else queryset
        # Only what was skipped has a reason: told so, the database finds the few at once by its index.
        return queryset.filter(status=status, reason="")


class ReasonFilter(admin.SimpleListFilter):
    title = _("why not")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return Contact.Reason.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        return queryset.filter(status=Status.SKIPPED, reason=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """By what is declared: which kinds there are among millions of rows is not asked."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.name, kind.title) for kind in KINDS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(Contact)
class ContactAdmin(NotWrittenByHand, TenantModelAdmin):
    list_display = ("decided_at", "who", "message", "state", "why_not", "due_at", "settled_at", "organization")
    list_filter = (StatusFilter, ReasonFilter, KindFilter, "channel")
    list_select_related = ("client", "organization")
    list_per_page = 50
    paginator = BoundedPaginator
    # The fields only say that there is a search: what it does stands below.
    search_fields = ("client__external_id",)
    search_help_text = _("A client's external id or address, in full")
    # The newest first, by the index. Any other order would read and sort all there ever was.
    ordering = ("-id",)
    sortable_by = ()
    readonly_fields = ("organization", "whose", "message", "category", "priority", "is_budgeted", "key", "status",
                       "reason", "decided_at", "due_at", "settled_at", "mails")  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        whose = ("whose", "organization") if request.user.is_superuser else ("whose",)
        return [
            (None, {"fields": [whose, "message", ("status", "reason")]}),
            (_("When"), {"fields": [("decided_at", "due_at", "settled_at"), "mails"]}),
            (_("Rank"), {"fields": [("category", "priority", "is_budgeted"), "key"]}),
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        clients = Client.objects.alias(address=Lower("email"))
        by_id = clients.filter(external_id=term).values_list("pk", flat=True)
        by_address = clients.filter(address=term.lower()).values_list("pk", flat=True)
        return queryset.filter(client__in=[*by_id, *by_address[: self.list_per_page]]), False

    @display(description=_("client"))
    def who(self, contact: Contact) -> str:
        return Truncator(str(contact.client)).chars(LONGEST_NAME)

    @display(description=_("message"))
    def message(self, contact: Contact) -> str:
        title = title_of(contact.kind)
        by_mail = contact.channel == Contact.Channel.EMAIL
        return title if by_mail else f"{title} ({contact.get_channel_display()})"

    @display(description=_("state"), label=COLOURS)
    def state(self, contact: Contact) -> tuple[str, str]:
        return contact.status, contact.get_status_display()

    @display(description=_("why not"))
    def why_not(self, contact: Contact) -> str:
        return contact.get_reason_display()

    @display(description=_("client"))
    def whose(self, contact: Contact) -> SafeString:
        page = reverse("admin:accounts_client_change", args=[contact.client_id])
        return format_html('<a class="text-primary-600" href="{}">{}</a>', page, contact.client)

    @display(description=_("mail"))
    def mails(self, contact: Contact) -> SafeString:
        found = OutboxEmail.objects.filter(client=contact.client_id, contact=contact).order_by("pk")
        rows = found.values_list("pk", "subject")
        pages = ((reverse("admin:emails_outboxemail_change", args=[pk]), subject) for pk, subject in rows)
        return format_html_join(" ", '<a class="text-primary-600" href="{}">{}</a>', pages)
