"""Clients made and changed by applications that hold a secret key: as staff would in the admin."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.audit import record_audit
from accounts.models import ApiKey, Client, Organization
from telemetry.staff_facts import TRAIT_OF_FIELD, note_staff_facts


class ClientAlreadyExistsError(Exception):
    """The organization has a client of this external id, or had one that was merged into another."""


def create_client(
    organization: Organization, *, external_id: str, facts: Mapping[str, Any], key: ApiKey, at: datetime
) -> Client:
    """`facts` are columns of the client. Needs the organization's scope. Raises ClientAlreadyExistsError."""
    try:
        # Of several at once one makes it; the others are told, and their transactions go on.
        with transaction.atomic():
            client = Client.objects.create(organization=organization, external_id=external_id, **facts)
    except IntegrityError as error:
        raise ClientAlreadyExistsError(external_id) from error
    _note(client, facts, at=at)
    _audit("client.created", client, key=key, changes={})
    return client


def change_client(client: Client, facts: Mapping[str, Any], *, key: ApiKey, at: datetime) -> Client:
    """Write what is different only: applications may be telling the rest at this moment."""
    rows = Client.objects.select_related("organization").select_for_update(of=("self",), no_key=True)
    client = rows.get(organization=client.organization_id, pk=client.pk)
    before = {name: getattr(client, name) for name in facts}
    changed = [name for name, value in facts.items() if value != before[name]]
    for name in changed:
        setattr(client, name, facts[name])
    client.save(update_fields=changed)
    # A word said again counts as said now.
    _note(client, facts, at=at)
    if changed:
        _audit("client.changed", client, key=key, changes=without_personal_data(changed, before, facts))
    return client


def without_personal_data(
    changed: Iterable[str], before: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """What the audit log keeps of a change: old and new value of the status; of the rest that it was changed."""
    return {name: [before[name], facts[name]] if name == "status" else [] for name in changed}


def _note(client: Client, facts: Mapping[str, Any], *, at: datetime) -> None:
    told = {name: value for name, value in facts.items() if name in TRAIT_OF_FIELD}
    if told:
        note_staff_facts(client, told, at=at)


def _audit(action: str, client: Client, *, key: ApiKey, changes: dict[str, Any]) -> None:
    record_audit(
        action, subject=client, organization=client.organization, actor=None, changes=changes | {"api_key": key.pk}
    )
