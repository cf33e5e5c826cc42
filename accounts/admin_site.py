"""The admin site: sign-in behind the throttle, and the choice of an organization for those who have several."""

from functools import partial
from typing import Any, cast

from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts.client_sign_in import TOO_MANY_REQUESTS, ThrottledSignInForm
from accounts.permissions import SESSION_KEY
from accounts.seats import seats_of
from accounts.signals import organization_chosen


class AdminSignInForm(ThrottledSignInForm, AuthenticationForm):  # type: ignore[misc]
    """The admin's form behind the same throttle as the clients'."""

    error_messages = {**AdminAuthenticationForm.error_messages, **ThrottledSignInForm.error_messages}


class MainstayAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    login_form = AdminSignInForm
    index_title = gettext_lazy("Home")
    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().login(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("form")
        if wait := getattr(form, "wait_seconds", 0):
            response.status_code = TOO_MANY_REQUESTS
            response["Retry-After"] = str(wait)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """When it is looked at: Django gives every page the list, which asks each permission, and few pages show it."""
        return cast("list[dict[str, Any]]", SimpleLazyObject(partial(super().get_app_list, request, app_label)))

    def extra_urls(self) -> list[URLPattern]:
        return [path("organization/", self.admin_view(self.choose_organization), name="choose_organization")]

    def choose_organization(self, request: HttpRequest) -> HttpResponse:
        """Members of several organizations work in one at a time."""
        seats = seats_of(request.user)
        if request.method == "POST":
            chosen = request.POST.get("organization", "")
            if chosen not in {str(seat.organization_id) for seat in seats}:
                return HttpResponseBadRequest(_("This is none of your organizations."))
            request.session[SESSION_KEY] = organization_id = int(chosen)
            organization_chosen.send(sender=None, request=request, user=request.user, organization_id=organization_id)
            return redirect("admin:index")
        context = {**self.each_context(request), "title": _("Your organizations"), "seats": seats}
        return TemplateResponse(request, "admin/choose_organization.html", context)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Unfold keeps answers by person for minutes, across a change of organization or role; lists search better."""
        return HttpResponse(status=404)
