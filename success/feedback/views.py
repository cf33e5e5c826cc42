"""The pages on which clients answer: by a link from a mail, and on their own pages."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.client_pages import client_page
from accounts.models import Client
from accounts.tenancy import organization_scope
from success.feedback.asking import decline_feedback
from success.feedback.giving import TooEarlyForFeedbackError, give_feedback
from success.feedback.links import FeedbackLink, UnknownLinkError, answer_of, offered_rating, read_link, request_of
from success.feedback.question import Answer, Question, inside_question, question_for, read_answer, read_number
from success.models import Feedback, FeedbackRequest

PAGE = "client/feedback/page.html"
GONE = 410


# No cookie is read, so no other site can borrow one: who has the token may answer, from wherever.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def feedback_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows, for scanners of mail follow links too; POST records once."""
    try:
        link = read_link(token)
        with organization_scope(link.organization_id):
            asked = request_of(link)
            with translation.override(asked.client.language or translation.get_language()):
                return _answer(request, link, asked) if request.method == "POST" else _ask(request, link, asked)
    except UnknownLinkError:
        return render(request, "client/feedback/unknown.html", status=404)


def _ask(request: HttpRequest, link: FeedbackLink, asked: FeedbackRequest) -> HttpResponse:
    kind = Feedback.Kind(asked.kind)
    if answer := answer_of(asked):
        return render(request, PAGE, {"organization": asked.client.organization, "answer": answer})
    if asked.expires_at <= timezone.now() or asked.answered_at:
        return render(request, "client/feedback/expired.html", status=GONE)
    question = Question(kind, asked.client.organization.name, request.path, rating=offered_rating(link, kind))
    return render(request, PAGE, {"organization": asked.client.organization, "feedback": question})


def _answer(request: HttpRequest, link: FeedbackLink, asked: FeedbackRequest) -> HttpResponse:
    now = timezone.now()
    if asked.answered_at or asked.expires_at <= now:
        return _ask(request, link, asked)
    kind, organization = Feedback.Kind(asked.kind), asked.client.organization
    try:
        said = read_answer(kind, request.POST.dict())
    except ValidationError as error:
        question = Question(kind, organization.name, request.path, **_filled_in(request), problems=error.message_dict)
        return render(request, PAGE, {"organization": organization, "feedback": question}, status=400)
    _give(asked.client, kind, said, Feedback.Channel.LINK, at=now)
    return redirect(request.path)


@require_http_methods(["GET", "HEAD", "POST"])
@client_page
def client_feedback(request: HttpRequest, client: Client) -> HttpResponse:
    """The question that is due on a page of its own, and where its form goes from any other."""
    if request.method != "POST":
        question = question_for(client, as_of=timezone.now())
        context = {"client": client, "organization": client.organization, "feedback": question}
        return render(request, PAGE, context)
    if request.POST.get("kind") not in Feedback.Kind.values:
        return redirect("client-feedback")
    kind = Feedback.Kind(request.POST["kind"])
    try:
        said = read_answer(kind, request.POST.dict())
    except ValidationError as error:
        question = inside_question(client, kind, **_filled_in(request), problems=error.message_dict)
        return _inside(request, client, question, status=400)
    given = _give(client, kind, said, Feedback.Channel.DASHBOARD, at=timezone.now())
    if not request.headers.get("HX-Request"):
        messages.success(request, _("Thank you. Your answer is recorded."))
        return redirect("client-success")
    return render(request, "client/feedback/thanks.html", {"answer": given, "is_swapped_in": True})


@require_POST
@client_page
def decline_client_feedback(request: HttpRequest, client: Client) -> HttpResponse:
    kind = request.POST.get("kind")
    if kind in Feedback.Kind.values:
        decline_feedback(client, Feedback.Kind(kind), at=timezone.now())
    if request.headers.get("HX-Request"):
        return render(request, "client/feedback/declined.html")
    return redirect("client-success")


def _give(
    client: Client, kind: Feedback.Kind, said: Answer, channel: Feedback.Channel, *, at: datetime
) -> Feedback | None:
    """None when it was answered already: the second of two clicks."""
    try:
        return give_feedback(client, kind=kind, rating=said.rating, comment=said.comment, channel=channel, at=at)
    except TooEarlyForFeedbackError:
        return None


def _inside(request: HttpRequest, client: Client, question: Question, *, status: int) -> HttpResponse:
    if request.headers.get("HX-Request"):
        # htmx shows answers of 2xx only.
        return render(request, "client/feedback/form.html", {"feedback": question})
    context = {"client": client, "organization": client.organization, "feedback": question}
    return render(request, PAGE, context, status=status)


def _filled_in(request: HttpRequest) -> dict[str, Any]:
    """Shown again, so that nothing has to be written twice. A number off the scale marks no button."""
    return {"rating": read_number(request.POST.get("rating", "")), "comment": request.POST.get("comment", "")}
