"""What members may do in the admin, and the base class of every tenant's model there."""

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import DataError, models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from accounts.models import Membership, Organization
from accounts.permissions import Seat

EVERY_MEMBER = frozenset(Membership.Role)
OWNERS = frozenset({Membership.Role.OWNER})
OPERATORS_ONLY: frozenset[Membership.Role] = frozenset()
NO_ROWS = _("Nothing was done: what was chosen are no rows of this list.")
OTHER_ORGANIZATION = _("This belongs to another organization.")


def has_role(request: HttpRequest, roles: Collection[Membership.Role]) -> bool:
    """True for an operator, and for a member whose role is among `roles`."""
    seat: Seat | None = getattr(request, "seat", None)
    return bool(request.user.is_active and (request.user.is_superuser or (seat and seat.role in roles)))


def _bound_to(form: Any, organization_id: int) -> Any:
    """The form with its row's organization known, so that what is unique in an organization is validated as such."""

    class OwnForm(form):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            # A row of the platform that is only shown stays the platform's.
            if self.instance.pk is None and self.instance.organization_id is None:
                self.instance.organization_id = organization_id

        def _get_validation_exclusions(self) -> set[str]:
            exclusions: set[str] = super()._get_validation_exclusions()
            return exclusions - {"organization"}

    OwnForm.__name__ = form.__name__
    return OwnForm


def _within_one_organization(form: Any) -> Any:
    """An operator's form, which offers everybody's rows: one that refuses to point at another organization's.

    The composite keys of the database would answer with an error page. What is nobody's own, such as a platform
    default, may be pointed at by all. A row whose organization is not asked for gets that of what it points at.
    """

    class OneOrganizationForm(form):  # type: ignore[misc]
        def clean(self) -> dict[str, Any]:
            cleaned: dict[str, Any] = super().clean() or self.cleaned_data
            chosen = cleaned.get("organization")
            owner = chosen.pk if isinstance(chosen, Organization) else self.instance.organization_id
            for name, value in list(cleaned.items()):
                of_row = getattr(value, "organization_id", None) if isinstance(value, models.Model) else None
                owner = owner or of_row
                if of_row and of_row != owner:
                    self.add_error(name, OTHER_ORGANIZATION)
            if "organization" not in self.fields:
                self.instance.organization_id = owner
            return cleaned

        def _get_validation_exclusions(self) -> set[str]:
            exclusions: set[str] = super()._get_validation_exclusions()
            return exclusions - ({"organization"} - self.fields.keys() if self.instance.organization_id else set())

    OneOrganizationForm.__name__ = form.__name__
    return OneOrganizationForm


class NotWrittenByHand:
    """Comes before the model admin whose rows nobody adds, changes or deletes: they are the product's own."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ChosenRow(AutocompleteSelect):
    """Shows a form again whose choice was no id at all: Django's own looks it up as a number and fails."""

    longest_id = 18

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        ids = [each for each in value if not each or (str(each).isdecimal() and len(str(each)) <= self.longest_id)]
        return super().optgroups(name, ids, attr)


class ForgivingList:
    """Comes before each model admin: Django's own fails at a filter with a NUL, and at chosen rows that are no ids."""

    opts: Any
    message_user: Callable[..., None]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)  # type: ignore[misc]
        except DataError as error:
            # No text of PostgreSQL holds one, so the database was not even asked.
            raise IncorrectLookupParameters from error

    def response_action(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.to_python(chosen)
        except ValidationError:
            self.message_user(request, NO_ROWS, messages.WARNING)
            return None
        return super().response_action(request, queryset)  # type: ignore[misc]


class TenantModelAdmin(ForgivingList, ModelAdmin):  # type: ignore[misc]
    """Operators see every organization's rows, members those of their own. Roles decide who may do what."""

    viewers: ClassVar[Collection[Membership.Role]] = EVERY_MEMBER
    adders: ClassVar[Collection[Membership.Role]] = EVERY_MEMBER
    changers: ClassVar[Collection[Membership.Role]] = EVERY_MEMBER
    deleters: ClassVar[Collection[Membership.Role]] = OPERATORS_ONLY
    organization_field: ClassVar[str] = "organization"
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.viewers)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return has_role(request, self.viewers)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return has_role(request, self.adders)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return has_role(request, self.changers)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return has_role(request, self.deleters)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows: models.QuerySet[Any] = super().get_queryset(request)
        seat: Seat | None = getattr(request, "seat", None)
        if request.user.is_superuser:
            return rows
        return rows.filter(**{self.organization_field: seat.organization_id}) if seat else rows.none()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = ChosenRow(db_field, self.admin_site, using=kwargs.get("using"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_exclude(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        exclude = list(super().get_exclude(request, obj) or [])
        return exclude if request.user.is_superuser else [*exclude, self.organization_field]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        # A row never moves to another organization: what points at it would stay behind.
        fields = list(super().get_readonly_fields(request, obj))
        keeps = obj is not None and self.organization_field == "organization" and "organization" not in fields
        return [*fields, "organization"] if keeps else fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        seat: Seat | None = getattr(request, "seat", None)
        if self.organization_field != "organization":
            return form
        if request.user.is_superuser or seat is None:
            return _within_one_organization(form)
        return _bound_to(form, seat.organization_id)

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return columns if request.user.is_superuser else [c for c in columns if c != self.organization_field]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change and not request.user.is_superuser:
            obj.organization_id = request.seat.organization_id  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)
