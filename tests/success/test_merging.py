from datetime import date, timedelta

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.feedback.links import feedback_link, read_link, request_of
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


def test_a_task_of_the_same_external_id_is_one_task_after_the_merge(
    organization: Organization, outsider: Organization
) -> None:
    first, second, own, other = store(organization, [SILENT] * 4)
    with organization_scope(organization.pk):
        for client, external_id, hours in (
            (first, "t1", 3), (second, "t1", 1), (own, "t1", 2), (own, "t2", 0), (first, "", 0), (own, "", 0),
            (other, "t1", 9),
        ):  # fmt: skip
            Task.objects.create(
                organization=organization, client_id=client, external_id=external_id, title=f"{external_id} {hours}",
                created_at=NOW, updated_at=NOW + timedelta(hours=hours),
            )  # fmt: skip
        clients_merged.send(sender=None, organization_id=organization.pk, merged={first: own, second: own})
        tasks = Task.objects.order_by("id").values_list("client", "title")
        assert list(tasks) == [(own, "t1 3"), (own, "t2 0"), (own, " 0"), (own, " 0"), (other, "t1 9")]


def link_token(client: Client) -> str:
    return feedback_link(client, Feedback.Kind.NPS, at=NOW).removeprefix("/feedback/")


def test_requests_for_feedback_follow_a_merged_client(organization: Organization, outsider: Organization) -> None:
    former, own = store(organization, [SILENT, SILENT])
    with organization_scope(organization.pk):
        clients = Client.objects.in_bulk([former, own])
        asked = [read_link(link_token(clients[pk])) for pk in (former, own)]
        clients_merged.send(sender=None, organization_id=organization.pk, merged={former: own})
        assert {request_of(link).client_id for link in asked} == {own}
        assert read_link(link_token(clients[own])) in asked


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


def test_insights_of_weeks_that_its_own_has_none_of_move(organization: Organization) -> None:
    former, own = store(organization, [SILENT, SILENT])
    chain(organization)
    chain(organization, period_end=date(2026, 11, 9))
    with organization_scope(organization.pk):
        Insight.objects.filter(client=own, period_end=date(2026, 11, 9)).delete()
        of_former = Insight.objects.filter(client=former, period_end=date(2026, 11, 9))
        moving = set(of_former.values_list("pk", flat=True))
        kept = moving | set(Insight.objects.filter(client=own).values_list("pk", flat=True))
        clients_merged.send(sender=None, organization_id=organization.pk, merged={former: own})
        assert (len(moving), set(Insight.objects.values_list("pk", flat=True))) == (2, kept)


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
