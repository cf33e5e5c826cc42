"""What clients agreed to: what stands, every word that was said, and the form for what staff were told."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from accounts.admin_access import NotWrittenByHand, TenantModelAdmin
from accounts.audit import record_audit
from accounts.models import Client
from emails.admin.outbox import BoundedPaginator
from emails.categories import Category, Frequency
from emails.consent import history_of, preferences_of, record_consent
from emails.models import Consent, MailPreference
from emails.models.preferences import Source

LONGEST_NOTE = 1_000
WANTS = (("", "---------"), ("yes", _("wants it")), ("no", _("does not want it")))
COLOURS = {"yes": "success", "no": "danger"}


class WordForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a client told staff. That somebody agreed is entered only by who can say how they know."""

    wants = forms.ChoiceField(label=_("The client"), choices=WANTS, widget=UnfoldAdminSelectWidget)
    frequency = forms.ChoiceField(
        label=_("At most"),
        choices=[("", _("As before")), *Frequency.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    note = forms.CharField(
        label=_("How you know"),
        max_length=LONGEST_NOTE,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Such as a call, a letter or a signed form, and where to find it. Needed when the client agrees."),
    )

    class Meta:
        model = Consent
        fields = ("client", "category", "frequency", "at")

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("wants") == "yes" and not said.get("note"):
            self.add_error("note", _("Say how you know that the client agreed."))
        if said.get("at") and said["at"] > timezone.now():
            self.add_error("at", _("It has not come yet."))
        if not self.errors:
            self._check_known(said)
        return said

    def _check_known(self, said: dict[str, Any]) -> None:
        known = preferences_of(said["client"])[Category(said["category"])]
        if known is None:
            return
        is_same = known.is_agreed == (said["wants"] == "yes") and said["frequency"] in {"", known.frequency}
        if is_same:
            raise ValidationError(gettext("That is what is known already."))
        if said["at"] < max(known.changed_at, known.repeated_at or known.changed_at):
            self.add_error("at", _("The client has said something else since; the newest word counts."))


class OfClientFilter(admin.SimpleListFilter):
    """One client, chosen on its own page; with the words of those who turned out to be the same."""

    title = _("client")
    parameter_name = "of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        client = self._client(request)
        return [(str(client.pk), client)] if client else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Consent]) -> QuerySet[Consent]:
        client = self._client(request)
        return queryset.filter(Q(client=client) | Q(client__merged_into=client)) if client else queryset

    def _client(self, request: HttpRequest) -> Client | None:
        asked = request.GET.get(self.parameter_name, "")
        is_id = asked.isascii() and asked.isdecimal() and len(asked) < 19
        return Client.objects.filter(pk=int(asked)).first() if is_id else None


@admin.register(Consent)
class ConsentAdmin(TenantModelAdmin):
    """The log is only ever added to."""

    list_display = ("at", "client", "category", "wants", "frequency", "source", "actor", "organization")
    list_filter = (OfClientFilter, "category", "is_given", "source")
    list_select_related = ("client", "actor", "organization")
    list_per_page = 50
    paginator = BoundedPaginator
    search_fields = ("client__external_id", "client__name")
    search_help_text = _("Search by the client's name or external id")
    autocomplete_fields = ("client",)
    ordering = ("-id",)
    shown = ("client", "category", "wants", "frequency", "source", "actor", "at", "how")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else kwargs | {"form": WordForm}))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.shown if obj else ("client", "category", "wants", "frequency", "at", "note")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return self.shown if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        asked: dict[str, Any] = super().get_changeform_initial_data(request)
        return {"at": timezone.now(), "category": Category.WEEKLY} | asked

    def save_model(self, request: HttpRequest, obj: Consent, form: Any, change: bool) -> None:
        said, client = form.cleaned_data, form.cleaned_data["client"]
        category, is_given = Category(said["category"]), said["wants"] == "yes"
        before = preferences_of(client)[category]
        is_recorded = record_consent(
            client,
            category=category,
            is_given=is_given,
            frequency=Frequency(said["frequency"]) if said["frequency"] else None,
            source=Source.STAFF,
            at=said["at"],
            actor=request.user,  # type: ignore[arg-type]
            detail={"note": said["note"]} if said["note"] else {},
        )
        if is_recorded:
            _audit(request, client, category, before=before, is_given=is_given)
        else:
            self.message_user(request, gettext("The client has said something else meanwhile."), messages.WARNING)
        newest = history_of(client).filter(category=category).first()
        obj.pk, obj.organization_id = newest.pk if newest else None, client.organization_id

    @display(description=_("the client"), label=COLOURS, ordering="is_given")
    def wants(self, consent: Consent) -> tuple[str, Any]:
        return _wants(is_agreed=consent.is_given)

    @display(description=_("how it is known"))
    def how(self, consent: Consent) -> str:
        return ", ".join(f"{name}: {value}" for name, value in consent.detail.items()) or "–"


@admin.register(MailPreference)
class MailPreferenceAdmin(NotWrittenByHand, TenantModelAdmin):
    """What stands; whoever has no row here was never asked."""

    list_display = ("client", "category", "wants", "frequency", "source", "changed_at", "organization")
    list_filter = ("category", "is_agreed", "source")
    list_select_related = ("client", "organization")
    list_per_page = 50
    paginator = BoundedPaginator
    search_fields = ConsentAdmin.search_fields
    search_help_text = ConsentAdmin.search_help_text
    ordering = ("-id",)
    fields = ("client", "category", "wants", "frequency", "source", "changed_at", "repeated_at")
    readonly_fields = fields

    @display(description=_("the client"), label=COLOURS, ordering="is_agreed")
    def wants(self, preference: MailPreference) -> tuple[str, Any]:
        return _wants(is_agreed=preference.is_agreed)


def _wants(*, is_agreed: bool) -> tuple[str, Any]:
    return ("yes", WANTS[1][1]) if is_agreed else ("no", WANTS[2][1])


def _audit(
    request: HttpRequest, client: Client, category: Category, *, before: MailPreference | None, is_given: bool
) -> None:
    record_audit(
        "client.consent_recorded",
        subject=client,
        organization=client.organization,
        actor=request.user,  # type: ignore[arg-type]
        changes={category.value: [before.is_agreed if before else None, is_given]},
    )
