from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User
from emails.categories import Category, Frequency


class Source(models.TextChoices):
    """Where a client's word came from."""

    PREFERENCES = "preferences", _("Preferences page")
    UNSUBSCRIBE_LINK = "unsubscribe_link", _("Link in a mail")
    ONE_CLICK = "one_click", _("Unsubscribe button of a mail program")
    PROVIDER = "provider", _("Mail provider")
    STAFF = "staff", _("Entered by staff")
    API = "api", _("API")
    IMPORT = "import", _("Import")


class MailPreference(models.Model):
    """What a client last said about a category. Without a row the client was never asked, and is not mailed."""

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(
        Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="mail_preferences"
    )
    category = models.CharField(_("category"), max_length=10, choices=Category)
    is_agreed = models.BooleanField(_("agreed"))
    frequency = models.CharField(_("at most"), max_length=11, choices=Frequency, default=Frequency.EVERY_WEEK)
    source = models.CharField(_("source"), max_length=16, choices=Source)
    changed_at = models.DateTimeField(_("changed"))
    repeated_at = models.DateTimeField(
        _("last said again"), null=True, blank=True, help_text=_("A word older than this one overrules it no more.")
    )

    class Meta:
        verbose_name = _("mail preference")
        verbose_name_plural = _("mail preferences")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "client", "category"], name="emails_preference_one_per_category"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.category}"


class Consent(models.Model):
    """One thing that a client said about mail, and how it is known. Rows are only ever added."""

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="consents")
    category = models.CharField(_("category"), max_length=10, choices=Category)
    is_given = models.BooleanField(_("given"))
    frequency = models.CharField(_("at most"), max_length=11, choices=Frequency)
    source = models.CharField(_("source"), max_length=16, choices=Source)
    actor = models.ForeignKey(
        User, models.DO_NOTHING, null=True, blank=True, db_index=False, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes: ClassVar = [
            models.Index(fields=["organization", "client", "-at"], name="emails_consent_of_client"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.category} {self.is_given}"


class Suppression(models.Model):
    """An address to which an organization sends nothing any more, whatever its client agreed to."""

    class Reason(models.TextChoices):
        BOUNCED = "bounced", _("Bounced")
        COMPLAINED = "complained", _("Complained of spam")
        BY_HAND = "by_hand", _("Stopped by staff")

    organization = models.ForeignKey(Organization, models.CASCADE, db_index=False, related_name="+")
    address = models.CharField(_("address"), max_length=320)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    detail = models.CharField(_("what the provider said"), max_length=500, blank=True)
    at = models.DateTimeField(_("since"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    lifted_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")

    class Meta:
        verbose_name = _("stopped address")
        verbose_name_plural = _("stopped addresses")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization",
                Lower("address"),
                condition=Q(lifted_at=None),
                name="emails_suppression_one_per_address",
            ),
        ]

    def __str__(self) -> str:
        return self.get_reason_display()
