"""The way from clients to the page that marks them as churned."""

from collections.abc import Sequence

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse

MOST_MARKED = 200


def to_mark_churned(clients: Sequence[int | str]) -> HttpResponse:
    """The page takes no more than MOST_MARKED at once."""
    chosen = ",".join(str(client) for client in clients)
    return HttpResponseRedirect(f"{reverse('admin:success_churn_mark')}?clients={chosen}")
