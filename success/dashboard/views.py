from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.client_pages import client_page
from accounts.content_security import allow_forms_to
from accounts.models import Client
from success.dashboard.destinations import application_origin
from success.dashboard.page import SECTIONS, success_page_of


@client_page
def success_page(request: HttpRequest, client: Client) -> HttpResponse:
    """The client's own score and why, what is new and next, and their past."""
    page = success_page_of(client, as_of=timezone.now())
    response = render(request, "client/success.html", {"client": client, "page": page, "sections": SECTIONS})
    if origin := application_origin(client.organization):
        # Acting on an insight posts here and is sent on there; browsers hold the policy against that, too.
        allow_forms_to(response, origin)
    return response
