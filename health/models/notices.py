from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization, User


class NoticePreference(models.Model):
    """How a member wants to hear of alerts; without a row both, the digest at eight."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    user = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("member"))
    critical_at_once = models.BooleanField(_("critical alerts at once"), default=True)
    daily_digest = models.BooleanField(_("daily digest of the rest"), default=True)
    digest_hour = models.PositiveSmallIntegerField(
        _("hour of the digest"), default=8, validators=[MaxValueValidator(23)],
        help_text=_("0 to 23, in the organization's timezone."),
    )  # fmt: skip
    only_own = models.BooleanField(
        _("only mine and unassigned"), default=False, help_text=_("Leaves out alerts that another member owns.")
    )

    class Meta:
        verbose_name = _("notice preference")
        verbose_name_plural = _("notice preferences")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "user"], name="health_notice_preference_one_per_member"),
        ]
