"""The page behind the unsubscribe button of a notice. Opening it changes nothing: scanners open links too."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.models import Membership
from accounts.tenancy import organization_scope
from health.notices.links import Holder, UnknownTokenError, read_token, stop, wants


# No cookie is read, so no other site can borrow one.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop_page(request: HttpRequest, token: str) -> HttpResponse:
    """A mail program posts here by itself, when its own button is pressed (RFC 8058)."""
    try:
        response = _answer(request, read_token(token))
    except UnknownTokenError:
        response = render(request, "client/mail/unknown.html", status=404)
    # The address is the permission: it is told to nobody that the page leads to, and to no search engine.
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, holder: Holder) -> HttpResponse:
    with organization_scope(holder.organization_id):
        member = _member(holder)
        if request.method == "POST":
            stop(holder)
            is_program = request.POST.get("List-Unsubscribe") == "One-Click"
            text = "text/plain; charset=utf-8"
            return HttpResponse("Unsubscribed.\n", content_type=text) if is_program else redirect(request.path)
        context = {"organization": member.organization, "kind": holder.kind, "is_stopped": not wants(holder)}
        return render(request, "health/stop_notices.html", context)


def _member(holder: Holder) -> Membership:
    """Raises UnknownTokenError for who is none any more, and gets nothing anyway."""
    members = Membership.objects.select_related("organization").filter(organization=holder.organization_id)
    member = members.filter(user=holder.user_id).first()
    if member is None:
        raise UnknownTokenError
    return member
