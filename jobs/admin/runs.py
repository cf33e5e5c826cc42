from typing import Any

from django.contrib import admin, messages
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.defaultfilters import truncatechars
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import OPERATORS_ONLY, NotWrittenByHand, TenantModelAdmin
from accounts.audit import record_audit
from accounts.models import User
from jobs.asking import SwitchedOffError, check_switches
from jobs.definitions import Job, UnknownJobError, job_named
from jobs.ledger import begin_run
from jobs.models import JobRun, JobUnit
from jobs.reports import counts_of
from jobs.status import job_states, progress_of

UNITS_SHOWN = 50
LABELS = {
    JobRun.Status.RUNNING: "info",
    JobRun.Status.SUCCEEDED: "success",
    JobRun.Status.PARTIAL: "warning",
    JobRun.Status.FAILED: "danger",
    JobRun.Status.SKIPPED_LATE: "warning",
}
WORST_FIRST = Case(
    When(status="failed", then=0), When(status="claimed", then=1), default=Value(2), output_field=IntegerField()
)


@admin.register(JobRun)
class JobRunAdmin(NotWrittenByHand, TenantModelAdmin):
    """Runs are read here and begun on the page of all jobs; nobody edits the ledger."""

    viewers = adders = changers = OPERATORS_ONLY
    list_display = ("job", "period", "organization", "state", "progress", "rate", "took", "trigger", "started_at")
    list_filter = ("status", "job", "trigger")
    list_select_related = ("organization",)
    search_fields = ("job", "period", "organization__slug")
    search_help_text = _("Search by job, period or organization")
    ordering = ("-started_at", "-id")
    list_fullwidth = True
    fields = (
        ("job", "period"),
        ("status", "progress"),
        ("organization", "generation"),
        ("trigger", "triggered_by"),
        ("due_at", "started_at"),
        ("ended_at", "took"),
        "parameters",
        "counted",
        "rate",
        "failures",
        "pieces",
    )
    readonly_fields = tuple(name for row in fields for name in (row if isinstance(row, tuple) else (row,)))

    def get_urls(self) -> list[URLPattern]:
        pages = [
            path("status/", self.admin_site.admin_view(self.status_view), name="jobs_status"),
            path("run/<slug:name>/", self.admin_site.admin_view(self.run_view), name="jobs_run_now"),
        ]
        return pages + list(super().get_urls())

    def status_view(self, request: HttpRequest) -> HttpResponse:
        """All jobs; asked by htmx, only the table, which is how a run's progress stays fresh."""
        self._require_operator(request)
        states = job_states(as_of=timezone.now())
        context = {"states": states, "is_running": any(state.progress for state in states)}
        if request.headers.get("HX-Request"):
            return render(request, "admin/jobs/status_table.html", context)
        page = self.admin_site.each_context(request) | context | {"title": gettext("Jobs")}
        return TemplateResponse(request, "admin/jobs/status.html", page)

    def run_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """Asks first, begins the run on POST. The workers do the work, so the page does not wait for it."""
        self._require_operator(request)
        try:
            job = job_named(name)
        except UnknownJobError:
            raise Http404 from None
        now = timezone.now()
        period = job.every.period_of(now)
        refused = _refusal(job)
        if request.method == "POST" and not refused:
            self._run_now(request, job)
            return HttpResponseRedirect(reverse("admin:jobs_status"))
        done = JobRun.objects.filter(job=job.name, period=period.key, organization=None).first()
        told = {"title": job.title, "job": job, "period": period, "done": done, "refused": refused}
        page = self.admin_site.each_context(request) | told
        return TemplateResponse(request, "admin/jobs/run_now.html", page)

    def _run_now(self, request: HttpRequest, job: Job) -> None:
        now = timezone.now()
        assert isinstance(request.user, User)  # noqa: S101 - admin_view lets nobody else in
        begun = begin_run(
            job,
            job.every.period_of(now),
            trigger=JobRun.Trigger.ADMIN,
            triggered_by=request.user,
            due_at=now,
            now=now,
            again=True,
        )
        if begun.is_new:
            record_audit("job.run", subject=begun.run, organization=None, actor=request.user)
            messages.success(request, gettext("The run has begun."))
        else:
            messages.info(request, gettext("This run was going on already."))

    def _require_operator(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise Http404

    @display(description=_("state"), label=LABELS, ordering="status")
    def state(self, run: JobRun) -> tuple[str, str]:
        return run.status, run.get_status_display()

    @display(description=_("progress"))
    def progress(self, run: JobRun) -> str:
        progress = getattr(run, "progress_now", None)
        if progress is None:
            return "100 %" if run.ended_at else "–"
        return f"{progress.percent} % ({progress.ended} / {progress.units})"

    @display(description=_("success rate"))
    def rate(self, run: JobRun) -> str:
        return run.success_percent

    @display(description=_("took"))
    def took(self, run: JobRun) -> str:
        if run.duration is None:
            return gettext("%(time)s so far") % {"time": timesince(run.started_at)}
        seconds = run.duration.total_seconds()
        return f"{seconds:.1f} s" if seconds < 120 else timesince(run.started_at, run.ended_at)

    @display(description=_("counts"))
    def counted(self, run: JobRun) -> str:
        try:
            counts = counts_of(run, job=job_named(run.job))
        except UnknownJobError:
            counts = run.counts
        return format_html_join("", "<div>{}: {}</div>", sorted(counts.items())) or "–"

    @display(description=_("errors"))
    def failures(self, run: JobRun) -> str:
        lines = ((_subject(error), truncatechars(error.get("message", ""), 300)) for error in run.errors)
        more = run.error_count - len(run.errors)
        shown = format_html_join("", "<div><b>{}</b> {}</div>", lines)
        return (shown + (gettext("and %d more") % more if more > 0 else "")) or "–"

    @display(description=_("units"))
    def pieces(self, run: JobRun) -> str:
        units = JobUnit.objects.filter(run=run, generation=run.generation).select_related("organization")
        lines = (
            (
                unit.organization.slug if unit.organization else gettext("installation"),
                _range(unit.first_client, unit.last_client),
                unit.get_status_display(),
                gettext("attempt %d") % unit.attempt,
                truncatechars(unit.error, 200),
            )
            for unit in units.order_by(WORST_FIRST, "-id")[:UNITS_SHOWN]
        )
        return format_html_join("", "<div><b>{}</b> {} · {} · {} {}</div>", lines) or "–"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The progress of all the running runs of a page is one query."""
        changelist = super().get_changelist_instance(request)
        runs = list(changelist.result_list)
        progress = progress_of(runs, as_of=timezone.now())
        for run in runs:
            run.progress_now = progress.get(run.pk)
        changelist.result_list = runs
        return changelist

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        run = super().get_object(request, object_id, from_field)
        if run is not None:
            run.progress_now = progress_of([run], as_of=timezone.now()).get(run.pk)
        return run


def _refusal(job: Job) -> str:
    try:
        check_switches(job)
    except SwitchedOffError as error:
        return str(error)
    return ""


def _subject(error: dict[str, Any]) -> str:
    clients = _range(error.get("firstClient"), error.get("lastClient"))
    return f"{error.get('organization', gettext('installation'))} {clients}".strip()


def _range(first: int | None, last: int | None) -> str:
    if first is None and last is None:
        return ""
    if first == last:
        return gettext("client %d") % first if first is not None else ""
    return gettext("clients %(first)s–%(last)s") % {"first": first or "", "last": last or ""}
