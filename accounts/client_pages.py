"""What every page for clients has in common: who may see it, and what others see instead."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.models import Client

P = ParamSpec("P")
ClientView = Callable[Concatenate[HttpRequest, Client, P], HttpResponse]


def client_page(view: ClientView[P]) -> Callable[..., HttpResponse]:
    """Hand the view its live client. Staff are told where to go instead, strangers that nothing is here."""

    @never_cache
    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        client: Client | None = getattr(request, "client", None)
        if client is not None:
            return view(request, client, *args, **kwargs)
        if request.user.is_staff:
            return render(request, "client/for_clients_only.html", status=403)
        return render(request, "client/no_client.html", status=404)

    return page
