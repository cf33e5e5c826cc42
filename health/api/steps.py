"""Steps with one alert, by a program: in the name of a member where it gives one."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from accounts.problems import CONTENT_TYPE, Problem
from health import alerts
from health.alert_steps import ByKey, Reason
from health.api.access import AlertAPIView, member_called
from health.api.alert_fields import AlertDetailShape, ConflictShape
from health.api.alerts import ALERT_ID
from health.api.representation import alert_detail_json, taker_json
from health.api.step_bodies import AssignBody, JudgeBody, NoteBody, SnoozeBody, StepBody
from health.models import Alert
from health.wording import who_took
from success.api.access import not_found

REFUSED = {
    Reason.ACKNOWLEDGED: ("already_acknowledged", "It was acknowledged before{first}: assign it or leave a note."),
    Reason.RESOLVED: ("already_resolved", "It was resolved before{first}: reopen it first."),
    Reason.SUPERSEDED: ("newer_alert", "There is a newer alert of this client and matter: see that one."),
}


def described(name: str, summary: str, *, request: Any = StepBody, refuses: bool = True) -> Callable[[Any], Any]:
    """One step in the API's documentation."""
    conflict = OpenApiResponse(ConflictShape, description="The step came too late: `by` and `at` tell who was first.")
    return extend_schema(
        operation_id=f"{name}_alert",
        summary=summary,
        description="Answers the alert as it is afterwards.",
        parameters=[ALERT_ID],
        request=request,
        responses={200: AlertDetailShape} | ({(409, CONTENT_TYPE): conflict} if refuses else {}),
        tags=["alerts"],
    )


class StepView(AlertAPIView):
    def take(self, alert_id: str, body: Serializer[Any], verb: Callable[..., None]) -> Response:
        """What the body asks for are the arguments of the verb."""
        body.is_valid(raise_exception=True)
        asked, now = dict(body.validated_data), timezone.now()
        alert = self.row(Alert.objects.all(), alert_id)
        actor = ByKey(self.key, self.member("actor", asked.pop("actor", None)))
        if "owner" in asked:
            asked["owner"] = self.member("owner", asked["owner"])
        try:
            verb(alert.pk, actor=actor, at=now, **asked)
        except alerts.UnableToChangeAlertError as error:
            raise problem_of(error) from None
        except alerts.UnableToSnoozeError:
            raise Problem(400, "invalid_until", "until: give a time to come, within ten years, or null.") from None
        return Response(alert_detail_json(self.alert(alert_id, as_of=now), organization=self.organization))

    def member(self, field: str, called: str | None) -> Any:
        return None if called is None else member_called(called, self.organization, field=field)


class AcknowledgeView(StepView):
    @described("acknowledge", "Acknowledge an alert: the first wins")
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, StepBody(data=request.data), alerts.acknowledge_alert)


class AssignView(StepView):
    @described("assign", "Give an alert to a member, or to nobody", request=AssignBody)
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, AssignBody(data=request.data), alerts.assign_alert)


class SnoozeView(StepView):
    @described("snooze", "Keep an alert quiet until a time, or until it changes", request=SnoozeBody)
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, SnoozeBody(data=request.data), alerts.snooze_alert)


class WakeView(StepView):
    @described("wake", "End the snooze of an alert")
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, StepBody(data=request.data), alerts.wake_alert)


class ResolveView(StepView):
    @described("resolve", "Resolve an alert: it stays quiet while its condition lasts, unless that gets worse")
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, StepBody(data=request.data), alerts.resolve_alert)


class ReopenView(StepView):
    @described("reopen", "Open a resolved alert again")
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, StepBody(data=request.data), alerts.reopen_alert)


class NoteView(StepView):
    @described("note_on", "Add a note to the log of an alert", request=NoteBody, refuses=False)
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, NoteBody(data=request.data), alerts.note_on_alert)


class JudgeView(StepView):
    @described("judge", "Say whether an alert was useful or noise", request=JudgeBody, refuses=False)
    def post(self, request: Request, alert_id: str) -> Response:
        return self.take(alert_id, JudgeBody(data=request.data), alerts.judge_alert)


def problem_of(error: alerts.UnableToChangeAlertError) -> Problem:
    """A 409 says who came first; what went away meanwhile was never there."""
    if isinstance(error, alerts.NotAMemberError):
        return Problem(400, "unknown_owner", "owner: this is no member any more. Give another one, or null.")
    if error.reason not in REFUSED:
        return not_found()
    code, sentence = REFUSED[error.reason]
    name = who_took(error.by.get_full_name() or error.by.username if error.by else "", error.key)
    first = f", on {error.at.astimezone(UTC):%Y-%m-%d at %H:%M} UTC by {name or 'itself'}" if error.at else ""
    return Problem(409, code, sentence.format(first=first), by=taker_json(error.by, error.key), at=error.at)
