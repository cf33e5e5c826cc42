from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class OperatorAlert(models.Model):
    """Something about the installation itself that its operator must know. One is open per matter."""

    class Kind(models.TextChoices):
        JOB_LATE = "job_late", _("A job is late")
        JOB_FAILING = "job_failing", _("A job fails repeatedly")
        MAIL_UNCERTAIN = "mail_uncertain", _("Of some mails it is not known whether they were sent")
        MAIL_WAITS = "mail_waits", _("Mail that is due is not handed over")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    matter = models.CharField(_("matter"), max_length=100)
    evidence = models.JSONField(_("evidence"), default=dict)
    opened_at = models.DateTimeField(_("opened"))
    last_seen_at = models.DateTimeField(_("last seen"))
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)

    class Meta:
        verbose_name = _("operator alert")
        verbose_name_plural = _("operator alerts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "matter"],
                name="health_operator_alert_one_open_per_matter",
                condition=models.Q(resolved_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.matter}"
