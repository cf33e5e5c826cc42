from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User
from emails.categories import Category


class Contact(models.Model):
    """One message to a client on any channel: that it is to go and when, or why it does not.

    `due_at` is inside of what the recipient's timezone and the policy allow. Nothing is contacted twice for a kind
    and key, whatever became of the first.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("Mail")
        IN_APP = "in_app", _("In the application")
        SMS = "sms", _("SMS")
        WEBHOOK = "webhook", _("Webhook")
        CALL = "call", _("Call")

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        SENT = "sent", _("Sent")
        SKIPPED = "skipped", _("Not sent")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")

    class Reason(models.TextChoices):
        """Why a message was not sent."""

        NO_ADDRESS = "no_address", _("No address")
        INVALID_ADDRESS = "invalid_address", _("Not exactly one valid address")
        NOT_ASKED = "not_asked", _("Never asked for consent")
        UNSUBSCRIBED = "unsubscribed", _("Does not want it")
        ADDRESS_CHANGED = "address_changed", _("The address has changed since")
        STOPPED_ADDRESS = "stopped_address", _("The address bounced or complained")
        FREQUENCY = "frequency", _("Wants it less often")
        BUDGET = "budget", _("Enough messages this week")
        OUTRANKED = "outranked", _("Something more important took its place")
        NOTHING_TO_TELL = "nothing_to_tell", _("Nothing to tell")
        LATE = "late", _("Too late to be of use")
        CLIENT_LEFT = "client_left", _("The client is paused, archived or merged")
        SWITCHED_OFF = "switched_off", _("Sending is switched off")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="contacts")
    channel = models.CharField(_("channel"), max_length=7, choices=Channel)
    kind = models.CharField(_("kind"), max_length=50)
    key = models.CharField(_("key"), max_length=200)
    category = models.CharField(_("category"), max_length=10, choices=Category, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"))
    is_budgeted = models.BooleanField(_("counts against the week's budget"))
    decided_at = models.DateTimeField(_("decided"))
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=9, choices=Status)
    reason = models.CharField(_("why not"), max_length=15, choices=Reason, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "client", "channel", "kind", "key"], name="emails_contact_one_per_key"
            ),
            models.CheckConstraint(
                condition=Q(status="skipped", reason__gt="") | (~Q(status="skipped") & Q(reason="")),
                name="emails_contact_skipped_says_why",
            ),
            models.CheckConstraint(
                condition=Q(status="skipped") | Q(due_at__isnull=False), name="emails_contact_has_its_time"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organization", "client", "due_at"],
                name="emails_contact_budget",
                condition=Q(is_budgeted=True) & ~Q(status="skipped"),
            ),
            models.Index(fields=["organization", "kind", "key"], name="emails_contact_of_kind"),
            models.Index(
                fields=["organization", "decided_at"], name="emails_contact_not_made", condition=Q(status="skipped")
            ),
            models.Index(fields=["organization", "status", "reason", "-id"], name="emails_contact_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.kind} {self.key}"


HOUR = [MinValueValidator(0), MaxValueValidator(24)]


class ContactPolicy(models.Model):
    """How often and when clients may be contacted: one version, never edited in place.

    In force is the organization's newest version, else the newest platform default (no organization). Hours are of
    the recipient's timezone; between them nothing is sent, and what falls there waits for the end of the quiet.
    """

    organization = models.ForeignKey(
        Organization, models.CASCADE, null=True, blank=True, related_name="contact_policies",
        help_text=_("Empty: the platform default."),
    )  # fmt: skip
    version = models.PositiveIntegerField(_("version"), editable=False)
    note = models.CharField(_("why"), max_length=500, blank=True)
    weekly_cap = models.PositiveSmallIntegerField(
        _("messages to a client in a week, at most"),
        default=3,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
    )
    send_from_hour = models.PositiveSmallIntegerField(_("send from, hour"), default=7, validators=HOUR)
    send_until_hour = models.PositiveSmallIntegerField(_("send until, hour"), default=21, validators=HOUR)
    business_days_only = models.BooleanField(
        _("business days only"), default=False, help_text=_("Nothing on Saturdays and Sundays.")
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("contact policy")
        verbose_name_plural = _("contact policies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "version"], name="emails_contactpolicy_one_per_version", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(send_from_hour__lt=F("send_until_hour"), send_until_hour__lte=24),
                name="emails_contactpolicy_hours_in_order",
                violation_error_message=_("Sending must begin before it ends, on the same day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization or _('Platform default')} v{self.version}"
