"""Some of the simulated clients left, so that the backtest has something to say, or rather that it is not enough."""

from datetime import date, datetime, timedelta

from accounts.models import Client, Organization
from success.churn import ChurnMark, mark_all_churned
from success.demo.cast import DemoClient
from success.demo.characters import Character
from success.models import Churn

# Every second of those who had fallen silent, so long before the demo was first made.
LEFT_DAYS_BEFORE = {Character.SILENT: 10, Character.DECLINING: 2}
REASON = "Simulated: did not renew"


def mark_those_who_left(organization: Organization, people: list[DemoClient], *, anchor: date, at: datetime) -> None:
    """Those without a mark only, so that what was changed by hand stays. Needs the organization's scope."""
    if Churn.objects.filter(organization=organization).exists():
        return
    gone = {
        person.external_id: anchor - timedelta(days=LEFT_DAYS_BEFORE[person.character])
        for person in people[::2]
        if person.character in LEFT_DAYS_BEFORE
    }
    clients = Client.objects.filter(organization=organization, external_id__in=gone)
    marks = [ChurnMark(pk, gone[external_id], REASON) for external_id, pk in clients.values_list("external_id", "pk")]
    mark_all_churned(organization, marks, actor=None, at=at)
