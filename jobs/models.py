from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User


class JobRun(models.Model):
    """One job for one scope and period: whoever inserts the row runs it, everybody else joins or waits.

    Running the same period again reuses the row with the next `generation`.
    """

    class Trigger(models.TextChoices):
        CLOCK = "clock", _("Clock")
        ENDPOINT = "endpoint", _("Cron endpoint")
        ADMIN = "admin", _("Admin")
        COMMAND = "command", _("Command")

    class Status(models.TextChoices):
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        PARTIAL = "partial", _("Partly failed")
        FAILED = "failed", _("Failed")
        SKIPPED_LATE = "skipped_late", _("Skipped: too late")

    job = models.CharField(_("job"), max_length=50)
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="+", help_text=_("Empty: all of them.")
    )
    period = models.CharField(_("period"), max_length=40, help_text=_("ISO date, or ISO hour for hourly jobs."))
    generation = models.PositiveIntegerField(_("times run"), default=1)
    trigger = models.CharField(_("trigger"), max_length=10, choices=Trigger)
    triggered_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.RUNNING)
    parameters = models.JSONField(_("parameters"), default=dict, blank=True)
    due_at = models.DateTimeField(_("due"))
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    counts = models.JSONField(_("counts"), default=dict)
    errors = models.JSONField(_("errors"), default=list, help_text=_("The first 100: subject and message."))
    error_count = models.PositiveIntegerField(_("errors in all"), default=0)

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "job", "period"], name="jobs_run_one_per_period", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["job", "-started_at"], name="jobs_run_newest"),
            models.Index(fields=["status"], name="jobs_run_running", condition=Q(status="running")),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.period}"

    @property
    def duration(self) -> timedelta | None:
        return self.ended_at - self.started_at if self.ended_at else None

    @property
    def success_rate(self) -> float | None:
        """0..1, of what was worked on; None while nothing was."""
        processed = self.counts.get("processed", 0)
        return 1 - self.counts.get("failed", 0) / processed if processed else None

    @property
    def success_percent(self) -> str:
        rate = self.success_rate
        return "–" if rate is None else f"{100 * rate:.1f} %"


class JobUnit(models.Model):
    """A piece of a run: one organization, or a range of its clients' ids.

    Both ends of the range are included, an empty end is open; no organization is the whole installation.
    Whoever works on a unit holds a lock on its row, so a claimed row that can be locked lost its worker.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        CLAIMED = "claimed", _("Being worked on")
        DONE = "done", _("Done")
        SPLIT = "split", _("Split")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(JobRun, models.CASCADE, db_index=False, related_name="units")
    generation = models.PositiveIntegerField()
    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, db_index=False, related_name="+"
    )
    first_client = models.BigIntegerField(null=True)
    last_client = models.BigIntegerField(null=True)
    available_at = models.DateTimeField(help_text=_("Not worked on before: the period ends then over there."))
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("work unit")
        verbose_name_plural = _("work units")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "generation", "organization", "first_client", "last_client"],
                name="jobs_unit_one_per_range",
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["run", "-id"], name="jobs_unit_open", condition=Q(status__in=["pending", "claimed"])),
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.organization_id} {self.first_client}–{self.last_client}"


class Watermark(models.Model):
    """Up to when the due times of a job have been turned into runs."""

    job = models.CharField(_("job"), max_length=50, primary_key=True)
    handled_until = models.DateTimeField(_("handled until"))

    class Meta:
        verbose_name = _("watermark")
        verbose_name_plural = _("watermarks")

    def __str__(self) -> str:
        return f"{self.job} until {self.handled_until}"
