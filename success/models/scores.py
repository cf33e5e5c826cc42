from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization
from success.models.policies import ScoringPolicy

TREND_AGE = timedelta(days=7)


class ScoreQuerySet(models.QuerySet["Score"]):
    def with_comparison(self) -> "ScoreQuerySet":
        """Annotate each score with what its trend is against: the client's newest score at least 7 days older.

        Read and not stored, so that weeks may be computed again in any order.
        """
        older = Score.objects.filter(
            organization=OuterRef("organization"),
            client=OuterRef("client"),
            period_end__lte=OuterRef("period_end") - TREND_AGE,
        ).order_by("-period_end")
        return self.select_related("policy").annotate(
            compared_to=Subquery(older.values("period_end")[:1]),
            overall_before=Subquery(older.values("overall")[:1]),
        )


class Score(models.Model):
    """The success score of one client at one period end, with its receipt.

    The receipt is the row: inputs are what the statement read, parts and components what it made of
    them, the policy holds weights and targets. Components and parts are points 0–100 with two decimals;
    None is not measured. Windows are whole days of `timezone` before `period_end`.
    """

    class Band(models.TextChoices):
        EXCELLENT = "excellent", _("Excellent")
        GOOD = "good", _("Good")
        ATTENTION = "attention", _("Needs attention")
        AT_RISK = "at_risk", _("At risk")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="scores")
    period_end = models.DateField(_("period end"))
    policy = models.ForeignKey(ScoringPolicy, models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    timezone = models.CharField(_("timezone"), max_length=63)
    computed_at = models.DateTimeField(_("computed"))

    overall = models.PositiveSmallIntegerField(_("overall"), null=True)
    band = models.CharField(_("band"), max_length=9, choices=Band, blank=True)
    coverage = models.PositiveSmallIntegerField(_("coverage"), help_text=_("Sum of the measured weights, percent."))

    engagement = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    activation = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    progress = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    satisfaction = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    momentum = models.DecimalField(max_digits=5, decimal_places=2, null=True)

    age_days = models.PositiveIntegerField(help_text=_("Since it signed up or was first seen, whichever was earlier."))
    has_events = models.BooleanField()
    active_days_30 = models.PositiveSmallIntegerField()
    events_30 = models.PositiveIntegerField()
    high_value_30 = models.PositiveIntegerField()
    content_30 = models.PositiveIntegerField()
    visual_30 = models.PositiveIntegerField()
    events_week = models.PositiveIntegerField(help_text=_("Events in the 7 days before the period end."))
    events_week_before = models.PositiveIntegerField(help_text=_("Events in the 7 days before those."))
    onboarding_tasks = models.PositiveIntegerField()
    onboarding_done = models.PositiveIntegerField()
    launch_kit_viewed = models.BooleanField()
    feedback_180 = models.PositiveIntegerField(help_text=_("Answers in the 180 days before the period end."))
    feedback_points = models.PositiveIntegerField(help_text=_("Their sum, each as 0–100."))

    objects: ClassVar[ScoreQuerySet] = ScoreQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "client", "period_end"], name="success_score_one_per_client_and_period"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "period_end", "overall"], name="success_score_of_period"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.period_end}: {self.overall}"
