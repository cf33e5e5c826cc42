"""The cron endpoints: the clock's work, asked for from outside with the installation's secret."""

import hmac
import time
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.problems import CONTENT_TYPE, Problem
from jobs.asking import SwitchedOffError, check_switches
from jobs.cron_requests import Asked, read_request
from jobs.definitions import Job, UnknownJobError, job_named, sequels_of
from jobs.ledger import Begun, begin_run
from jobs.models import JobRun
from jobs.reconciling import reconcile
from jobs.reports import report
from jobs.running import Patience, work_on

PARAMETERS = [
    OpenApiParameter("organization", str, description="Slug: only this organization, again if need be."),
    OpenApiParameter(
        "periodEnd",
        OpenApiTypes.DATE,
        description="The end of the period, of calendar jobs. Weeks end on Mondays; scores may be asked for any day.",
    ),
    OpenApiParameter("asOf", OpenApiTypes.DATETIME, description="A time: its newest ended period is run."),
]
ANSWERS = {
    200: OpenApiResponse(
        OpenApiTypes.OBJECT,
        "What can be done by now is done: the run's counts and errors. `deferred` parts wait for their midnight.",
    ),
    202: OpenApiResponse(OpenApiTypes.OBJECT, "The run goes on: its counts so far, and what is `pending`."),
    (409, CONTENT_TYPE): OpenApiResponse(
        {"$ref": "#/components/schemas/Problem"},
        "The organization is not active; or its automatic work is switched off, and the job writes to clients.",
    ),
}


class CronSecret(BaseAuthentication):
    """`Authorization: Bearer $CRON_SECRET`. Without a configured secret nobody gets in, in any mode."""

    def authenticate(self, request: Request) -> None:
        secret = settings.CRON_SECRET
        if not secret:
            raise Problem(401, "cron_closed", "The cron endpoints are closed: CRON_SECRET is not set.")
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), secret.encode()):
            raise Problem(401, "wrong_secret", "Send Authorization: Bearer and the CRON_SECRET of this installation.")

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="cron"'


class CronView(APIView):
    """Run a job now and wait for it: 200 with its counts, 202 when it takes longer than one may wait.

    Without a body it runs the current period unless that is done already. With `periodEnd`, `asOf` or
    `organization` it runs again. Two requests at once join one run.
    """

    authentication_classes = (CronSecret,)
    permission_classes = (AllowAny,)
    parser_classes = ()

    @extend_schema(
        operation_id="cron_run",
        parameters=PARAMETERS,
        request=OpenApiTypes.OBJECT,
        responses=ANSWERS,
    )
    def post(self, request: Request, name: str) -> Response:
        return self.run_job(request, name)

    @extend_schema(operation_id="cron_run_by_get", parameters=PARAMETERS, request=None, responses=ANSWERS)
    def get(self, request: Request, name: str) -> Response:
        return self.run_job(request, name)

    def run_job(self, request: Request, name: str) -> Response:
        try:
            job = job_named(name)
        except UnknownJobError:
            raise Problem(404, "unknown_job", "There is no job of this name.") from None
        now = timezone.now()
        asked = read_request(request, job=job, now=now)
        if not settings.ENABLE_SUCCESS_CRONS:
            return Response(dict.fromkeys(job.count_names, 0) | {"errors": [], "disabled": True})
        _check_switches(job, asked)
        begun = _begin(job, asked, now=now)
        already_done = not begun.is_new and begun.run.status != JobRun.Status.RUNNING
        reports = [report(run, job=job_named(run.job), now=timezone.now()) for run in _work(job, begun, asked)]
        body = reports[0].as_json() | {"alreadyDone": already_done}
        return Response(body, status=202 if any(each.pending for each in reports) else 200)


def _check_switches(job: Job, asked: Asked) -> None:
    try:
        check_switches(job, organization=asked.organization)
    except SwitchedOffError as error:
        raise Problem(409, "organization_switched_off", str(error)) from None


def _begin(job: Job, asked: Asked, *, now: datetime) -> Begun:
    if not asked.is_explicit:
        # What was missed before comes first; the run of the current period waits for it.
        reconcile(job, now=now, trigger=JobRun.Trigger.ENDPOINT)
    return _begin_asked(job, asked, now=now)


def _begin_asked(job: Job, asked: Asked, *, now: datetime) -> Begun:
    return begin_run(
        job,
        asked.period,
        organization=asked.organization,
        trigger=JobRun.Trigger.ENDPOINT,
        due_at=now,
        now=now,
        again=asked.is_explicit,
    )


def _work(job: Job, begun: Begun, asked: Asked) -> list[JobRun]:
    """The run as it is when patience is over, and those of the jobs that add to its report."""
    deadline = time.monotonic() + settings.CRON_WAIT_SECONDS
    runs = [begun.run, *(_begin_asked(sequel, asked, now=timezone.now()).run for sequel in sequels_of(job))]
    return [work_on(run, patience=Patience(deadline - time.monotonic(), waits=True)) for run in runs]
