"""The canary in every text and JSON field of every tenant's table, and sent by the ways that outsiders have."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError, models, transaction

from accounts.models import Client, Membership, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import record_consent
from emails.models import Consent, ContactPolicy
from emails.models.preferences import Source
from proofs.bad_input.canary import CANARY
from proofs.job_units import units_of
from telemetry.incoming import IncomingEvent
from telemetry.models import QuarantinedEvent
from telemetry.recording import record_events
from tests.factories import UserFactory
from tests.gates.rows import make_rows, tenant_models

# Words of the program's own, which nobody types.
OWN_WORDS = {
    *("timezone", "language", "slug", "kind", "key", "channel", "source", "job", "period", "base_type", "matter"),
    *("to_address", "address", "email", "status", "category", "frequency", "trigger", "call", "plan", "prefix"),
    *("headers", "links", "counts", "reply_to"),
}
# Above the versions that are planted.
NEWEST = 2_100_000_000
A_TIME = re.compile(r"\d{4}-\d\d-\d\d")


def plant(organization: Organization) -> list[str]:
    """In every field that takes it; which."""
    make_rows(organization)
    with all_organizations():
        # The gate's row holds no message that could be replayed.
        QuarantinedEvent.objects.filter(organization=organization).delete()
    send_events(organization)
    return [
        f"{model._meta.label}.{field.name}"
        for model in tenant_models()
        for field in model._meta.concrete_fields
        if field.name not in OWN_WORDS and is_planted(model, field, organization)
    ]


def send_events(organization: Organization) -> None:
    """Before the canary stands in the rows, for these bring some of it themselves."""
    now = datetime.now(UTC)
    data = {"plan": CANARY, CANARY[:100]: CANARY, "nested": {"list": [CANARY]}}
    sent = [
        IncomingEvent(message_id=f"canary-{call}", call=call, name=CANARY[:255], external_id="canary", data=data,
                      page_path=f"/{CANARY}", session_id=CANARY[:100], stated_at=now - timedelta(hours=1))
        for call in ("track", "page", "identify")
    ]  # fmt: skip
    late = IncomingEvent(message_id="canary-late", name=CANARY[:255], external_id="canary", data=data, stated_at="late")
    record_events(organization.pk, [*sent, late], received_at=now)


def is_planted(model: Any, field: Any, organization: Organization) -> bool:
    own = {"pk": organization.pk} if model is Organization else {"organization": organization}
    try:
        with all_organizations(), transaction.atomic():
            rows = model._default_manager.filter(**own)
            newest = rows.order_by("-pk")[:1].get()
            if isinstance(field, models.JSONField):
                value: Any = in_json(getattr(newest, field.attname))
            elif isinstance(field, models.CharField | models.TextField) and not field.choices:
                value = CANARY[: field.max_length or None]
            else:
                return False
            rows.filter(pk=newest.pk).update(**{field.name: value})
    except DatabaseError:
        return False
    return True


def in_json(value: Any) -> Any:
    """In every text but times, and as a key and a value more."""
    if isinstance(value, dict):
        return {key: in_json(each) for key, each in value.items()} | {"canary": CANARY, CANARY: CANARY}
    if isinstance(value, list):
        return [in_json(each) for each in value] or [{"subject": CANARY, "message": CANARY}]
    return CANARY if isinstance(value, str) and not A_TIME.match(value) else value


def a_client(organization: Organization) -> Client:
    """One who sees it all: everything of the organization is this client's."""
    now = datetime.now(UTC)
    with all_organizations():
        client: Client = Client.objects.filter(organization=organization).latest("pk")
        client.name, client.email, client.user = CANARY[:255], "canary@example.com", UserFactory.create()
        client.external_id = CANARY[:255]
        client.save()
        for model in tenant_models():
            if model not in {Client, Consent} and any(field.name == "client" for field in model._meta.fields):
                for row in model._default_manager.filter(organization=organization).values_list("pk", flat=True):
                    _move(model, row, client)
        record_consent(client, category=Category.WEEKLY, is_given=True, source=Source.STAFF, at=now - timedelta(days=1))
        Membership.objects.filter(organization=organization).update(role=Membership.Role.OWNER)
        User.objects.filter(memberships__organization=organization).update(email="member@example.com")
    return client


def _move(model: Any, row: Any, client: Client) -> None:
    """Where the row may be of another client at all."""
    try:
        with transaction.atomic():
            model._default_manager.filter(pk=row).update(client=client)
    except DatabaseError:
        return


def work_all_jobs(organization: Organization) -> None:
    """What they make of the planted rows: scores, insights, alerts, mails, which go out at any hour of any day."""
    with all_organizations():
        ContactPolicy.objects.create(
            organization=organization, version=NEWEST, send_from_hour=0, send_until_hour=24, business_days_only=False
        )
    for job, unit in units_of(organization, now=datetime.now(UTC)):
        with organization_scope(organization.pk):
            job.work(unit)
