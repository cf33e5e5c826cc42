"""What of the mail is held back when the database was restored, and what goes out all the same."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core import mail as sent_mail
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from emails.capabilities import CAPABILITIES, Capability
from emails.delivery import deliver_all
from emails.management.commands import after_restore as after_restore_command
from emails.models import Contact, OutboxEmail
from emails.restoring import HELD, hold_mail
from jobs.models import Watermark
from jobs.schedule_sync import sync_schedules
from tests.emails.outgoing import queue, rows

pytestmark = pytest.mark.usefixtures("db")

BACKUP = datetime(2026, 11, 16, 2, tzinfo=UTC)
FAILURE = datetime(2026, 11, 16, 12, tzinfo=UTC)
RESTORED = FAILURE + timedelta(hours=2)
WITH_KEYS = "django.core.mail.backends.locmem.EmailBackend"


def hold() -> tuple[int, int]:
    return hold_mail(lost_from=BACKUP, lost_until=FAILURE, now=RESTORED)


def in_state(status: str, **changes: Any) -> None:
    """A mail that the backup brought in this state, due before the failure."""
    email = queue(key=status, due_at=BACKUP - timedelta(hours=1), queued_at=BACKUP - timedelta(hours=1))
    with all_organizations():
        OutboxEmail.objects.filter(pk=email.pk).update(status=status, **changes)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that takes a key once, for a day."""
    monkeypatch.setitem(CAPABILITIES, WITH_KEYS, Capability(key_lasts=timedelta(hours=24)))


def test_what_was_open_may_have_been_sent_and_what_was_over_stays() -> None:
    lease = {"lease_until": BACKUP}
    for status in ("pending", "retry", "sent", "failed", "uncertain", "skipped"):
        in_state(status)
    in_state("claimed", **lease)
    in_state("calling", **lease)
    assert hold() == (0, 4)
    held = ("uncertain", HELD, BACKUP, None)
    assert set(rows("key", "status", "error", "doubtful_since", "lease_until")) == {
        *((key, *held) for key in ("pending", "retry", "claimed", "calling")),
        *((key, key, "", None, None) for key in ("sent", "failed", "uncertain", "skipped")),
    }


def test_what_was_not_due_before_the_failure_goes_out() -> None:
    queue(due_at=FAILURE, queued_at=BACKUP)
    assert hold() == (0, 0)
    assert rows("status", "error") == [("pending", "")]


def test_what_the_lost_work_queues_anew_is_held_however_late_it_is_due() -> None:
    queue(due_at=FAILURE + timedelta(days=1), queued_at=RESTORED)
    assert [hold(), hold()] == [(0, 1), (0, 0)]


@pytest.mark.usefixtures("keys")
def test_a_provider_that_knows_its_keys_tells_them_apart() -> None:
    in_state("pending")
    assert [hold(), hold()] == [(1, 0), (0, 0)]
    assert rows("status", "provider", "doubtful_since") == [("retry", WITH_KEYS, BACKUP)]


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "earlier",
    [
        {"doubtful_since": RESTORED - timedelta(hours=25), "provider": WITH_KEYS},
        {"doubtful_since": BACKUP - timedelta(minutes=1), "provider": "another.provider"},
    ],
    ids=["forgotten", "another provider"],
)
def test_an_earlier_doubt_that_the_provider_cannot_end_stays(earlier: dict[str, Any]) -> None:
    in_state("retry", **earlier)
    assert hold() == (0, 1)
    assert rows("status", "doubtful_since") == [("uncertain", earlier["doubtful_since"])]


@pytest.mark.usefixtures("keys")
def test_keys_from_before_the_providers_memory_are_no_help() -> None:
    in_state("pending")
    assert hold_mail(lost_from=BACKUP, lost_until=FAILURE, now=BACKUP + timedelta(hours=24, seconds=1)) == (0, 1)


@pytest.fixture
def planned(organization: Organization, client_of_acme: Client) -> None:
    """A mail to a client that was due before the failure, with its row in the ledger."""
    with all_organizations():
        contact = Contact.objects.create(
            organization=organization, client=client_of_acme, channel="email", kind="weekly-success", key="1",
            category="weekly", priority=40, is_budgeted=True, decided_at=BACKUP, due_at=BACKUP, status="planned",
        )  # fmt: skip
    queue(organization_id=organization.pk, contact_id=contact.pk, due_at=BACKUP, queued_at=BACKUP)


