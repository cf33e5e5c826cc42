"""The clients' pages of the admin. They stand here because they show scores and activity beside the client."""

from datetime import date
from typing import Any
from urllib.parse import quote

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractUser
from django.db.models import Exists, Max, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.views import ChangeList

from accounts.admin.shown_once import show_once
from accounts.admin_access import TenantModelAdmin
from accounts.audit import record_audit
from accounts.logins import belongs_to, client_login, password_link
from accounts.models import Client, Organization, User
from success.admin.churn_links import MOST_MARKED, to_mark_churned
from success.admin.feedback_links import NotDueError, hand_out_link, not_due_text, show_link
from success.admin.mail_preview import show_weekly_mail
from success.client_access.admin_invitations import MOST_AT_ONCE, invite_many, invite_one, reason
from success.client_access.invitations import UnableToInviteError
from success.client_changes import without_personal_data
from success.models import Score
from success.scores import Standing, Trend, standing
from telemetry.models import ClientActivity
from telemetry.staff_facts import TRAIT_OF_FIELD, note_staff_facts

MONDAY = 1
BAND_COLOURS = {"excellent": "success", "good": "info", "attention": "warning", "at_risk": "danger"}
STATUS_COLOURS = {"active": "success", "paused": "warning", "archived": ""}
ARROWS = {Trend.RISING: "▲", Trend.STABLE: "■", Trend.DECLINING: "▼"}


