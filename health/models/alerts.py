from datetime import datetime
from functools import reduce
from operator import or_
from typing import ClassVar, Self

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User


class AlertQuerySet(models.QuerySet["Alert"]):
    """A snooze ends by its time, so that most of these depend on the moment."""

    def unresolved(self) -> Self:
        return self.filter(resolved_at=None)

    def in_status(self, *statuses: "Alert.Status", as_of: datetime) -> Self:
        return self.filter(reduce(or_, (has_status(status, as_of) for status in statuses)))

    def open_alerts(self, *, as_of: datetime) -> Self:
        """Those that nobody has resolved, acknowledged or snoozed."""
        return self.in_status(Alert.Status.OPEN, as_of=as_of)

    def with_status(self, *, as_of: datetime) -> Self:
        """Annotate `status`, one of Alert.Status."""
        return self.annotate(
            status=Case(
                When(resolved_at__isnull=False, then=Value(Alert.Status.RESOLVED.value)),
                When(is_snoozed(as_of), then=Value(Alert.Status.SNOOZED.value)),
                When(acknowledged_at__isnull=False, then=Value(Alert.Status.ACKNOWLEDGED.value)),
                default=Value(Alert.Status.OPEN.value),
                output_field=models.CharField(),
            )
        )

    def with_keys(self) -> Self:
        """Annotate by which API keys it was last acknowledged, snoozed and resolved: `acknowledged_key` and so on."""
        steps = (AlertEntry.Step.ACKNOWLEDGED, AlertEntry.Step.SNOOZED, AlertEntry.Step.RESOLVED)
        return self.annotate(**{f"{step.value}_key": _key_of(step) for step in steps})

    def worst_first(self) -> Self:
        """The severest, and of those the oldest."""
        return self.order_by("-severity", "opened_at", "id")


def is_snoozed(as_of: datetime) -> Q:
    """Of an unresolved alert."""
    return Q(snoozed_at__isnull=False) & (Q(snoozed_until=None) | Q(snoozed_until__gt=as_of))


def _key_of(step: "AlertEntry.Step") -> Subquery:
    entries = AlertEntry.objects.filter(
        organization=OuterRef("organization"), alert=OuterRef("pk"), step=step, at=OuterRef(f"{step.value}_at")
    )
    return Subquery(entries.order_by("-id").values("api_key")[:1])


def has_status(status: "Alert.Status", as_of: datetime) -> Q:
    if status == Alert.Status.RESOLVED:
        return Q(resolved_at__isnull=False)
    if status == Alert.Status.SNOOZED:
        return Q(resolved_at=None) & is_snoozed(as_of)
    is_open = status == Alert.Status.OPEN
    return Q(resolved_at=None, acknowledged_at__isnull=is_open) & ~is_snoozed(as_of)


