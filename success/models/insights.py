from typing import ClassVar

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization


class Insight(models.Model):
    """Something worth telling a client about the week before `period_end`: one of a kind for client and week.

    `evidence` is what the rule counted, by the names that the API shows. Title and text are made of kind and
    evidence when read, in the reader's language.
    """

    class Kind(models.TextChoices):
        WEEKLY_SUMMARY = "weekly_summary", _("Weekly summary")
        ACHIEVEMENT = "achievement", _("Achievement")
        RECOMMENDATION = "recommendation", _("Recommendation")
        MILESTONE = "milestone", _("Milestone")
        TIP = "tip", _("Tip")

    class Status(models.TextChoices):
        UNREAD = "unread", _("Unread")
        READ = "read", _("Read")
        DISMISSED = "dismissed", _("Dismissed")
        ACTED_ON = "acted_on", _("Acted on")

    class Priority(models.IntegerChoices):
        LOW = 1, _("Low")
        NORMAL = 2, _("Normal")
        HIGH = 3, _("High")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="insights")
    kind = models.CharField(_("type"), max_length=14, choices=Kind)
    period_end = models.DateField(_("period end"))
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    evidence = models.JSONField(_("evidence"), default=dict)
    action_url = models.CharField(
        _("action"), max_length=500, blank=True, help_text=_("A path of this installation, or the organization's app.")
    )
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    acted_at = models.DateTimeField(_("acted on"), null=True, blank=True)
    dismissed_at = models.DateTimeField(_("dismissed"), null=True, blank=True)
    status = models.GeneratedField(
        verbose_name=_("status"),
        expression=Case(
            When(Q(dismissed_at__isnull=False), then=Value(Status.DISMISSED.value)),
            When(Q(acted_at__isnull=False), then=Value(Status.ACTED_ON.value)),
            When(Q(read_at__isnull=False), then=Value(Status.READ.value)),
            default=Value(Status.UNREAD.value),
        ),
        output_field=models.CharField(max_length=9, choices=Status),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("insight")
        verbose_name_plural = _("insights")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "client", "period_end", "kind"], name="success_insight_one_of_a_kind_a_week"
            ),
        ]
        indexes: ClassVar = [
            # Expiry follows from the period end, so that this one serves the job, the clean-up and the admin's list.
            models.Index(fields=["organization", "period_end", "priority", "id"], name="success_insight_of_period"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.period_end}"
