from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import AuditEntry, Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.churn import (
    ChurnBeforeKnownError,
    ChurnInFutureError,
    ChurnMark,
    MarkOutcome,
    UnfitReasonError,
    mark_all_churned,
    mark_churned,
    unmark_churned,
    version_of_marks,
)
from success.models import Churn
from telemetry.models import ClientActivity
from telemetry.signals import clients_merged
from tests.factories import ClientFactory, UserFactory

NOW = datetime(2026, 11, 17, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
TODAY = date(2026, 11, 17)


@pytest.fixture
def ada(client_of_acme: Client, outsider: Organization, scoped: Organization) -> Client:
    client_of_acme.signed_up_at = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)  # February in Berlin
    client_of_acme.save()
    return client_of_acme


def marks() -> list[tuple[Any, ...]]:
    with all_organizations():
        return list(Churn.objects.order_by("client").values_list("client", "churned_on", "reason", "marked_at"))


def audited() -> list[tuple[str, str, dict[str, Any]]]:
    with all_organizations():
        return list(AuditEntry.objects.order_by("id").values_list("action", "subject", "changes"))


def mark(client: Client, day: date = TODAY, reason: str = "", at: datetime = NOW) -> Churn:
    return mark_churned(client, churned_on=day, reason=reason, actor=None, at=at)


def test_a_mark_is_kept_and_audited(ada: Client) -> None:
    user = UserFactory.create()
    churn = mark_churned(ada, churned_on=date(2026, 11, 1), reason="Too dear 🚀", actor=user, at=NOW)
    assert (churn.client_id, churn.churned_on, churn.reason) == (ada.pk, date(2026, 11, 1), "Too dear 🚀")
    assert (churn.marked_at, churn.marked_by) == (NOW, user)
    changes = {"churned_on": [None, "2026-11-01"], "reason": ["", "Too dear 🚀"]}
    assert audited() == [("client.churn_marked", f"accounts.Client:{ada.pk}", changes)]


def test_the_same_mark_again_changes_nothing(ada: Client) -> None:
    mark(ada, reason="Moved")
    mark(ada, reason="Moved", at=NOW + timedelta(minutes=5))
    assert marks() == [(ada.pk, TODAY, "Moved", NOW)]
    assert len(audited()) == 1


def test_another_day_or_reason_replaces_the_mark(ada: Client) -> None:
    mark(ada, reason="Moved")
    later = NOW + timedelta(days=1)
    mark(ada, date(2026, 10, 1), "Moved", at=later)
    assert marks() == [(ada.pk, date(2026, 10, 1), "Moved", later)]
    assert audited()[1][2] == {"churned_on": ["2026-11-17", "2026-10-01"]}


def test_a_mark_is_taken_off_once(ada: Client) -> None:
    mark(ada)
    assert [unmark_churned(ada, actor=None), unmark_churned(ada, actor=None)] == [True, False]
    assert marks() == []
    assert [action for action, _, _ in audited()] == ["client.churn_marked", "client.churn_unmarked"]


@pytest.mark.parametrize("day", [TODAY + timedelta(days=1), date.max])
def test_nobody_leaves_in_the_future(ada: Client, day: date) -> None:
    with pytest.raises(ChurnInFutureError):
        mark(ada, day)
    assert (marks(), audited()) == ([], [])


def test_nobody_leaves_before_the_day_on_which_they_signed_up(ada: Client) -> None:
    for day in (date(2026, 1, 31), date.min):
        with pytest.raises(ChurnBeforeKnownError, match="since 2026-02-01"):
            mark(ada, day)
    assert mark(ada, date(2026, 2, 1)).churned_on == date(2026, 2, 1)


def test_a_client_is_known_from_its_first_event_on(ada: Client) -> None:
    at = datetime(2025, 12, 1, 12, tzinfo=UTC)
    ClientActivity.objects.create(organization=ada.organization, client=ada, first_at=at, last_at=at)
    assert mark(ada, date(2025, 12, 1)).churned_on == date(2025, 12, 1)
    with pytest.raises(ChurnBeforeKnownError):
        mark(ada, date(2025, 11, 30))


@pytest.mark.parametrize("reason", ["x" * 501, "a\0b"])
def test_an_unfit_reason_is_refused(ada: Client, reason: str) -> None:
    with pytest.raises(UnfitReasonError):
        mark(ada, reason=reason)
    assert mark(ada, reason="x" * 500).reason == "x" * 500


def test_many_marks_take_the_same_queries_as_one(ada: Client, django_assert_max_num_queries: Any) -> None:
    counts = []
    for many in (1, 5):
        clients = ClientFactory.create_batch(many, organization=ada.organization, signed_up_at=ada.signed_up_at)
        each = [ChurnMark(client.pk, TODAY, "") for client in clients]
        with django_assert_max_num_queries(20) as found:
            assert mark_all_churned(ada.organization, each, actor=None, at=NOW) == [MarkOutcome.NEW] * many
        counts.append(len(found))
    assert counts[0] == counts[1]
    assert len(marks()) == 6


@pytest.mark.parametrize(("own", "kept"), [(date(2026, 5, 1), date(2026, 5, 1)), (None, date(2026, 4, 1))])
def test_a_merged_client_keeps_its_own_mark_or_takes_the_latest(ada: Client, own: date | None, kept: date) -> None:
    former = ClientFactory.create_batch(2, organization=ada.organization, signed_up_at=ada.signed_up_at)
    for client, day in zip([*former, ada], [date(2026, 3, 1), date(2026, 4, 1), own], strict=True):
        if day:
            mark(client, day)
    with organization_scope(ada.organization_id):
        clients_merged.send(
            sender=None, organization_id=ada.organization_id, merged={client.pk: ada.pk for client in former}
        )
    assert marks() == [(ada.pk, kept, "", NOW)]


def versions(organization: Organization, outsider: Organization) -> tuple[str, str, str]:
    with all_organizations():
        return version_of_marks(organization.pk), version_of_marks(outsider.pk), version_of_marks(None)


def test_marks_get_another_version_whenever_one_comes_changes_or_goes(ada: Client, outsider: Organization) -> None:
    other = ClientFactory.create(organization=ada.organization, signed_up_at=ada.signed_up_at)
    told = [versions(ada.organization, outsider)]
    for minute, (client, reason) in enumerate([(ada, ""), (other, ""), (ada, "Too dear")]):
        mark(client, reason=reason, at=NOW + timedelta(minutes=minute))
        told.append(versions(ada.organization, outsider))
    unmark_churned(other, actor=None)
    told.append(versions(ada.organization, outsider))
    own, others, of_all = zip(*told, strict=True)
    assert (len(set(own)), len(set(others)), len(set(of_all))) == (5, 1, 5)


def test_marks_that_are_the_same_keep_their_version(ada: Client, outsider: Organization) -> None:
    mark(ada)
    before = versions(ada.organization, outsider)
    mark(ada, at=NOW + timedelta(minutes=1))
    assert versions(ada.organization, outsider) == before
