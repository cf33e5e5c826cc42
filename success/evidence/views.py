from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date

from accounts.client_pages import client_page
from accounts.models import Client
from success.behind import UnknownPartError
from success.evidence.cursor import Cursor
from success.evidence.page import evidence_page
from success.models import Score


@client_page
def events_page(request: HttpRequest, client: Client) -> HttpResponse:
    """What was counted for one of the client's own scores, the newest unless `period` names another."""
    score = _score(client, request.GET.get("period", ""))
    try:
        after = Cursor.read(request.GET.get("after", ""))
        page = evidence_page(score, request.GET.get("part", "events"), after=after) if score else None
    except UnknownPartError:
        page = None
    context = {"client": client, "page": page, "zone": client.organization.timezone}
    return render(request, "client/evidence.html", context, status=200 if page else 404)


def _score(client: Client, period: str) -> Score | None:
    scores = Score.objects.filter(organization=client.organization_id, client=client)
    if not period:
        return scores.order_by("-period_end").first()
    try:
        day = parse_date(period)
    except ValueError:
        return None
    return scores.filter(period_end=day).first() if day else None
