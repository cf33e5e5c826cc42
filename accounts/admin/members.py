from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from accounts.admin.shown_once import show_once
from accounts.admin_access import OWNERS, TenantModelAdmin
from accounts.audit import record_audit
from accounts.logins import belongs_to, create_login, password_link
from accounts.members import LastOwnerError, add_member, change_role, refuse_last_owner, remove_member
from accounts.models import Membership, Organization, User

LAST_OWNER = _("An organization needs an owner: make somebody else owner first.")


class NewMemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person who does not sign in here yet. Taking in existing users would let owners probe for their names."""

    username = forms.CharField(
        label=_("User name"), max_length=150, widget=UnfoldAdminTextInputWidget,
        validators=[UnicodeUsernameValidator()],
    )  # fmt: skip
    email = forms.EmailField(label=_("Email"), required=False, widget=UnfoldAdminEmailInputWidget)

    class Meta:
        model = Membership
        fields = ("organization", "role")

    def clean_username(self) -> str:
        username: str = User.normalize_username(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=username).exists():
            raise ValidationError(gettext("This user name is taken: choose another one."))
        return username


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Membership
        fields = ("role",)

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if role != Membership.Role.OWNER:
            try:
                refuse_last_owner(self.instance)
            except LastOwnerError:
                raise ValidationError(LAST_OWNER) from None
        return role


@admin.register(Membership)
class MembershipAdmin(TenantModelAdmin):
    adders = changers = deleters = OWNERS
    list_display = ("user", "person", "role_label", "last_sign_in", "created_at", "organization")
    list_filter = ("role",)
    list_select_related = ("user", "organization")
    search_fields = ("user__username", "user__email", "user__first_name", "user__last_name")
    search_help_text = _("Search by name or email")
    ordering = ("id",)
    actions_submit_line = ("new_password_link",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **kwargs | {"form": MemberForm if change else NewMemberForm})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        place = ("organization",) if request.user.is_superuser else ()
        if obj is None:
            return (*place, "username", "email", "role")
        return (*place, "user", "role", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("organization", "user", "created_at") if obj else ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Members are removed one by one, where the last owner can be told about.
        return {}

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        member = self.get_object(request, str(object_id)) if object_id else None
        if member is None or not self.has_change_permission(request, member):
            return []
        if not (request.user.is_superuser or belongs_to(member.user, member.organization_id)):
            return []
        buttons: list[Any] = super().get_actions_submit_line(request, object_id)
        return buttons

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        actor: Any = request.user
        if change:
            change_role(obj, role=Membership.Role(obj.role), actor=actor)
            self._run_submit_line(request, obj)
            return
        if not request.user.is_superuser:
            obj.organization = Organization.objects.get(pk=request.seat.organization_id)  # type: ignore[attr-defined]
        user = create_login(form.cleaned_data["username"], email=form.cleaned_data["email"], is_staff=True)
        member = add_member(obj.organization, user, role=Membership.Role(obj.role), actor=actor)
        obj.pk, obj.user = member.pk, user

    def _run_submit_line(self, request: HttpRequest, obj: Membership) -> None:
        for button in self.get_actions_submit_line(request, obj.pk):
            if button.action_name in request.POST:
                button.method(request, obj)

    def response_add(self, request: HttpRequest, obj: Membership, post_url_continue: str | None = None) -> HttpResponse:
        return self._show_link(request, obj)

    def response_change(self, request: HttpRequest, obj: Membership) -> HttpResponse:
        if getattr(request, "shows_password_link", False):
            return self._show_link(request, obj)
        response: HttpResponse = super().response_change(request, obj)
        return response

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            response: HttpResponse = super().delete_view(request, object_id, extra_context)
        except LastOwnerError:
            self.message_user(request, LAST_OWNER, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:accounts_membership_changelist"))
        return response

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        remove_member(obj, actor=request.user)  # type: ignore[arg-type]

    @action(description=_("New password link"), permissions=["change"])
    def new_password_link(self, request: HttpRequest, member: Membership) -> None:
        request.shows_password_link = True  # type: ignore[attr-defined]
        record_audit(
            "member.password_link",
            subject=member,
            organization=member.organization,
            actor=request.user,  # type: ignore[arg-type]
            changes={"user": member.user_id},
        )

    @display(description=_("name"))
    def person(self, member: Membership) -> str:
        return member.user.get_full_name() or member.user.email

    @display(description=_("role"), ordering="role", label={"owner": "primary", "staff": ""})
    def role_label(self, member: Membership) -> tuple[str, str]:
        return member.role, member.get_role_display()

    @display(description=_("last sign-in"), ordering="user__last_login")
    def last_sign_in(self, member: Membership) -> Any:
        return member.user.last_login

    def _show_link(self, request: HttpRequest, member: Membership) -> HttpResponse:
        return show_once(
            request,
            title=gettext("Password link for %(name)s") % {"name": member.user.get_username()},
            value=request.build_absolute_uri(password_link(member.user)),
            explanation=gettext("Give it to this person alone: it lets them choose a password, once, in three days."),
            next_url=reverse("admin:accounts_membership_changelist"),
        )
