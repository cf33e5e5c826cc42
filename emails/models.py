from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization


class OutboxEmail(models.Model):
    """A mail with its bytes frozen. Queued in the transaction of its cause, sent after it.

    pending → claimed (lease) → calling (committed just before the call) → sent, retry, failed or uncertain.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        CLAIMED = "claimed", _("Claimed")
        CALLING = "calling", _("Being handed over")
        RETRY = "retry", _("To be tried again")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")

    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=50)
    key = models.CharField(_("key"), max_length=200, help_text=_("One mail for a kind, key and address, ever."))
    to_address = models.CharField(_("to"), max_length=320)
    subject = models.CharField(_("subject"), max_length=255)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.PENDING)
    attempt = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    lease_until = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(_("queued"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        verbose_name = _("outgoing mail")
        verbose_name_plural = _("outgoing mail")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "kind", "key", "to_address"],
                name="emails_outbox_one_per_key_and_address",
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"],
                name="emails_outbox_open",
                condition=models.Q(status__in=["pending", "claimed", "calling", "retry"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
