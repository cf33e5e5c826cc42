"""What a client does on the success page. Forms post here; with htmx only their section is sent back.

What was done may reach a milestone, which is noticed beside the answer: the page asks for it a moment later.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.client_pages import ClientView, client_page
from accounts.models import Client
from success.client_tasks import UnknownTaskError, complete_task, reopen_task
from success.dashboard.destinations import destination
from success.dashboard.insights import insights_of
from success.dashboard.milestones import newly_reached
from success.dashboard.page import SECTIONS
from success.dashboard.tasks import task_board_of
from success.insights.actions import UnknownInsightError, act_on_insight, dismiss_insight, read_insight
from success.milestones.showing import celebrate

P = ParamSpec("P")
MOST_CELEBRATED = 100


def client_action(action: ClientView[P]) -> Callable[..., HttpResponse]:
    """POST does it. Who comes by GET, as after signing in again, is led to the page; unknown ids are not found."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @client_page
    @wraps(action)
    def posted(request: HttpRequest, client: Client, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST":
            return redirect("client-success")
        try:
            return action(request, client, *args, **kwargs)
        except (UnknownInsightError, UnknownTaskError):
            raise Http404 from None

    return posted


@client_action
def read(request: HttpRequest, client: Client, insight_id: str) -> HttpResponse:
    insight = read_insight(client, insight_id, at=timezone.now())
    if not _is_partial(request):
        return _back(f"insight-{insight.pk}")
    board = insights_of(client, as_of=timezone.now())
    return _section(request, "insights", board, said=_("Marked as read."), focus=insight.pk)


@client_action
def dismiss(request: HttpRequest, client: Client, insight_id: str) -> HttpResponse:
    now = timezone.now()
    before = insights_of(client, as_of=now) if _is_partial(request) else None
    insight = dismiss_insight(client, insight_id, at=now)
    if before is None:
        return _back("insights")
    board = insights_of(client, as_of=now)
    focus = board.after(insight.pk, before=before)
    return _section(request, "insights", board, said=_("Dismissed."), focus=focus or "heading")


@client_action
def act(request: HttpRequest, client: Client, insight_id: str) -> HttpResponse:
    """Leads where the insight points, as far as that is this installation or the organization's application."""
    insight = act_on_insight(client, insight_id, at=timezone.now())
    target = destination(insight.action_url, client.organization)
    return redirect(target) if target else _back(f"insight-{insight.pk}")


@client_action
def complete(request: HttpRequest, client: Client, task_id: str) -> HttpResponse:
    now = timezone.now()
    task = complete_task(client, task_id, at=now)
    if not _is_partial(request):
        return _back("tasks")
    board = task_board_of(client, as_of=now, touched=task.pk)
    return _section(request, "tasks", board, said=_("Done: %(title)s") % {"title": task.title})


@client_action
def reopen(request: HttpRequest, client: Client, task_id: str) -> HttpResponse:
    now = timezone.now()
    task = reopen_task(client, task_id, at=now)
    if not _is_partial(request):
        return _back(f"task-{task.pk}")
    board = task_board_of(client, as_of=now, touched=task.pk)
    return _section(request, "tasks", board, said=_("Open again: %(title)s") % {"title": task.title}, asks=False)


@client_action
def celebrated(request: HttpRequest, client: Client) -> HttpResponse:
    """The page tells which milestones it showed, so that one reached meanwhile still gets its moment."""
    shown = {int(pk) for pk in request.POST.getlist("milestone")[:MOST_CELEBRATED] if _is_id(pk)}
    celebrate(client, at=timezone.now(), ids=shown)
    return HttpResponse(status=204) if _is_partial(request) else _back("milestones")


@require_safe
@client_page
def new_milestones(request: HttpRequest, client: Client) -> HttpResponse:
    """What there is to celebrate since the page was made. Where there is nothing the page asks once more, later."""
    if not _is_partial(request):
        return _back("milestones")
    celebrated = newly_reached(client)
    context = {"celebrated": celebrated, "asks_again": not celebrated and "again" not in request.GET}
    return render(request, "client/success/new_milestones.html", context)


def _section(
    request: HttpRequest, name: str, board: object, *, said: str, focus: int | str | None = None, asks: bool = True
) -> HttpResponse:
    context = {
        "page": {name: board},
        "section": SECTIONS[name],
        "said": said,
        "focus": focus,
        "asks": asks and settings.MILESTONES_AT_ONCE,
    }
    return render(request, "client/success/changed.html", context)


def _back(anchor: str) -> HttpResponse:
    return redirect(f"{reverse('client-success')}#{anchor}")


def _is_partial(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
