from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.client_pages import client_page
from accounts.models import Client
from success.dashboard.page import success_page_of


@client_page
def success_page(request: HttpRequest, client: Client) -> HttpResponse:
    """The client's own score and why, their activity, their past scores; times in the organization's zone."""
    page = success_page_of(client, as_of=timezone.now())
    with timezone.override(client.organization.timezone):
        return render(request, "client/success.html", {"client": client, "page": page})
