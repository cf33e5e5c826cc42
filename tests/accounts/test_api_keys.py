from datetime import UTC, datetime, timedelta

import pytest

from accounts.api_keys import NewKey, create_api_key, revoke_api_key
from accounts.authentication import find_api_key, secret_from_header
from accounts.models import ApiKey, AuditEntry, Organization
from accounts.tenancy import all_organizations, organization_scope

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)


def found(key: NewKey, *, kind: ApiKey.Kind = ApiKey.Kind.SECRET, as_of: datetime = NOW) -> ApiKey | None:
    return find_api_key(key.secret, kind=kind, as_of=as_of)


def stored(key: NewKey) -> ApiKey:
    with all_organizations():
        return ApiKey.objects.get(pk=key.key.pk)


def test_a_key_is_found_by_its_secret(secret_key: NewKey) -> None:
    assert found(secret_key) == secret_key.key


def test_a_key_of_the_other_kind_is_not_found(secret_key: NewKey) -> None:
    assert found(secret_key, kind=ApiKey.Kind.WRITE) is None


def test_the_secret_is_not_stored(secret_key: NewKey) -> None:
    row = stored(secret_key)
    assert secret_key.secret not in repr(vars(row))
    assert bytes(row.digest) != secret_key.secret.encode()


def test_a_revoked_key_is_not_found_and_the_revocation_is_recorded_once(
    organization: Organization, secret_key: NewKey
) -> None:
    with organization_scope(organization.pk):
        won = [revoke_api_key(secret_key.key, revoked_by=None, at=NOW) for _ in range(2)]
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert (won, found(secret_key), actions) == ([True, False], None, ["api_key.created", "api_key.revoked"])


@pytest.mark.parametrize("status", [s for s in Organization.Status if s != Organization.Status.ACTIVE])
def test_a_key_of_an_organization_that_is_not_active_is_not_found(
    organization: Organization, secret_key: NewKey, status: Organization.Status
) -> None:
    with all_organizations():
        Organization.objects.filter(pk=organization.pk).update(status=status)
    assert found(secret_key) is None


def test_the_last_use_is_noted_once_a_minute(secret_key: NewKey) -> None:
    times = []
    for seconds in (0, 59, 61):
        found(secret_key, as_of=NOW + timedelta(seconds=seconds))
        times.append(stored(secret_key).last_used_at)
    assert times == [NOW, NOW, NOW + timedelta(seconds=61)]


def test_the_audit_log_takes_no_change(organization: Organization) -> None:
    with organization_scope(organization.pk):
        create_api_key(organization, kind=ApiKey.Kind.WRITE, name="tests")
        with pytest.raises(Exception, match="append-only"):
            AuditEntry.objects.update(action="nothing happened")


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ("Bearer sk_1", "sk_1"),
        ("bearer  sk_1 ", "sk_1"),
        ("Basic c2tfMTo=", "sk_1"),
        ("Basic c2tfMQ==", "sk_1"),
        ("Basic !!!", ""),
        ("Basic /////w==", ""),
        ("Digest x", ""),
        ("", ""),
    ],
)
def test_the_secret_is_read_from_the_header(header: str, secret: str) -> None:
    assert secret_from_header(header) == secret