class Alert(models.Model):
    """Something about a client that staff must know. One lasts for a client and matter.

    Its state is told by its times: resolved, else snoozed (until a time or until it changes), else
    acknowledged, else open. An alert that a member resolved while its condition lasted has no `ended_at` yet
    and keeps that condition quiet. `good_evaluations` counts those in a row that found it better, the last of
    them at `good_at`.
    """

    class Kind(models.TextChoices):
        INACTIVITY = "inactivity", _("Inactivity")
        ZERO_ACTIVITY = "zero_activity", _("Zero activity")
        USER_INACTIVITY = "user_inactivity", _("Long inactivity")
        TASK_STALLED = "task_stalled", _("Task stalled")
        SCORE_DROP = "score_drop", _("Score drop")
        CHURN_RISK = "churn_risk", _("Churn risk")

    class Matter(models.TextChoices):
        """Inactivity, zero activity and long inactivity are steps of one matter."""

        SILENCE = "silence", _("Silence")
        TASKS = "tasks", _("Tasks")
        SCORE = "score", _("Score")
        CHURN = "churn", _("Churn")

    class Severity(models.IntegerChoices):
        INFO = 1, _("Info")
        WARNING = 2, _("Warning")
        CRITICAL = 3, _("Critical")

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        SNOOZED = "snoozed", _("Snoozed")
        RESOLVED = "resolved", _("Resolved")

    class Resolution(models.TextChoices):
        CONDITION_ENDED = "condition_ended", _("The condition ended")
        CLIENT_LEFT_OUT = "client_left_out", _("The client is not watched any more")
        RULE_OFF = "rule_off", _("The rule was switched off or changed")
        BY_HAND = "by_hand", _("Resolved by hand")

    class Verdict(models.TextChoices):
        USEFUL = "useful", _("Useful")
        NOISE = "noise", _("Noise")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="alerts")
    matter = models.CharField(_("matter"), max_length=10, choices=Matter)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    evidence = models.JSONField(_("evidence"), default=dict)
    opened_at = models.DateTimeField(_("opened"))
    changed_at = models.DateTimeField(_("changed"), help_text=_("When kind or severity last changed, or it reopened."))
    ended_at = models.DateTimeField(
        _("ended"), null=True, blank=True, help_text=_("When the condition was found to be over.")
    )
    reopened_count = models.PositiveIntegerField(_("reopened"), default=0)
    good_evaluations = models.PositiveSmallIntegerField(default=0)
    good_at = models.DateTimeField(null=True, blank=True)

    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )  # fmt: skip
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    snoozed_at = models.DateTimeField(_("snoozed"), null=True, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True, help_text=_("Empty: it changes."))
    snoozed_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    resolution = models.CharField(_("why resolved"), max_length=20, choices=Resolution, blank=True)
    verdict = models.CharField(_("verdict"), max_length=6, choices=Verdict, blank=True)
    verdict_at = models.DateTimeField(null=True, blank=True)
    verdict_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    objects: ClassVar[AlertQuerySet] = AlertQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "client", "matter"],
                name="health_alert_one_open_per_matter",
                condition=Q(ended_at=None),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(resolved_at__isnull=False), name="health_alert_ends_resolved"
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None, resolution="") | (Q(resolved_at__isnull=False) & ~Q(resolution="")),
                name="health_alert_resolved_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organization", "-severity", "opened_at"],
                name="health_alert_worst_first",
                condition=Q(resolved_at=None),
            ),
            models.Index(fields=["organization", "client", "matter", "-ended_at"], name="health_alert_of_client"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.client_id}"


class AlertEntry(models.Model):
    """One step in the life of an alert. Rows are only ever added.

    Without `actor` and `api_key` a check took it. With both, the key's program says that the actor did.
    """

    class Step(models.TextChoices):
        OPENED = "opened", _("Opened")
        ESCALATED = "escalated", _("Escalated")
        EASED = "eased", _("Eased")
        REOPENED = "reopened", _("Reopened")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        ASSIGNED = "assigned", _("Assigned")
        SNOOZED = "snoozed", _("Snoozed")
        WOKEN = "woken", _("Woken")
        RESOLVED = "resolved", _("Resolved")
        NOTED = "noted", _("Noted")
        JUDGED = "judged", _("Judged")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    alert = models.ForeignKey(Alert, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="entries")
    step = models.CharField(_("step"), max_length=12, choices=Step)
    actor = models.ForeignKey(
        User, models.DO_NOTHING, null=True, blank=True, db_index=False, related_name="+", verbose_name=_("by")
    )
    api_key = models.CharField(
        _("by API key"), max_length=120, blank=True, default="", db_default="", help_text=_("As it was called then.")
    )
    at = models.DateTimeField(_("at"))
    before = models.JSONField(_("from"), default=dict)
    after = models.JSONField(_("to"), default=dict)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("alert entry")
        verbose_name_plural = _("alert entries")
        indexes: ClassVar = [
            models.Index(fields=["organization", "alert", "at"], name="health_alertentry_of_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.step}"