class ClientList(ChangeList):  # type: ignore[misc]
    """Reads the newest scores of the clients on the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: list[Any] = list(self.result_list)
        scores = Score.objects.with_comparison().in_bulk(
            [client.newest_score for client in self.result_list if client.newest_score]
        )
        for client in self.result_list:
            score = scores.get(client.newest_score)
            client.standing = standing(score) if score else None


class BandFilter(admin.SimpleListFilter):
    title = _("band, newest week")
    parameter_name = "band"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Score.Band.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Client]) -> QuerySet[Client]:
        if self.value() not in Score.Band.values:
            return queryset
        week = newest_week()
        if week is None:
            return queryset.none()
        of_week = Score.objects.filter(
            organization=OuterRef("organization"), client=OuterRef("pk"), period_end=week, band=self.value()
        )
        return queryset.filter(Exists(of_week))


def newest_week() -> date | None:
    """The newest Monday with scores in the organizations that the request may see."""
    weeks = Score.objects.filter(organization=OuterRef("pk"), period_end__iso_week_day=MONDAY).order_by("-period_end")
    found: date | None = Organization.objects.annotate(
        newest_week=Subquery(weeks.values("period_end")[:1]),
    ).aggregate(newest=Max("newest_week"))["newest"]
    return found


@admin.register(Client)
class ClientAdmin(TenantModelAdmin):
    list_display = ("client", "external_id", "email", "status_label", "last_activity", "score", "trend", "organization")
    list_display_links = ("client",)
    list_filter = ("status", BandFilter)
    list_select_related = ("organization",)
    list_per_page = 50
    search_fields = ("name", "email", "external_id")
    search_help_text = _("Search by name, email or external id")
    ordering = ("-id",)
    fields = ("organization", "external_id", "name", "email", "status", "signed_up_at", "login", "created_at")
    actions = ("invite_chosen", "pause", "archive", "activate", "mark_as_churned")
    actions_detail = ("preview_weekly_mail", "show_consent", "record_consent", "mark_one_as_churned")
    actions_submit_line = ("invite", "give_login", "copy_feedback_link")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ClientList]:
        return ClientList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        of_client = {"organization": OuterRef("organization"), "client": OuterRef("pk")}
        clients: QuerySet[Client] = super().get_queryset(request)
        return clients.filter(merged_into=None).annotate(
            newest_score=Subquery(Score.objects.filter(**of_client).order_by("-period_end").values("pk")[:1]),
            last_at=Subquery(ClientActivity.objects.filter(**of_client).values("last_at")[:1]),
        )

    def get_fields(self, request: HttpRequest, obj: Client | None = None) -> list[str]:
        hidden = set() if obj else {"login", "created_at"}
        if not request.user.is_superuser:
            hidden.add("organization")
        return [name for name in self.fields if name not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return ("organization", "external_id", "login", "created_at") if obj else ()

    def save_model(self, request: HttpRequest, obj: Client, form: Any, change: bool) -> None:
        if change:
            # Only what was changed here: applications may be changing the rest at this moment.
            changed = [name for name in form.changed_data if name in form.cleaned_data]
            obj.save(update_fields=changed)
            if changed:
                _audit(request, "client.changed", obj, without_personal_data(changed, form.initial, form.cleaned_data))
        else:
            super().save_model(request, obj, form, change)
            _audit(request, "client.created", obj, {})
        facts = {name: form.cleaned_data[name] for name in TRAIT_OF_FIELD if name in form.changed_data}
        note_staff_facts(obj, facts, at=timezone.now())
        if change:
            self._run_buttons(request, obj)

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        client = self.get_object(request, str(object_id)) if object_id else None
        if client is None:
            return []
        buttons: list[Any] = super().get_actions_submit_line(request, object_id)
        if client.user and not belongs_to(client.user, client.organization_id):
            return buttons[-1:]
        if client.user_id:
            buttons[0].description = gettext("Invite again")
            buttons[1].description = gettext("New password link")
        return buttons

    def response_change(self, request: HttpRequest, obj: Client) -> HttpResponse:
        if path := getattr(request, "feedback_link", None):
            return show_link(request, obj, path)
        user: AbstractUser | None = getattr(request, "given_login", None)
        if user is None:
            response: HttpResponse = super().response_change(request, obj)
            return response
        return show_once(
            request,
            title=gettext("Password link for %(client)s") % {"client": obj},
            value=request.build_absolute_uri(password_link(user)),  # type: ignore[arg-type]
            explanation=gettext(
                "User name: %(name)s. Give the link to this client alone: it lets them choose a password, once,"
                " in three days."
            )
            % {"name": user.get_username()},
            next_url=reverse("admin:accounts_client_change", args=[obj.pk]),
        )

    @action(description=_("Create login"), permissions=["change"])
    def give_login(self, request: HttpRequest, client: Client) -> None:
        request.given_login = client_login(client, actor=request.user)  # type: ignore[attr-defined,arg-type]

    @action(description=_("Invite"), permissions=["change"])
    def invite(self, request: HttpRequest, client: Client) -> None:
        try:
            self.message_user(request, invite_one(request, client), messages.SUCCESS)
        except UnableToInviteError as error:
            self.message_user(request, reason(error), messages.ERROR)

    @admin.action(description=_("Invite the chosen clients"), permissions=["change"])
    def invite_chosen(self, request: HttpRequest, chosen: QuerySet[Client]) -> None:
        clients = list(chosen[: MOST_AT_ONCE + 1])
        if len(clients) > MOST_AT_ONCE:
            self.message_user(request, gettext("Choose %d clients at most.") % MOST_AT_ONCE, messages.ERROR)
            return
        self.message_user(request, invite_many(request, clients), messages.SUCCESS)

    @action(description=_("Copy feedback link"), permissions=["change"])
    def copy_feedback_link(self, request: HttpRequest, client: Client) -> None:
        try:
            request.feedback_link = hand_out_link(request, client)  # type: ignore[attr-defined]
        except NotDueError:
            self.message_user(request, not_due_text(), messages.WARNING)

    @admin.action(description=_("Pause the chosen clients"), permissions=["change"])
    def pause(self, request: HttpRequest, chosen: QuerySet[Client]) -> None:
        self._set_status(request, chosen, Client.Status.PAUSED)

    @admin.action(description=_("Archive the chosen clients"), permissions=["change"])
    def archive(self, request: HttpRequest, chosen: QuerySet[Client]) -> None:
        self._set_status(request, chosen, Client.Status.ARCHIVED)

    @admin.action(description=_("Make the chosen clients active"), permissions=["change"])
    def activate(self, request: HttpRequest, chosen: QuerySet[Client]) -> None:
        self._set_status(request, chosen, Client.Status.ACTIVE)

    @admin.action(description=_("Mark the chosen clients as churned"), permissions=["change"])
    def mark_as_churned(self, request: HttpRequest, chosen: QuerySet[Client]) -> HttpResponse:
        return to_mark_churned(list(chosen.values_list("pk", flat=True)[:MOST_MARKED]))

    @action(description=_("Mark as churned"), url_path="mark-as-churned", permissions=["change"])
    def mark_one_as_churned(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return to_mark_churned([object_id])

    @action(description=_("Preview the weekly mail"), url_path="weekly-mail", permissions=["view"])
    def preview_weekly_mail(self, request: HttpRequest, object_id: str) -> HttpResponse:
        client = self.get_object(request, object_id)
        if client is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        return show_weekly_mail(request, client, opts=self.opts)

    @action(description=_("Consent"), url_path="consent", permissions=["view"])
    def show_consent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(f"{reverse('admin:emails_consent_changelist')}?of={quote(object_id)}")

    @action(description=_("Record consent"), url_path="record-consent", permissions=["change"])
    def record_consent(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return redirect(f"{reverse('admin:emails_consent_add')}?client={quote(object_id)}")

    @display(description=_("client"), ordering="name")
    def client(self, client: Client) -> str:
        return str(client)

    @display(description=_("login"))
    def login(self, client: Client) -> str:
        return client.user.get_username() if client.user else "–"

    @display(description=_("status"), ordering="status", label=STATUS_COLOURS)
    def status_label(self, client: Client) -> tuple[str, str]:
        return client.status, client.get_status_display()

    @display(description=_("last activity"))
    def last_activity(self, client: Any) -> Any:
        return client.last_at

    @display(description=_("score"), label=BAND_COLOURS)
    def score(self, client: Any) -> tuple[str, str] | None:
        now: Standing | None = client.standing
        if now is None or now.score.overall is None:
            return None
        return now.score.band, f"{now.score.overall} {now.score.get_band_display()}".strip()

    @display(description=_("trend"))
    def trend(self, client: Any) -> str | None:
        now: Standing | None = client.standing
        if now is None or now.trend is None:
            return None
        return format_html("{}\u00a0{}", ARROWS[now.trend], f"{now.change:+d}")

    def _run_buttons(self, request: HttpRequest, client: Client) -> None:
        for button in self.get_actions_submit_line(request, client.pk):
            if button.action_name in request.POST:
                button.method(request, client)

    def _set_status(self, request: HttpRequest, chosen: QuerySet[Client], status: Client.Status) -> None:
        changed = [client for client in chosen.select_related("organization") if client.status != status]
        Client.objects.filter(pk__in=[client.pk for client in changed]).update(status=status)
        for client in changed:
            _audit(request, "client.status_changed", client, {"status": [client.status, status]})
        self.message_user(request, gettext("Changed: %d") % len(changed), messages.SUCCESS)


def _audit(request: HttpRequest, action: str, client: Client, changes: dict[str, Any]) -> None:
    actor: User = request.user  # type: ignore[assignment]
    record_audit(action, subject=client, organization=client.organization, actor=actor, changes=changes)
