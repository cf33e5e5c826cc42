from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User
from telemetry.event_types import Category, EventType


class Event(models.Model):
    """Something that really happened, or a fact that was told about a client (category `facts`).

    The table is partitioned by `received_month` (UTC) and made by SQL in the migrations. A message id is
    unique in its organization and month; `telemetry.recording` looks for it in the other months.
    """

    class Call(models.TextChoices):
        TRACK = "track"
        PAGE = "page"
        SCREEN = "screen"
        IDENTIFY = "identify"
        GROUP = "group"
        ALIAS = "alias"

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(
        Client, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )
    message_id = models.CharField(max_length=128)
    call = models.CharField(max_length=8, choices=Call)
    name = models.CharField(max_length=255)
    base_type = models.CharField(max_length=20, choices=EventType, blank=True)
    category = models.CharField(max_length=11, choices=Category)
    success = models.BooleanField(default=True)
    data = models.JSONField(default=dict)
    page_path = models.TextField(blank=True)
    session_id = models.CharField(max_length=255, blank=True)
    duration_seconds = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    anonymous_id = models.CharField(max_length=255, blank=True)
    occurred_at = models.DateTimeField()
    original_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    received_month = models.DateField()

    class Meta:
        managed = False
        db_table = "telemetry_event"
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return f"{self.name} {self.message_id}"


class ActivityCounts(models.Model):
    """What one client did on one calendar day of the organization's timezone.

    `total` counts every event of category engagement; `unmapped` those of them without a base type.
    """

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    day = models.DateField()
    total = models.IntegerField(default=0)
    login = models.IntegerField(default=0)
    page_view = models.IntegerField(default=0)
    task_completed = models.IntegerField(default=0)
    content_generated = models.IntegerField(default=0)
    visual_created = models.IntegerField(default=0)
    voice_interaction = models.IntegerField(default=0)
    insight_reviewed = models.IntegerField(default=0)
    export_downloaded = models.IntegerField(default=0)
    settings_updated = models.IntegerField(default=0)
    feedback_given = models.IntegerField(default=0)
    unmapped = models.IntegerField(default=0)
    launch_kit_views = models.IntegerField(default=0)
    duration_seconds = models.DecimalField(max_digits=16, decimal_places=3, default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        abstract = True


class DailyActivity(ActivityCounts):
    """All that is known of a day: what the stored events say plus what dropped months had said."""

    pk = models.CompositePrimaryKey("organization", "day", "client")

    class Meta:
        verbose_name = _("daily activity")
        verbose_name_plural = _("daily activity")


class RetiredActivity(ActivityCounts):
    """The part of daily activity whose events were dropped by retention; a rebuild starts from it."""

    pk = models.CompositePrimaryKey("organization", "day", "client")

    class Meta:
        verbose_name = _("retired activity")
        verbose_name_plural = _("retired activity")


class ClientActivity(models.Model):
    """First and last activity of a client over all time; no row before its first event."""

    pk = models.CompositePrimaryKey("organization", "client")
    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    launch_kit_first_day = models.DateField(null=True)

    class Meta:
        verbose_name = _("client activity")
        verbose_name_plural = _("client activity")


class ClientTrait(models.Model):
    """The newest value of one trait of a client. Order of arrival does not matter: the later change wins."""

    pk = models.CompositePrimaryKey("organization", "client", "key")
    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="traits")
    key = models.CharField(max_length=255)
    value = models.JSONField(null=True)
    changed_at = models.DateTimeField()
    message_id = models.CharField(max_length=128)

    class Meta:
        verbose_name = _("client trait")
        verbose_name_plural = _("client traits")


class ClientIdentity(models.Model):
    """Ties an anonymous id, or the former id of a merged client, to a client."""

    pk = models.CompositePrimaryKey("organization", "anonymous_id")
    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    anonymous_id = models.CharField(max_length=255)
    client = models.ForeignKey(
        Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="identities"
    )
    changed_at = models.DateTimeField()
    message_id = models.CharField(max_length=128)

    class Meta:
        verbose_name = _("client identity")
        verbose_name_plural = _("client identities")


class EventName(models.Model):
    """An organization's own name for a base type; changing it re-derives what was stored."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="event_names")
    name = models.CharField(_("name"), max_length=255)
    base_type = models.CharField(_("counts as"), max_length=20, choices=EventType)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("event name")
        verbose_name_plural = _("event names")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "name"], name="telemetry_eventname_one_per_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} → {self.base_type}"


class QuarantinedEvent(models.Model):
    """An accepted message that cannot be counted as it stands: kept with its reason until it is replayed."""

    class Reason(models.TextChoices):
        TIME_UNREADABLE = "time_unreadable", _("Its time cannot be read")
        TIME_IN_FUTURE = "time_in_future", _("Its time is more than 24 hours ahead")
        TIME_TOO_EARLY = "time_too_early", _("Its time is before 1970")
        UNKNOWN_CLIENT = "unknown_client", _("Its client is not known")

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    message_id = models.CharField(_("message id"), max_length=128)
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    message = models.JSONField(_("message"), help_text=_("As it came in, with its envelope's sentAt."))
    received_at = models.DateTimeField(_("received"))
    replayed_at = models.DateTimeField(_("replayed"), null=True, blank=True)
    replayed_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("quarantined event")
        verbose_name_plural = _("quarantined events")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "message_id"], name="telemetry_quarantine_one_per_message"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["organization", "received_at"],
                name="telemetry_quarantine_waiting",
                condition=models.Q(replayed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}: {self.get_reason_display()}"


class ImportFile(models.Model):
    """How far `import_events` has come in a file, so that it can go on where it was stopped."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32)
    name = models.CharField(max_length=255)
    rows_done = models.BigIntegerField(default=0)
    accepted = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "digest"], name="telemetry_importfile_one_per_content"),
        ]

    def __str__(self) -> str:
        return self.name
