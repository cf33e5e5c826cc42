"""How clients sign in and out, and what stands at the root of the installation."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.permissions import client_of
from accounts.sign_in_throttle import Attempt, count_attempt, forget_attempts

TOO_MANY_REQUESTS = 429


class ThrottledSignInForm(AuthenticationForm):
    """Django's form behind the throttle. Its messages never tell whether the user name exists."""

    error_messages = {
        "invalid_login": _("User name and password do not match. Both are case-sensitive."),
        "inactive": _("User name and password do not match. Both are case-sensitive."),
    }
    wait_seconds = 0

    def clean(self) -> dict[str, Any]:
        if "username" not in self.cleaned_data or "password" not in self.cleaned_data:
            return self.cleaned_data
        attempt = Attempt(self.cleaned_data["username"], address_of(self.request))
        self.wait_seconds = count_attempt(attempt, at=timezone.now())
        if self.wait_seconds:
            raise ValidationError(_wait_message(self.wait_seconds), code="throttled")
        cleaned = super().clean()
        forget_attempts(attempt)
        return cleaned


class ClientSignIn(LoginView):
    template_name = "client/sign_in.html"
    form_class = ThrottledSignInForm
    next_page = "home"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Not `redirect_authenticated_user`: following `next` would tell any site who is signed in here.
        if request.user.is_authenticated:
            return redirect("home")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        login(self.request, form.get_user())
        return redirect(self.get_success_url())

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_invalid(form)
        if wait := getattr(form, "wait_seconds", 0):
            response.status_code = TOO_MANY_REQUESTS
            response["Retry-After"] = str(wait)
        return response


def home(request: HttpRequest) -> HttpResponse:
    """A client goes to their page, staff to the admin, anybody else finds the doors."""
    user = request.user
    if isinstance(user, User) and user.is_active:
        if client_of(user):
            return redirect("client-success")
        if user.is_staff:
            return redirect("admin:index")
    return render(request, "client/landing.html")


def address_of(request: HttpRequest | None) -> str:
    """Where the request came from; behind a trusted proxy what the proxy itself wrote down, which comes last."""
    if request is None:
        return ""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))


def _wait_message(seconds: int) -> str:
    if seconds < 90:
        text = ngettext(
            "Too many failed attempts. Please wait %(count)d second and try again.",
            "Too many failed attempts. Please wait %(count)d seconds and try again.",
            seconds,
        )
        return text % {"count": seconds}
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many failed attempts. Please wait %(count)d minute and try again.",
        "Too many failed attempts. Please wait %(count)d minutes and try again.",
        minutes,
    )
    return text % {"count": minutes}
