from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User
from health.models.alerts import Alert

HOURS = [MinValueValidator(1), MaxValueValidator(24 * 365)]
DAYS = [MinValueValidator(1), MaxValueValidator(3650)]
POINTS = [MinValueValidator(1), MaxValueValidator(100)]


class HealthPolicy(models.Model):
    """The levels at which alerts are raised and cleared: one version, never edited in place.

    In force is the organization's newest version, else the newest platform default (no organization).
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="health_policies",
        help_text=_("Empty: the platform default."),
    )  # fmt: skip
    version = models.PositiveIntegerField(_("version"), editable=False)
    note = models.CharField(_("why"), max_length=500, blank=True)
    inactivity_hours = models.PositiveSmallIntegerField(_("inactivity after, hours"), default=48, validators=HOURS)
    zero_activity_hours = models.PositiveSmallIntegerField(
        _("zero activity after, hours"), default=72, validators=HOURS
    )
    user_inactivity_days = models.PositiveSmallIntegerField(
        _("user inactivity after, days"), default=21, validators=DAYS
    )
    user_inactivity_high_days = models.PositiveSmallIntegerField(
        _("user inactivity is high after, days"), default=45, validators=DAYS
    )
    stalled_hours = models.PositiveSmallIntegerField(
        _("a task in progress is stalled after, hours"), default=72, validators=HOURS
    )
    drop_points = models.PositiveSmallIntegerField(_("score drop from, points"), default=20, validators=POINTS)
    drop_critical_points = models.PositiveSmallIntegerField(
        _("score drop is critical from, points"), default=30, validators=POINTS
    )
    risk_below = models.PositiveSmallIntegerField(_("churn risk under a score of"), default=40, validators=POINTS)
    clear_points = models.PositiveSmallIntegerField(
        _("a score alert clears at so many points above"),
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
    )
    clear_evaluations = models.PositiveSmallIntegerField(
        _("and after so many good evaluations"), default=3, validators=[MinValueValidator(1), MaxValueValidator(168)]
    )
    reopen_hours = models.PositiveSmallIntegerField(
        _("the same alert reopens within, hours"), default=24, validators=HOURS
    )
    counts_business_days = models.BooleanField(
        _("count business days only"), default=False, help_text=_("Saturdays, Sundays and holidays do not count.")
    )
    switched_off = ArrayField(
        models.CharField(max_length=20, choices=Alert.Kind),
        verbose_name=_("switched off"),
        default=list,
        blank=True,
        help_text=_("Rules that raise no alerts here."),
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("health policy")
        verbose_name_plural = _("health policies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "version"], name="health_policy_one_per_version", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(zero_activity_hours__gt=F("inactivity_hours"))
                & Q(zero_activity_hours__lt=F("user_inactivity_days") * 24)
                & Q(user_inactivity_high_days__gt=F("user_inactivity_days")),
                name="health_policy_silence_in_order",
                violation_error_message=_("The levels of silence must follow each other."),
            ),
            models.CheckConstraint(
                condition=Q(drop_critical_points__gt=F("drop_points")),
                name="health_policy_drops_in_order",
                violation_error_message=_("A critical drop must be deeper than a drop."),
            ),
            models.CheckConstraint(
                condition=Q(clear_points__gte=1, clear_points__lt=F("drop_points"))
                & Q(risk_below__lte=100 - F("clear_points")),
                name="health_policy_levels_can_clear",
                violation_error_message=_("The level that clears a score alert must be one that scores can reach."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization or _('Platform default')} v{self.version}"


class Holiday(models.Model):
    """A day that an organization which counts business days does not count."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="holidays")
    day = models.DateField(_("day"))
    name = models.CharField(_("name"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("holiday")
        verbose_name_plural = _("holidays")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "day"], name="health_holiday_one_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.name}".strip()
