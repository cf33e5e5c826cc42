from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization


class Feedback(models.Model):
    """One answer of a client: NPS 0–10 or CSAT 1–5."""

    class Kind(models.TextChoices):
        NPS = "nps", _("NPS")
        CSAT = "csat", _("CSAT")

    class Channel(models.TextChoices):
        DASHBOARD = "dashboard", _("Dashboard")
        LINK = "link", _("Link")
        API = "api", _("API")
        STAFF = "staff", _("Entered by staff")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="feedback"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="feedback")
    kind = models.CharField(_("kind"), max_length=4, choices=Kind)
    rating = models.PositiveSmallIntegerField(_("rating"))
    comment = models.TextField(_("comment"), blank=True)
    channel = models.CharField(
        _("given through"), max_length=9, choices=Channel, default=Channel.STAFF, db_default=Channel.STAFF.value
    )
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
            models.Index(fields=["organization", "given_at"], name="success_feedback_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.rating}"


class FeedbackRequest(models.Model):
    """A client was asked for feedback: by a link that was handed out, or on the dashboard and declined.

    It is answered once; the link of an answered or expired one only says thank you.
    """

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(
        Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="feedback_requests"
    )
    kind = models.CharField(_("kind"), max_length=4, choices=Feedback.Kind)
    channel = models.CharField(_("asked through"), max_length=9, choices=Feedback.Channel)
    asked_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("expires"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    declined_at = models.DateTimeField(_("declined"), null=True, blank=True)

    class Meta:
        verbose_name = _("feedback request")
        verbose_name_plural = _("feedback requests")
        indexes: ClassVar = [
            models.Index(fields=["organization", "client", "asked_at"], name="success_feedbackrequest_client"),
        ]
