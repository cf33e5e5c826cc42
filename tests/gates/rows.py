"""One row of every tenant's model for an organization. Texts name the organization, so that a leak can be seen."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import models

from accounts.models import ApiKey, AuditEntry, Client, Invitation, Membership, Organization
from accounts.tenancy import all_organizations
from emails.models import (
    Consent,
    Contact,
    ContactPolicy,
    MailActivity,
    MailPreference,
    OutboxEmail,
    Suppression,
)
from health.models import Alert, AlertEntry, ClientNote, HealthPolicy, Holiday, NoticePreference
from jobs.models import JobRun, JobUnit
from success.models import (
    Churn,
    Feedback,
    FeedbackRequest,
    Insight,
    Milestone,
    MilestoneDefinition,
    Score,
    ScoringPolicy,
    Task,
)
from telemetry.models import (
    ClientActivity,
    ClientIdentity,
    ClientTrait,
    DailyActivity,
    Event,
    EventName,
    ImportFile,
    QuarantinedEvent,
    RetiredActivity,
)
from tests.factories import ClientFactory, MembershipFactory

NOW = datetime.now(UTC)
TODAY = NOW.date()
MONDAY = TODAY - timedelta(days=TODAY.weekday())


def marked(organization: Organization, thing: str = "row") -> str:
    """A text of this organization that no other has."""
    return f"{thing} of {organization.slug} {uuid4().hex[:6]}"


def client(organization: Organization) -> Client:
    made: Client = ClientFactory.create(
        organization=organization, external_id=marked(organization), name=marked(organization)
    )
    return made


def member(organization: Organization) -> Membership:
    username = marked(organization).replace(" ", "-")
    made: Membership = MembershipFactory.create(organization=organization, user__username=username)
    return made


def own(model: type[models.Model], **fields: Any) -> Callable[[Organization], models.Model]:
    """A maker whose callables are called with the organization."""

    def make(organization: Organization) -> models.Model:
        values = {name: value(organization) if callable(value) else value for name, value in fields.items()}
        made: models.Model = model._default_manager.create(organization=organization, **values)
        return made

    return make


DAY = {"day": TODAY, "first_at": NOW, "last_at": NOW, "client": client}
COUNTS = dict.fromkeys(
    [
        *("active_days_30", "events_30", "high_value_30", "content_30", "visual_30", "events_week"),
        *("events_week_before", "onboarding_tasks", "onboarding_done", "feedback_180", "feedback_points"),
    ],
    0,
)
run = own(
    JobRun,
    job="success-score",
    period=lambda organization: marked(organization)[:40],
    trigger="clock",
    due_at=NOW,
    started_at=NOW,
    status="succeeded",
    ended_at=NOW,
)


def evidence(organization: Organization) -> dict[str, str]:
    return {"of": marked(organization)}


def tip(organization: Organization) -> dict[str, Any]:
    counted = {"onboardingDone": 3, "onboardingTasks": 4}
    return evidence(organization) | counted | {"from": MONDAY.isoformat(), "to": TODAY.isoformat()}


definition = own(
    MilestoneDefinition, key=lambda _: uuid4().hex, title=marked, measure="events", threshold=1, subject="client"
)
alert = own(
    Alert, client=client, matter="silence", kind="inactivity", severity=2, opened_at=NOW, changed_at=NOW,
    evidence=lambda organization: evidence(organization) | {"silentSince": NOW.isoformat()},
)  # fmt: skip
email = own(
    OutboxEmail, kind="gate", key=marked, to_address="gate@example.com", subject=marked, text="", next_attempt_at=NOW,
    queued_at=NOW,
)  # fmt: skip
MAKERS: dict[str, Callable[[Organization], models.Model]] = {
    "accounts.Organization": lambda organization: organization,
    "accounts.Client": client,
    "accounts.Membership": member,
    "accounts.ApiKey": own(
        ApiKey, kind="write", name=marked, prefix="wk_gate", digest=lambda _: uuid4().bytes + uuid4().bytes
    ),
    "accounts.Invitation": own(
        Invitation, client=client, email=marked, digest=lambda _: uuid4().bytes + uuid4().bytes, sent_at=NOW,
        expires_at=NOW,
    ),
    "accounts.AuditEntry": own(AuditEntry, action=marked, subject=marked),
    "emails.Consent": own(
        Consent, client=client, category="weekly", is_given=True, frequency="weekly", source="staff", at=NOW,
        detail=evidence,
    ),
    "emails.Contact": own(
        Contact, client=client, channel="email", kind="gate", key=marked, priority=1, is_budgeted=True, decided_at=NOW,
        due_at=NOW, status="planned",
    ),
    "emails.ContactPolicy": own(ContactPolicy, version=lambda _: uuid4().int % 2_000_000_000, note=marked),
    "emails.MailActivity": own(MailActivity, email=email, kind="opened", source="own", at=NOW, event_key=marked),
    "emails.MailPreference": own(
        MailPreference, client=client, category="weekly", is_agreed=True, source="staff", changed_at=NOW
    ),
    "emails.OutboxEmail": email,
    "emails.Suppression": own(
        Suppression, address=lambda _: f"{uuid4().hex}@example.com", reason="bounced", detail=marked, at=NOW
    ),
    "jobs.JobRun": run,
    "jobs.JobUnit": own(
        JobUnit, run=run, generation=1, available_at=NOW
    ),
    "health.Alert": alert,
    "health.AlertEntry": own(AlertEntry, alert=alert, step="opened", at=NOW, note=marked),
    "health.ClientNote": own(ClientNote, client=client, text=marked, written_at=NOW),
    "health.HealthPolicy": own(HealthPolicy, version=lambda _: uuid4().int % 2_000_000_000, note=marked),
    "health.Holiday": own(Holiday, day=lambda _: TODAY + timedelta(days=uuid4().int % 9999), name=marked),
    "health.NoticePreference": own(NoticePreference, user=lambda organization: member(organization).user),
    "success.Task": own(Task, client=client, title=marked, created_at=NOW, updated_at=NOW),
    "success.Feedback": own(Feedback, client=client, kind="nps", rating=9, comment=marked, given_at=NOW),
    "success.FeedbackRequest": own(
        FeedbackRequest, client=client, kind="nps", channel="link", asked_at=NOW, expires_at=NOW
    ),
    "success.Insight": own(
        Insight, client=client, kind="tip", period_end=MONDAY, evidence=tip, created_at=NOW, expires_at=NOW,
    ),
    "success.MilestoneDefinition": definition,
    "success.Milestone": own(
        Milestone, client=client, definition=definition, threshold=1, value=1, reached_on=TODAY, detected_at=NOW
    ),
    "success.Churn": own(Churn, client=client, churned_on=TODAY, reason=marked, marked_at=NOW),
    "success.ScoringPolicy": own(
        ScoringPolicy, version=lambda _: uuid4().int % 2_000_000_000, effective_on=date(2026, 1, 1), note=marked
    ),
    "success.Score": own(
        Score, client=client, period_end=MONDAY, policy=lambda _: ScoringPolicy.objects.get(organization=None),
        timezone="UTC", computed_at=NOW, overall=50, band="attention", coverage=100, age_days=1, has_events=True,
        launch_kit_viewed=False, **COUNTS,
    ),
    "telemetry.Event": own(
        Event, client=client, message_id=marked, call="track", name=marked, category="engagement", occurred_at=NOW,
        received_at=NOW, received_month=TODAY.replace(day=1),
    ),
    "telemetry.DailyActivity": own(DailyActivity, **DAY),
    "telemetry.RetiredActivity": own(RetiredActivity, **DAY),
    "telemetry.ClientActivity": own(ClientActivity, client=client, first_at=NOW, last_at=NOW),
    "telemetry.ClientTrait": own(
        ClientTrait, client=client, key="plan", value="gate", changed_at=NOW, message_id=marked
    ),
    "telemetry.ClientIdentity": own(
        ClientIdentity, client=client, anonymous_id=marked, changed_at=NOW, message_id=marked
    ),
    "telemetry.EventName": own(EventName, name=marked, base_type="task_completed"),
    "telemetry.QuarantinedEvent": own(
        QuarantinedEvent, message_id=marked, reason="time_unreadable", message={}, received_at=NOW
    ),
    "telemetry.ImportFile": own(ImportFile, name=marked, digest=lambda _: uuid4().bytes + uuid4().bytes),
}  # fmt: skip


def tenant_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models()
        if model is Organization or any(field.name == "organization" for field in model._meta.fields)
    ]


def make_row(model: type[models.Model], organization: Organization) -> models.Model:
    """A KeyError here means: a new model of a tenant needs its line in MAKERS."""
    with all_organizations():
        return MAKERS[model._meta.label](organization)


def make_rows(organization: Organization) -> None:
    for model in tenant_models():
        make_row(model, organization)