def contact_state() -> tuple[str, datetime | None]:
    with all_organizations():
        state: tuple[str, datetime | None] = Contact.objects.values_list("status", "settled_at").get()
    return state


@pytest.mark.usefixtures("planned")
def test_the_ledger_of_contacts_follows() -> None:
    hold()
    assert contact_state() == ("uncertain", RESTORED)


@pytest.mark.usefixtures("planned")
def test_a_contact_that_was_refused_before_is_uncertain_with_its_mail() -> None:
    with all_organizations():
        Contact.objects.update(status="skipped", reason="client_left", settled_at=BACKUP)
    hold()
    assert contact_state() == ("uncertain", RESTORED)


@pytest.mark.usefixtures("planned", "keys")
def test_a_contact_whose_mail_goes_out_by_its_key_is_still_planned() -> None:
    hold()
    assert contact_state() == ("planned", None)


@pytest.fixture(autouse=True)
def _no_worker_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_restore_command, "WORKERS_ANSWER_WITHIN", 0.01)


@pytest.fixture
def weekly(settings: Settings, organization: Organization, outsider: Organization) -> None:
    """Two organizations are mailed on Monday at 8:00; the backup is from before that."""
    settings.JOBS = {"announcements": {"crontab": "0 8 * * 1", "handler": "tests.emails.announcing.announcements"}}
    with time_machine.travel(BACKUP, tick=False):
        sync_schedules()
    Watermark.objects.update(handled_until=BACKUP)


def after_restore(lost_from: datetime = BACKUP, lost_until: datetime = FAILURE) -> list[str]:
    output = StringIO()
    with time_machine.travel(RESTORED, tick=False):
        call_command(
            "after_restore", "--lost-from", lost_from.isoformat(), "--lost-until", lost_until.isoformat(), stdout=output
        )
    return output.getvalue().splitlines()


@pytest.mark.usefixtures("weekly")
def test_after_a_restore_nothing_is_sent_that_may_have_been_and_what_comes_next_is() -> None:
    in_state("pending")
    assert after_restore() == [
        "announcements 2026-11-16: Succeeded",
        "Mails that the provider will tell apart by their keys: 0.",
        "Uncertain mails, to be settled in the admin under Outgoing mail: 3.",
    ]
    queue(key="next", subject="What comes next", due_at=RESTORED, queued_at=RESTORED)
    with time_machine.travel(RESTORED, tick=False):
        deliver_all(seconds=5)
    assert [message.subject for message in sent_mail.outbox] == ["What comes next"]
    assert sorted(rows("status")) == [("sent",), *[("uncertain",)] * 3]


@pytest.mark.usefixtures("weekly")
def test_doing_it_twice_changes_nothing() -> None:
    in_state("pending")
    first = after_restore()
    before = rows("key", "status", "error")
    assert (first[-1][-2:], after_restore()[-1][-2:]) == ("3.", "0.")
    assert rows("key", "status", "error") == before


def test_stopped_in_its_midst_it_has_held_what_there_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(**_times: datetime) -> None:
        raise KeyboardInterrupt

    in_state("pending")
    monkeypatch.setattr(after_restore_command, "do_lost_work", stop)
    with pytest.raises(KeyboardInterrupt):
        after_restore()
    assert rows("status") == [("uncertain",)]


@pytest.mark.usefixtures("weekly")
def test_what_fell_due_after_the_failure_is_left_to_the_workers() -> None:
    assert after_restore(lost_until=FAILURE - timedelta(hours=4, seconds=1))[0].startswith("Mails")
    assert rows("status") == []


@pytest.mark.usefixtures("weekly")
def test_while_automatic_work_is_off_none_of_it_is_done(settings: Settings) -> None:
    settings.ENABLE_SUCCESS_CRONS = False
    assert after_restore()[0].startswith("Mails")


@pytest.mark.parametrize(
    ("lost_from", "lost_until"),
    [(FAILURE, BACKUP), (BACKUP, BACKUP), (BACKUP, RESTORED + timedelta(seconds=1))],
    ids=["turned round", "nothing lost", "in the future"],
)
def test_a_time_that_cannot_be_is_refused(lost_from: datetime, lost_until: datetime) -> None:
    with pytest.raises(CommandError, match="comes before"):
        after_restore(lost_from, lost_until)


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid"):
        after_restore(BACKUP.replace(tzinfo=None))


def test_running_workers_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("celery.app.control.Control.ping", lambda *_args, **_options: [{"worker@host": {"ok": "pong"}}])
    with pytest.raises(CommandError, match="Stop all workers"):
        after_restore()
