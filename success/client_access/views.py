"""Invitation, forgotten and changed password, preferences: how clients get in and how they like to read."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.audit import record_audit
from accounts.client_pages import client_page
from accounts.client_sign_in import TOO_MANY_REQUESTS, address_of
from accounts.models import Client, Invitation, User
from accounts.sign_in_throttle import Attempt, count_attempt, forget_attempts
from accounts.tenancy import organization_scope
from emails.categories import Category
from emails.consent import record_consent
from emails.models.preferences import Source
from emails.preferences.choices import choices_of, save_choices
from success.client_access.forgotten import send_password_links
from success.client_access.forms import ForgottenPasswordForm, PreferencesForm
from success.client_access.invitations import InvitationUsedError, accept_invitation, login_of, open_invitation
from telemetry.tracking import track_settings_updated

read_or_write = require_http_methods(["GET", "HEAD", "POST"])
GONE = 410


@never_cache
@sensitive_post_parameters()
@read_or_write
def invitation_page(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a password and be signed in. What does not work looks the same whatever the reason."""
    invitation = open_invitation(token, at=timezone.now())
    if invitation is None:
        return render(request, "client/access/link_gone.html", status=GONE)
    with translation.override(invitation.client.language or translation.get_language()):
        return _accept(request, invitation)


def _accept(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    user = login_of(invitation)
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_invitation(invitation, password=form.cleaned_data["new_password1"], at=timezone.now())
        except InvitationUsedError:
            return render(request, "client/access/link_gone.html", status=GONE)
        _note_consent(request, invitation.client)
        # Gives a new session: neither one that was planted here nor one of somebody else goes on.
        login(request, user)
        return redirect("client-success")
    context = {"form": form, "organization": invitation.client.organization, "username": user}
    return render(request, "client/access/invitation.html", context)


def _note_consent(request: HttpRequest, client: Client) -> None:
    """The box is not ticked beforehand; whoever leaves it so has said nothing."""
    if "weekly" in request.POST:
        detail, now = {"page": "invitation"}, timezone.now()
        with organization_scope(client.organization_id):
            record_consent(
                client, category=Category.WEEKLY, is_given=True, source=Source.PREFERENCES, at=now, detail=detail
            )


@never_cache
@read_or_write
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Answers the same whether anybody has this name or not."""
    form = ForgottenPasswordForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "client/access/forgotten_password.html", {"form": form})
    identifier = form.cleaned_data["identifier"]
    if wait := _wait(identifier, address_of(request)):
        context = {"form": form, "wait_minutes": -(-wait // 60)}
        response = render(request, "client/access/forgotten_password.html", context, status=TOO_MANY_REQUESTS)
        response["Retry-After"] = str(wait)
        return response
    send_password_links(identifier, language=translation.get_language() or "", at=timezone.now())
    return redirect("client-password-link-sent")


def _wait(identifier: str, address: str) -> int:
    """Of one address for one name, and of one address for any names: nobody mails through us to whom they like."""
    attempts = [Attempt(f"forgotten\0{name}", address) for name in (identifier, "")]
    return max(count_attempt(attempt, at=timezone.now()) for attempt in attempts)


@never_cache
def password_link_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "client/access/password_link_sent.html")


@sensitive_post_parameters()
@read_or_write
@client_page
def change_password(request: HttpRequest, client: Client) -> HttpResponse:
    """Ends the client's other sessions; this one goes on. Wrong guesses wait as they do at the sign-in."""
    user = cast("User", request.user)
    attempt = Attempt(user.get_username(), address_of(request))
    if request.method == "POST" and (wait := count_attempt(attempt, at=timezone.now())):
        context = {"client": client, "form": PasswordChangeForm(user), "wait_minutes": -(-wait // 60)}
        response = render(request, "client/access/change_password.html", context, status=TOO_MANY_REQUESTS)
        response["Retry-After"] = str(wait)
        return response
    form = PasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        forget_attempts(attempt)
        update_session_auth_hash(request, form.save())
        record_audit("client.password_changed", subject=client, organization=client.organization, actor=user)
        messages.success(request, _("Your password is changed. Wherever else you were signed in, you no longer are."))
        return redirect("client-preferences")
    return render(request, "client/access/change_password.html", {"client": client, "form": form})


@read_or_write
@client_page
def preferences(request: HttpRequest, client: Client) -> HttpResponse:
    """Two forms, each saved by its own button: how the client reads, and what mail it wants."""
    is_about_mail = "mail" in request.POST
    form = PreferencesForm(None if is_about_mail else request.POST or None, instance=client)
    if is_about_mail:
        _save_mail(request, client)
        return redirect("client-preferences")
    if request.method == "POST" and form.is_valid():
        _save(request, client, form)
        return redirect("client-preferences")
    context = {"client": client, "form": form, "choices": choices_of(client)}
    return render(request, "client/access/preferences.html", context)


def _save_mail(request: HttpRequest, client: Client) -> None:
    user = cast("User", request.user)
    save_choices(client, request.POST.dict(), source=Source.PREFERENCES, at=timezone.now(), actor=user)
    messages.success(request, _("Your preferences are saved."))


def _save(request: HttpRequest, client: Client, form: Any) -> None:
    if changed := sorted(form.changed_data):
        client.save(update_fields=changed)
        track_settings_updated(client, data={"changed": changed})
    with translation.override(client.language or translation.get_language()):
        messages.success(request, _("Your preferences are saved."))
