from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Upper
from django.utils.translation import gettext_lazy as _
from timezone_field import TimeZoneField

from accounts.timezones import validate_timezone


class User(AbstractUser):
    """Somebody who signs in: an operator (superuser), a member of an organization, or a client."""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        # A forgotten password is asked for by either, whatever its case.
        indexes: ClassVar = [
            models.Index(Upper("username"), name="accounts_user_by_username"),
            models.Index(Upper("email"), name="accounts_user_by_email"),
        ]


class Organization(models.Model):
    """A tenant."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")
        REJECTED = "rejected", _("Rejected")
        CLOSED = "closed", _("Closed")

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("slug"), unique=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    timezone = TimeZoneField(
        _("timezone"),
        default="UTC",
        validators=[validate_timezone],
        help_text=_("Days begin and end in this timezone."),
    )
    app_url = models.URLField(
        _("application's address"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Where its clients do their work; insights on the client pages link there."),
    )
    reply_to = models.EmailField(
        _("address for answers"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Where answers to mails go that its clients get. Empty: to the installation's address."),
    )
    creates_unknown_clients = models.BooleanField(
        _("create unknown clients"),
        default=True,
        help_text=_("An event of an unknown user creates the client. Off: the event waits in quarantine."),
    )
    runs_jobs = models.BooleanField(
        _("automatic work"), default=True, help_text=_("Off: no automatic job works on this organization.")
    )
    is_simulated = models.BooleanField(
        _("simulated"), default=False, help_text=_("Its clients and their past are made up; every page says so.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's place in an organization."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        STAFF = "staff", _("Staff")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.STAFF)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "user"], name="accounts_membership_one_per_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


class Client(models.Model):
    """A person or company that the organization serves.

    `name`, `email` and `signed_up_at` are set by staff or follow the traits that the organization's
    applications sent, whichever came last.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        ARCHIVED = "archived", _("Archived")

    # No index of its own: the unique key begins with it, and the planner would take the wrong one.
    organization = models.ForeignKey(Organization, models.PROTECT, db_index=False, related_name="clients")
    external_id = models.CharField(
        _("external id"), max_length=255, help_text=_("How the organization's own applications name this client.")
    )
    name = models.CharField(_("name"), max_length=255, blank=True)
    email = models.CharField(_("email"), max_length=320, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    user = models.OneToOneField(
        User, models.SET_NULL, null=True, blank=True, related_name="client", verbose_name=_("login")
    )
    signed_up_at = models.DateTimeField(_("signed up"), null=True, blank=True)
    language = models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default="", help_text=_("Empty: the browser's.")
    )
    timezone = TimeZoneField(
        _("timezone"),
        null=True,
        blank=True,
        validators=[validate_timezone],
        help_text=_("For times of day. Empty: the organization's."),
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, db_constraint=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "external_id"], name="accounts_client_one_per_external_id"),
            models.CheckConstraint(condition=~Q(external_id=""), name="accounts_client_external_id_given"),
        ]
        indexes: ClassVar = [
            models.Index("organization", Lower("email"), name="accounts_client_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id


class Invitation(models.Model):
    """A client was asked by mail to choose a password: the link in it works once and until it expires.

    Only its hash is kept. A newer invitation replaces those that are open. Accepting one shows that the address is
    the client's, which makes it the login's own.
    """

    organization = models.ForeignKey(Organization, models.CASCADE, db_index=False, related_name="+")
    client = models.ForeignKey(
        Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="invitations"
    )
    email = models.CharField(_("email"), max_length=320)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    replaced_at = models.DateTimeField(_("replaced"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "client"],
                condition=Q(accepted_at=None, replaced_at=None),
                name="accounts_invitation_one_open_per_client",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.sent_at:%Y-%m-%d}"


class ApiKey(models.Model):
    """A write key sends events; a secret key uses the rest of the API. Only its hash is kept."""

    class Kind(models.TextChoices):
        WRITE = "write", _("Write key")
        SECRET = "secret", _("Secret key")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="api_keys")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    allowed_origins = ArrayField(
        models.CharField(max_length=255),
        verbose_name=_("allowed origins"),
        default=list,
        blank=True,
        help_text=_("Web origins that may send with this key, such as https://app.example.com. Empty: any."),
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(models.Model):
    """Who changed what. Rows are only ever added."""

    organization = models.ForeignKey(Organization, models.PROTECT, null=True, related_name="audit_entries")
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    action = models.CharField(_("action"), max_length=100)
    subject = models.CharField(_("subject"), max_length=200)
    changes = models.JSONField(_("changes"), default=dict)
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes: ClassVar = [models.Index(fields=["organization", "-at"], name="accounts_audit_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
