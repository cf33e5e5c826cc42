"""Milestones in the admin: what there is to reach, and what was reached."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import EVERY_MEMBER, OWNERS, NotWrittenByHand, TenantModelAdmin, has_role
from accounts.admin_audit import AuditedAdmin
from success.milestones.rewards import give_rewards, take_back_rewards
from success.models import Milestone, MilestoneDefinition

Subject = MilestoneDefinition.Subject
STATE_COLOURS = {"used": "success", "replaced": "info", "off": ""}
REWARD_COLOURS = {"waiting": "warning", "given": "success"}
TAKEN_OVER = ("key", "subject", "title", "description", "measure", "threshold")


@admin.register(MilestoneDefinition)
class MilestoneDefinitionAdmin(AuditedAdmin, TenantModelAdmin):
    """Members see the platform's too, which their owners replace by own ones of the same key."""

    audit_noun = "milestone_definition"
    adders = changers = deleters = OWNERS
    list_display = ("title", "subject", "measure", "threshold", "reward_kind", "state", "own_one", "organization")
    list_filter = ("subject", "measure", "is_active")
    list_select_related = ("organization",)
    search_fields = ("title", "key")
    ordering = ("subject", "measure", "threshold", "id")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("organization", "title", "description", "key")}),
        (_("Reached"), {"fields": ("subject", "measure", "threshold", "is_active")}),
        (_("Reward"), {"fields": ("reward_kind", "reward")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[MilestoneDefinition]:
        definitions = MilestoneDefinition.objects.order_by(*self.ordering)
        seat = request.seat  # type: ignore[attr-defined]
        if request.user.is_superuser:
            return definitions.annotate(is_replaced=Value(value=False))
        if seat is None:
            return definitions.none()
        own = MilestoneDefinition.objects.filter(organization=seat.organization_id)
        return (
            definitions.filter(Q(organization=seat.organization_id) | Q(organization=None))
            .exclude(subject=Subject.INSTALLATION)
            .annotate(is_replaced=Exists(own.filter(key=OuterRef("key"))))
        )

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_own(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._is_own(request, obj) and super().has_delete_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        first, *rest = self.fieldsets
        shown = first[1]["fields"] if request.user.is_superuser else first[1]["fields"][1:]
        return ((None, {"fields": shown}), *rest)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # What was reached of it stands under its key and for its subject.
        fixed = ("key", "subject") if obj else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, tuple[str]]:
        return {} if obj else {"key": ("title",)}

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "subject" and not request.user.is_superuser:
            kwargs["choices"] = [choice for choice in Subject.choices if choice[0] != Subject.INSTALLATION]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @display(description=_("state"), label=STATE_COLOURS)
    def state(self, definition: Any) -> tuple[str, str]:
        if definition.organization_id is None and definition.is_replaced:
            return "replaced", gettext("Replaced by your own")
        return ("used", gettext("In use")) if definition.is_active else ("off", gettext("Off"))

    @display(description="")
    def own_one(self, definition: Any) -> str:
        if definition.organization_id is not None or definition.is_replaced:
            return ""
        values = urlencode({name: getattr(definition, name) for name in TAKEN_OVER})
        address = reverse("admin:success_milestonedefinition_add")
        return format_html('<a href="{}?{}" class="text-link">{}</a>', address, values, _("Replace"))

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        replaces = not request.user.is_superuser and self.has_add_permission(request)
        return columns if replaces else [name for name in columns if name != "own_one"]

    def _is_own(self, request: HttpRequest, obj: Any) -> bool:
        """The platform's belong to the operators."""
        return bool(obj is None or request.user.is_superuser or obj.organization_id is not None)


class RewardFilter(admin.SimpleListFilter):
    title = _("reward")
    parameter_name = "reward"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("To be given")), ("given", _("Given"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Milestone]) -> QuerySet[Milestone]:
        if self.value() == "given":
            return queryset.exclude(reward_given_at=None)
        if self.value() == "waiting":
            return queryset.filter(reward_given_at=None).exclude(definition__reward_kind="")
        return queryset


@admin.register(Milestone)
class MilestoneAdmin(NotWrittenByHand, TenantModelAdmin):
    """Found by the product, never entered; what staff does is to give rewards."""

    list_display = ("title", "who", "reached_on", "value", "reward_state", "organization")
    list_filter = (RewardFilter, "definition__subject", "definition__measure", "reached_on")
    list_select_related = ("client", "organization", "definition")
    search_fields = ("client__name", "client__external_id", "definition__title")
    search_help_text = _("Search by client or milestone")
    ordering = ("-reached_on", "-id")
    actions = ("give", "take_back")
    fields = (
        ("title", "who"),
        ("reached_on", "detected_at"),
        ("value", "threshold"),
        "celebrated_at",
        ("reward_state", "reward"),
        ("reward_given_at", "reward_given_by"),
    )
    readonly_fields = tuple(name for row in fields for name in (row if isinstance(row, tuple) else (row,)))

    def has_give_permission(self, request: HttpRequest) -> bool:
        return has_role(request, EVERY_MEMBER)

    @admin.action(description=_("Mark reward as given"), permissions=["give"])
    def give(self, request: HttpRequest, chosen: QuerySet[Milestone]) -> None:
        given = give_rewards(chosen, actor=request.user, at=timezone.now())  # type: ignore[arg-type]
        self._tell(request, given, lambda: ngettext("%d reward was given.", "%d rewards were given.", given))

    @admin.action(description=_("Mark reward as not given"), permissions=["give"])
    def take_back(self, request: HttpRequest, chosen: QuerySet[Milestone]) -> None:
        taken = take_back_rewards(chosen, actor=request.user)  # type: ignore[arg-type]
        self._tell(request, taken, lambda: ngettext("%d reward is open again.", "%d rewards are open again.", taken))

    def _tell(self, request: HttpRequest, count: int, text: Callable[[], str]) -> None:
        if count:
            self.message_user(request, text() % count, messages.SUCCESS)
        else:
            self.message_user(request, gettext("None of these had such a reward."), messages.WARNING)

    @display(description=_("milestone"), ordering="definition__title")
    def title(self, milestone: Milestone) -> str:
        return milestone.definition.title

    @display(description=_("reached by"), ordering="client")
    def who(self, milestone: Milestone) -> str:
        return str(milestone.client or milestone.organization or gettext("The installation"))

    @display(description=_("reward"), label=REWARD_COLOURS)
    def reward_state(self, milestone: Milestone) -> tuple[str, str] | None:
        if milestone.reward_given_at:
            return "given", gettext("Given")
        return ("waiting", gettext("To be given")) if milestone.definition.reward_kind else None

    @display(description=_("reward text, code or link"))
    def reward(self, milestone: Milestone) -> str:
        return milestone.definition.reward
