from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from emails.models.outbox import OutboxEmail


class MailActivity(models.Model):
    """What became of a mail after it was sent, as our own links or the provider tell. Never feeds a score."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        OPENED = "opened", _("Opened")
        CLICKED = "clicked", _("Clicked")
        BOUNCED = "bounced", _("Bounced")
        DEFERRED = "deferred", _("Deferred")
        REJECTED = "rejected", _("Rejected")
        COMPLAINED = "complained", _("Complained of")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")

    class Source(models.TextChoices):
        OWN = "own", _("Own link")
        PROVIDER = "provider", _("Mail provider")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    email = models.ForeignKey(
        OutboxEmail, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="activity"
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    source = models.CharField(_("source"), max_length=8, choices=Source)
    at = models.DateTimeField(_("at"))
    is_automatic = models.BooleanField(
        _("by a machine"),
        default=False,
        help_text=_("A scanner or a proxy of the mail program, as far as can be told."),
    )
    link = models.CharField(_("link"), max_length=2000, blank=True)
    event_key = models.CharField(_("event"), max_length=255, help_text=_("The same event told again is one row."))
    detail = models.CharField(_("detail"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("mail activity")
        verbose_name_plural = _("mail activity")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "email", "source", "kind", "event_key"], name="emails_activity_one_per_event"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email_id} {self.kind}"
