from accounts.models import Organization
from accounts.tenancy import organization_scope
from success.models import Feedback, Task
from telemetry.signals import clients_merged
from tests.success.histories import store
from tests.success.test_scoring import BUSY, SILENT


def test_tasks_and_feedback_follow_a_merged_client(organization: Organization, outsider: Organization) -> None:
    former, own, other = store(organization, [BUSY, SILENT, BUSY])
    with organization_scope(organization.pk):
        clients_merged.send(sender=None, organization_id=organization.pk, merged={former: own})
        tasks = Task.objects.order_by("client").values_list("client", flat=True)
        assert list(tasks) == sorted([own, own, other, other])
        assert set(Feedback.objects.values_list("client", flat=True)) == {own, other}
