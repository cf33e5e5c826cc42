from datetime import timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]
TREND_AGE = timedelta(days=7)
# Up to here the formula's whole numbers fit into 64 bits.
MOST = 1_000_000
TARGET = [MinValueValidator(1), MaxValueValidator(MOST)]


class Component(models.TextChoices):
    ENGAGEMENT = "engagement", _("Engagement")
    ACTIVATION = "activation", _("Activation")
    PROGRESS = "progress", _("Progress")
    SATISFACTION = "satisfaction", _("Satisfaction")
    MOMENTUM = "momentum", _("Momentum")


class ScoringPolicy(models.Model):
    """Weights, targets and thresholds of the success score: one version, never edited in place.

    In force for a period end is the organization's newest version with `effective_on` on or before it,
    else the newest such platform default (no organization).
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="scoring_policies",
        help_text=_("Empty: the platform default."),
    )  # fmt: skip
    version = models.PositiveIntegerField(_("version"), editable=False)
    effective_on = models.DateField(_("in force from"), help_text=_("The first period end that it scores."))
    note = models.CharField(_("why"), max_length=500, blank=True)
    engagement_weight = models.PositiveSmallIntegerField(_("engagement, %"), default=25, validators=PERCENT)
    activation_weight = models.PositiveSmallIntegerField(_("activation, %"), default=20, validators=PERCENT)
    progress_weight = models.PositiveSmallIntegerField(_("progress, %"), default=25, validators=PERCENT)
    satisfaction_weight = models.PositiveSmallIntegerField(_("satisfaction, %"), default=15, validators=PERCENT)
    momentum_weight = models.PositiveSmallIntegerField(_("momentum, %"), default=15, validators=PERCENT)
    active_days_target = models.PositiveSmallIntegerField(
        _("active days in 30 for full marks"), default=20, validators=[MinValueValidator(1), MaxValueValidator(30)]
    )
    events_target = models.PositiveIntegerField(_("events in 30 days for full marks"), default=100, validators=TARGET)
    high_value_target = models.PositiveIntegerField(
        _("high-value events in 30 days for full marks"), default=20, validators=TARGET
    )
    content_target = models.PositiveIntegerField(_("contents in 30 days for full marks"), default=8, validators=TARGET)
    visual_target = models.PositiveIntegerField(_("visuals in 30 days for full marks"), default=8, validators=TARGET)
    new_client_days = models.PositiveSmallIntegerField(
        _("silence is not held against a client younger than, days"), default=7
    )
    momentum_client_days = models.PositiveSmallIntegerField(_("momentum is measured from an age of, days"), default=14)
    momentum_events = models.PositiveSmallIntegerField(_("momentum is measured from, events in two weeks"), default=5)
    excellent_from = models.PositiveSmallIntegerField(_("excellent from"), default=80, validators=PERCENT)
    good_from = models.PositiveSmallIntegerField(_("good from"), default=60, validators=PERCENT)
    attention_from = models.PositiveSmallIntegerField(_("needs attention from"), default=40, validators=PERCENT)
    band_coverage = models.PositiveSmallIntegerField(
        _("a band needs measured weights of, %"), default=50, validators=PERCENT
    )
    trend_points = models.PositiveSmallIntegerField(_("rising or declining from, points"), default=5)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("scoring policy")
        verbose_name_plural = _("scoring policies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "version"], name="success_policy_one_per_version", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(
                    engagement_weight=100
                    - F("activation_weight")
                    - F("progress_weight")
                    - F("satisfaction_weight")
                    - F("momentum_weight")
                ),
                name="success_policy_weights_sum_to_100",
                violation_error_message=_("The five weights must add up to 100 percent."),
            ),
            models.CheckConstraint(
                condition=Q(
                    active_days_target__range=(1, 30),
                    events_target__range=(1, MOST),
                    high_value_target__range=(1, MOST),
                    content_target__range=(1, MOST),
                    visual_target__range=(1, MOST),
                ),
                name="success_policy_targets_in_range",
                violation_error_message=_("Targets go from 1 to 1,000,000, active days to 30."),
            ),
            models.CheckConstraint(
                condition=Q(
                    excellent_from__gt=F("good_from"),
                    good_from__gt=F("attention_from"),
                    attention_from__gt=0,
                    excellent_from__lte=100,
                ),
                name="success_policy_bands_in_order",
                violation_error_message=_("The bands must begin in the order attention, good, excellent."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization or _('Platform default')} v{self.version}"

    def weight_of(self, component: Component) -> int:
        """Percent."""
        return int(getattr(self, f"{component}_weight"))


class Task(models.Model):
    """Something for a client to do; those of onboarding feed the activation component."""

    class Status(models.TextChoices):
        TODO = "todo", _("To do")
        IN_PROGRESS = "in_progress", _("In progress")
        DONE = "done", _("Done")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="tasks"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="tasks")
    title = models.CharField(_("title"), max_length=255)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.TODO)
    is_onboarding = models.BooleanField(_("onboarding"), default=False)
    due_on = models.DateField(_("due"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status="done", completed_at__isnull=False) | (~Q(status="done") & Q(completed_at=None)),
                name="success_task_done_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "client"], name="success_task_of_client"),
        ]

    def __str__(self) -> str:
        return self.title


class Feedback(models.Model):
    """One answer of a client: NPS 0–10 or CSAT 1–5."""

    class Kind(models.TextChoices):
        NPS = "nps", _("NPS")
        CSAT = "csat", _("CSAT")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="feedback"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="feedback")
    kind = models.CharField(_("kind"), max_length=4, choices=Kind)
    rating = models.PositiveSmallIntegerField(_("rating"))
    comment = models.TextField(_("comment"), blank=True)
    given_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind="nps", rating__range=(0, 10)) | Q(kind="csat", rating__range=(1, 5)),
                name="success_feedback_rating_in_scale",
                violation_error_message=_("NPS goes from 0 to 10, CSAT from 1 to 5."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "client", "given_at"], name="success_feedback_of_client"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.rating}"


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
