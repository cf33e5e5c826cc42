from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.insights.actions import read_insight
from success.models import Feedback, Insight, Task
from telemetry.signals import clients_merged
from tests.success.histories import store
from tests.success.test_insights_writing import chain
from tests.success.test_scoring import BUSY, NOW, SILENT


def test_tasks_and_feedback_follow_a_merged_client(organization: Organization, outsider: Organization) -> None:
    former, own, other = store(organization, [BUSY, SILENT, BUSY])
    with organization_scope(organization.pk):
        clients_merged.send(sender=None, organization_id=organization.pk, merged={former: own})
        tasks = Task.objects.order_by("client").values_list("client", flat=True)
        assert list(tasks) == sorted([own, own, other, other])
        assert set(Feedback.objects.values_list("client", flat=True)) == {own, other}


def insights_of(client: int) -> list[tuple[str, str, int]]:
    return list(Insight.objects.filter(client=client).order_by("kind").values_list("kind", "status", "pk"))


def test_insights_follow_a_merged_client_where_its_own_has_none(
    organization: Organization, outsider: Organization
) -> None:
    former, own = store(organization, [SILENT, BUSY])
    store(outsider, [SILENT])
    chain(organization)
    chain(outsider)
    with organization_scope(organization.pk):
        [(_, _, recommendation), _summary] = insights_of(former)
        achievement, summary = insights_of(own)
        clients_merged.send(sender=None, organization_id=organization.pk, merged={former: own})
        assert insights_of(own) == [achievement, ("recommendation", "unread", recommendation), summary]
        assert insights_of(former) == []
    with organization_scope(outsider.pk):
        assert Insight.objects.count() == 2


def test_of_several_merged_clients_what_was_seen_is_kept(organization: Organization) -> None:
    first, second, third, own = store(organization, [SILENT] * 4)
    chain(organization)
    with organization_scope(organization.pk):
        Insight.objects.filter(client=own).delete()
        [_, (_, _, summary)] = insights_of(second)
        read_insight(Client.objects.get(pk=second), summary, at=NOW)
        recommendation = Insight.objects.filter(kind="recommendation").earliest("pk").pk
        merged = {third: own, second: own, first: own}
        clients_merged.send(sender=None, organization_id=organization.pk, merged=merged)
        assert insights_of(own) == [("recommendation", "unread", recommendation), ("weekly_summary", "read", summary)]
        assert Insight.objects.count() == 2


def test_what_was_merged_is_written_again_as_one_client(organization: Organization) -> None:
    former, own = store(organization, [BUSY, SILENT])
    chain(organization)
    with organization_scope(organization.pk):
        clients_merged.send(sender=None, organization_id=organization.pk, merged={former: own})
        Client.objects.filter(pk=former).update(merged_into=own, status=Client.Status.ARCHIVED)
    chain(organization)
    with organization_scope(organization.pk):
        # The achievement was the former client's, whose events this test leaves where they were.
        assert [kind for kind, _, _ in insights_of(own)] == ["recommendation", "weekly_summary"]
        assert insights_of(former) == []
