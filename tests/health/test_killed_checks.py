"""The check's worker killed with -9 after it has raised an alert; at every step: `proofs/alerts/alert_notices.py`."""

import io
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from accounts.tenancy import all_organizations
from emails.models import OutboxEmail
from health.models import Alert
from jobs.models import JobRun, JobUnit
from jobs.units import TAKEOVER_SECONDS
from tests import children
from tests.factories import MembershipFactory
from tests.health.watched_clients import HOUR, add_client, set_last_activity

WORKER = """
import sys
import django; django.setup()
from django.conf import settings
from django.core.management import call_command
settings.DATABASES["default"]["NAME"] = sys.argv[1]
call_command("run_job", "health-check", "--period", sys.argv[2])
"""
# Alerts are written then, and their first mail is about to be.
IS_AT_THE_OUTBOX = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'emails_outboxemail'::regclass AND NOT granted)
"""


def kill_at_the_outbox(period: str) -> None:
    """Start a worker, let it come as far as the outbox, and kill it there."""
    with all_organizations(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE emails_outboxemail IN SHARE MODE")
        worker = children.start(WORKER, str(connection.settings_dict["NAME"]), period)
        try:
            deadline = time.monotonic() + 30
            while worker.is_alive() and time.monotonic() < deadline:
                cursor.execute(IS_AT_THE_OUTBOX)
                if cursor.fetchone()[0]:
                    return
                time.sleep(0.01)
            raise AssertionError("The worker did not come to the outbox.")
        finally:
            worker.kill()
            worker.join()


@pytest.mark.slow
def test_a_worker_killed_before_the_notices_loses_none_and_doubles_none(committed_db: None) -> None:
    member = MembershipFactory.create(user__email="ada@example.com")
    now = timezone.now()
    set_last_activity(add_client(member.organization), now - 80 * HOUR)
    period = f"{now:%Y-%m-%dT%HZ}"
    kill_at_the_outbox(period)
    with all_organizations():
        assert (Alert.objects.count(), OutboxEmail.objects.count()) == (0, 0)
        assert [unit.status for unit in JobUnit.objects.all()] == [JobUnit.Status.CLAIMED]
        JobUnit.objects.update(claimed_at=F("claimed_at") - timedelta(seconds=TAKEOVER_SECONDS))
    call_command("run_job", "health-check", "--period", period, stdout=io.StringIO())
    with all_organizations():
        alert = Alert.objects.get()
        [mail] = OutboxEmail.objects.all()
        assert (mail.kind, mail.to_address) == ("critical_alerts", "ada@example.com")
        assert f"/admin/health/alert/{alert.pk}/change/" in mail.text
        assert JobRun.objects.get().status == JobRun.Status.SUCCEEDED
