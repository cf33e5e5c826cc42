"""What every page for clients has in common: who may see it, and what others see instead."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from accounts.models import Client

P = ParamSpec("P")
ClientView = Callable[Concatenate[HttpRequest, Client, P], HttpResponse]


def client_page(view: ClientView[P]) -> Callable[..., HttpResponse]:
    """Hand the view its live client. Staff are told where to go instead, strangers that nothing is here."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _sign_in_first(request)
        client: Client | None = getattr(request, "client", None)
        if client is not None:
            return view(request, client, *args, **kwargs)
        if request.user.is_staff:
            return render(request, "client/for_clients_only.html", status=403)
        return render(request, "client/no_client.html", status=404)

    return page


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    """A script would follow a redirect unseen and put the sign-in into the page; it is told to leave the page."""
    sign_in = redirect_to_login(request.get_full_path())
    return HttpResponseClientRedirect(sign_in.url) if "HX-Request" in request.headers else sign_in
