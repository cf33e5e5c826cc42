"""The pages behind the links of mails, without sign-in. Opening one changes nothing: scanners open links too."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import Client
from accounts.rate_limits import RateLimit
from accounts.tenancy import organization_scope
from emails.categories import Category
from emails.consent import preferences_of
from emails.models.preferences import Source
from emails.preference_links import Holder, UnknownTokenError, preferences_url, read_token
from emails.preferences.choices import choices_of, save_choices, stop_category

read_or_write = require_http_methods(["GET", "HEAD", "POST"])
TOO_MANY_REQUESTS = 429
# Each of a client's choices is kept for good; stopping again changes nothing and is never refused.
saves = RateLimit(per_second=1 / 60, burst=20)
# Neither a line break nor a screen reader comes between.
JOINER = "\u2060"


# No cookie is read, so no other site can borrow one: who has the token may choose, from wherever.
@csrf_exempt
@never_cache
@read_or_write
def preferences_page(request: HttpRequest, token: str) -> HttpResponse:
    try:
        holder = read_token(token)
        with organization_scope(holder.organization_id):
            client = client_of(holder)
            if request.method == "POST":
                return _quiet(_save(request, client))
            return _shown(request, "client/mail/preferences.html", client, {"choices": choices_of(client)})
    except UnknownTokenError:
        return _quiet(render(request, "client/mail/unknown.html", status=404))


@csrf_exempt
@never_cache
@read_or_write
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """Stops one category. A mail program posts here by itself, when its own button is pressed (RFC 8058)."""
    try:
        holder = read_token(token)
        category = category_of(holder)
        with organization_scope(holder.organization_id):
            client = client_of(holder)
            if request.method == "POST":
                return _quiet(_stop(request, client, category))
            return _shown(request, "client/mail/unsubscribe.html", client, _state(client, category))
    except UnknownTokenError:
        return _quiet(render(request, "client/mail/unknown.html", status=404))


def category_of(holder: Holder) -> Category:
    """Raises UnknownTokenError for a link to all categories."""
    if holder.category is None:
        raise UnknownTokenError
    return holder.category


def client_of(holder: Holder) -> Client:
    """Whom the link is about, or the one that turned out to be the same. Raises UnknownTokenError."""
    clients = Client.objects.select_related("organization")
    client = clients.filter(organization=holder.organization_id, pk=holder.client_id).first()
    while client and client.merged_into_id:
        client = clients.get(organization=holder.organization_id, pk=client.merged_into_id)
    if client is None:
        raise UnknownTokenError
    return client


def _save(request: HttpRequest, client: Client) -> HttpResponse:
    if "stop" not in request.POST and (wait := saves.wait_seconds(client.pk)):
        response = _shown(request, "client/mail/too_often.html", client, {"wait_minutes": -(-wait // 60)})
        response.status_code = TOO_MANY_REQUESTS
        response["Retry-After"] = str(wait)
        return response
    save_choices(client, request.POST.dict(), source=Source.PREFERENCES, at=timezone.now())
    return redirect(f"{request.path}?saved")


def _stop(request: HttpRequest, client: Client, category: Category) -> HttpResponse:
    is_program = request.POST.get("List-Unsubscribe") == "One-Click"
    source = Source.ONE_CLICK if is_program else Source.UNSUBSCRIBE_LINK
    stop_category(client, category, source=source, at=timezone.now())
    if is_program:
        return HttpResponse("Unsubscribed.\n", content_type="text/plain; charset=utf-8")
    return redirect(request.path)


def _state(client: Client, category: Category) -> dict[str, object]:
    known = preferences_of(client)[category]
    return {
        "category": category,
        "is_stopped": bool(known and not known.is_agreed),
        "preferences_url": preferences_url(client.organization_id, client.pk),
    }


def _shown(request: HttpRequest, template: str, client: Client, context: dict[str, object]) -> HttpResponse:
    whose = {
        "organization": client.organization,
        "address": _masked(client.email),
        "is_saved": "saved" in request.GET,
    }
    with translation.override(client.language or translation.get_language()):
        return _quiet(render(request, template, whose | context))


def _masked(address: str) -> str:
    """Enough for its owner to know it: the page may be open on a shared screen."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{JOINER}…{JOINER}{at}{domain}" if local else ""


def _quiet(response: HttpResponse) -> HttpResponse:
    """The address is the permission: it is told to nobody that the page leads to, and to no search engine."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
