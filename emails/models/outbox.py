from typing import ClassVar

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization
from emails.categories import Category
from emails.models.contacts import Contact


class OutboxEmail(models.Model):
    """A mail with its bytes frozen. Queued in the transaction of its cause, sent after it.

    pending → claimed (lease) → calling (committed just before the call) → sent, retry, failed or uncertain; or
    skipped, when a last look before the call finds that it may not go any more.
    """

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        CLAIMED = "claimed", _("Claimed")
        CALLING = "calling", _("Being handed over")
        RETRY = "retry", _("To be tried again")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")
        SKIPPED = "skipped", _("Not sent")

    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="+")
    client = models.ForeignKey(
        Client, models.DO_NOTHING, null=True, blank=True, db_constraint=False, db_index=False, related_name="mails"
    )  # fmt: skip
    contact = models.ForeignKey(
        Contact, models.DO_NOTHING, null=True, blank=True, db_constraint=False, db_index=False, related_name="mails"
    )  # fmt: skip
    uid = models.UUIDField(
        db_default=RandomUUID(), editable=False, help_text=_("Names the mail outside: in its Message-ID and links.")
    )
    category = models.CharField(_("category"), max_length=10, choices=Category, blank=True, db_default="", default="")
    priority = models.PositiveSmallIntegerField(
        _("priority"), default=0, db_default=0, help_text=_("Higher goes first.")
    )
    kind = models.CharField(_("kind"), max_length=50)
    key = models.CharField(_("key"), max_length=200, help_text=_("One mail for a kind, key and address, ever."))
    to_address = models.CharField(_("to"), max_length=320)
    to_name = models.CharField(_("recipient's name"), max_length=200, blank=True, db_default="", default="")
    from_name = models.CharField(
        _("sender's name"), max_length=200, blank=True, db_default="", default="",
        help_text=_("Before the installation's address; empty: the installation's name."),
    )  # fmt: skip
    subject = models.CharField(_("subject"), max_length=255)
    text = models.TextField(_("text"))
    html = models.TextField(_("HTML"), blank=True)
    headers = models.JSONField(_("headers"), default=dict, db_default=Value({}, models.JSONField()), blank=True)
    links = models.JSONField(
        _("links"), default=list, db_default=Value([], models.JSONField()), blank=True,
        help_text=_("Where its tracked links lead, in their order."),
    )  # fmt: skip
    is_secret = models.BooleanField(
        _("gives access"), default=False, db_default=False,
        help_text=_("Its links let in whoever has them, so nobody but its recipient reads it."),
    )  # fmt: skip
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.PENDING)
    attempt = models.PositiveSmallIntegerField(_("times taken up"), default=0)
    retries = models.PositiveSmallIntegerField(_("passing failures"), default=0, db_default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    lease_until = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(_("queued"))
    valid_until = models.DateTimeField(_("of use until"), null=True, blank=True)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    provider = models.CharField(_("provider"), max_length=100, blank=True, db_default="", default="")
    doubtful_since = models.DateTimeField(
        _("in doubt since"), null=True, blank=True,
        help_text=_("The first call after which the provider may have had it."),
    )  # fmt: skip
    provider_id = models.CharField(_("provider's id"), max_length=255, blank=True, db_default="", default="")
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
            models.UniqueConstraint(fields=["organization", "uid"], name="emails_outbox_one_per_uid"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-priority", "next_attempt_at"],
                name="emails_outbox_open",
                condition=models.Q(status__in=["pending", "claimed", "calling", "retry"]),
            ),
            models.Index(fields=["organization", "client", "-queued_at"], name="emails_outbox_of_client"),
            models.Index(fields=["organization", "queued_at"], name="emails_outbox_queued"),
            models.Index(
                fields=["organization", "sent_at"], name="emails_outbox_sent", condition=models.Q(sent_at__isnull=False)
            ),
            models.Index(
                fields=["lease_until"],
                name="emails_outbox_held",
                condition=models.Q(status__in=["claimed", "calling"]),
            ),
            models.Index(
                fields=["status", "-id"],
                name="emails_outbox_not_sent",
                condition=models.Q(status__in=["failed", "uncertain", "skipped"]),
            ),
            models.Index(fields=["provider_id"], name="emails_outbox_provider_id", condition=~models.Q(provider_id="")),
        ]

    def __str__(self) -> str:
        return self.subject
