from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]
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
