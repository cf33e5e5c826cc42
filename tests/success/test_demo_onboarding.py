from datetime import UTC, date, datetime, time

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from success.client_tasks import stalled_tasks
from success.demo.cast import HARBOUR, clients_of
from success.demo.onboarding import add_onboarding
from success.feedback.asking import due_feedback
from success.feedback.figures import feedback_figures
from success.models import Feedback, Task

ANCHOR = date(2026, 11, 21)
NOW = datetime.combine(ANCHOR, time(12), UTC)


def test_the_demo_has_tasks_in_every_state_answers_of_both_kinds_and_somebody_to_ask(
    organization: Organization, outsider: Organization
) -> None:
    people = clients_of(HARBOUR, anchor=ANCHOR)
    with organization_scope(organization.pk):
        for person in people:
            Client.objects.create(
                organization=organization,
                external_id=person.external_id,
                signed_up_at=datetime.combine(person.signed_up_on, time(9), UTC),
            )
        add_onboarding(organization, people, anchor=ANCHOR)
        made = (Task.objects.count(), Feedback.objects.count())
        add_onboarding(organization, people, anchor=ANCHOR)
        assert (Task.objects.count(), Feedback.objects.count()) == made
        assert set(Task.objects.values_list("status", flat=True)) == {"todo", "in_progress", "done"}
        assert 5 <= stalled_tasks(Task.objects.all(), as_of=NOW).count() <= 20
        recent, *_, year = feedback_figures(Feedback.objects.all(), as_of=NOW)
        assert (recent.nps.is_enough, year.nps.is_enough, year.csat.is_enough) == (True, True, True)
        assert due_feedback(Client.objects.get(external_id=people[0].external_id), as_of=NOW) == "csat"
