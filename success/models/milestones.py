from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User


class MilestoneDefinition(models.Model):
    """What there is to reach, as data. An organization's own definition replaces the platform's of the same key."""

    class Subject(models.TextChoices):
        CLIENT = "client", _("A client")
        ORGANIZATION = "organization", _("An organization")
        INSTALLATION = "installation", _("The installation")

    class Measure(models.TextChoices):
        """Of a client over all its time, but the score; of an organization the sum over its clients."""

        EVENTS = "events", _("Events")
        ACTIVE_DAYS = "active_days", _("Active days")
        LOGINS = "logins", _("Sign-ins")
        PAGE_VIEWS = "page_views", _("Pages viewed")
        TASKS_COMPLETED = "tasks_completed", _("Tasks completed")
        CONTENT_GENERATED = "content_generated", _("Contents generated")
        VISUALS_CREATED = "visuals_created", _("Visuals created")
        VOICE_INTERACTIONS = "voice_interactions", _("Voice interactions")
        INSIGHTS_REVIEWED = "insights_reviewed", _("Insights reviewed")
        EXPORTS_DOWNLOADED = "exports_downloaded", _("Exports downloaded")
        FEEDBACK_GIVEN = "feedback_given", _("Feedback given")
        ONBOARDING_PERCENT = "onboarding_percent", _("Onboarding done, percent")
        SCORE = "score", _("Success score")
        ACTIVE_CLIENTS = "active_clients", _("Clients active in the last 30 days")
        ACTIVE_ORGANIZATIONS = "active_organizations", _("Active organizations")

    class Reward(models.TextChoices):
        NONE = "", _("None")
        TEXT = "text", _("Text")
        CODE = "code", _("Code")
        LINK = "link", _("Link")

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="milestone_definitions",
        help_text=_("Empty: for every organization."),
    )  # fmt: skip
    key = models.SlugField(_("key"), max_length=60)
    subject = models.CharField(_("reached by"), max_length=12, choices=Subject, default=Subject.CLIENT)
    title = models.CharField(_("title"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True)
    measure = models.CharField(_("measure"), max_length=20, choices=Measure)
    threshold = models.PositiveIntegerField(_("reached at"), validators=[MinValueValidator(1)])
    reward_kind = models.CharField(_("reward"), max_length=4, choices=Reward, blank=True)
    reward = models.CharField(
        _("reward text, code or link"), max_length=500, blank=True, help_text=_("The client sees it once it is given.")
    )
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("milestone definition")
        verbose_name_plural = _("milestone definitions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "key"], name="success_milestonedefinition_one_per_key", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(threshold__gte=1), name="success_milestonedefinition_threshold_positive"
            ),
            models.CheckConstraint(
                condition=Q(reward_kind="", reward="") | (~Q(reward_kind="") & ~Q(reward="")),
                name="success_milestonedefinition_reward_whole",
                violation_error_message=_("A reward has a kind and a text, code or link."),
            ),
            models.CheckConstraint(
                condition=(Q(subject="installation") & Q(measure="active_organizations", organization=None))
                | (Q(subject="organization") & ~Q(measure__in=["active_organizations", "score", "onboarding_percent"]))
                | (Q(subject="client") & ~Q(measure__in=["active_organizations", "active_clients"])),
                name="success_milestonedefinition_measure_fits",
                violation_error_message=_("This cannot be measured of whom it is for."),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Milestone(models.Model):
    """A definition reached: once by each client, organization or installation, and never taken back.

    `reached_on` is the day in the organization's timezone on which what happened reached the threshold,
    `detected_at` when it was noticed; `value` is what was counted then.
    """

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(
        Client, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="milestones"
    )
    definition = models.ForeignKey(
        MilestoneDefinition, models.PROTECT, db_constraint=False, db_index=False, related_name="+"
    )
    threshold = models.PositiveIntegerField(_("threshold"))
    value = models.PositiveBigIntegerField(_("counted"))
    reached_on = models.DateField(_("reached"))
    detected_at = models.DateTimeField(_("detected"))
    celebrated_at = models.DateTimeField(_("celebrated"), null=True, blank=True)
    reward_given_at = models.DateTimeField(_("reward given"), null=True, blank=True)
    reward_given_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "client", "definition"], name="success_milestone_once", nulls_distinct=False
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "-reached_on"], name="success_milestone_newest"),
        ]

    def __str__(self) -> str:
        return str(self.definition)
