"""The simulated organizations: the same each time, and made through the public door."""

import json
from collections import Counter
from dataclasses import asdict
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from accounts.models import ApiKey, Client, Organization, User
from accounts.tenancy import all_organizations
from health.models import Alert
from success.demo.cast import DEMO_ORGANIZATIONS, HARBOUR, clients_of
from success.demo.characters import HISTORY_DAYS, Character
from success.demo.credentials import Known, read_credentials, write_credentials
from success.demo.history import NAMES, messages_of
from success.demo.logins import ensure_login
from success.demo.scores import mondays_until
from success.models import Feedback, Insight, Score, Task
from telemetry.event_types import BASE_TYPE_OF
from telemetry.models import DailyActivity, Event, QuarantinedEvent
from tests.browser.serving import served_application

ANCHOR = date(2026, 11, 21)
BERLIN = ZoneInfo("Europe/Berlin")


def past(character: Character, *, until: date = ANCHOR) -> list[dict[str, str]]:
    client = next(each for each in clients_of(HARBOUR, anchor=ANCHOR) if each.character == character)
    return list(messages_of(client, anchor=ANCHOR, until=until, zone=BERLIN))


def test_the_past_is_the_same_each_time() -> None:
    assert past(Character.STEADY) == past(Character.STEADY)


def test_another_day_adds_only_that_day() -> None:
    later = past(Character.THRIVING, until=ANCHOR + timedelta(days=3))
    before = past(Character.THRIVING)
    assert later[: len(before)] == before
    assert {message["timestamp"][:10] for message in later[len(before) :]} <= {"2026-11-21", "2026-11-22", "2026-11-23"}


@pytest.mark.parametrize(
    ("character", "first_days_ago", "last_days_ago"),
    [
        (Character.THRIVING, HISTORY_DAYS, 1),
        (Character.SILENT, HISTORY_DAYS, 25),
        (Character.NEW, 12, 1),
    ],
)
def test_characters_differ(character: Character, first_days_ago: int, last_days_ago: int) -> None:
    days = [(ANCHOR - date.fromisoformat(each["timestamp"][:10])).days for each in past(character)[1:]]
    assert max(days) <= first_days_ago
    assert min(days) >= last_days_ago
    assert min(days) <= last_days_ago + 3


def test_message_ids_are_unique_over_both_organizations() -> None:
    counted = Counter(
        message["messageId"]
        for demo in DEMO_ORGANIZATIONS
        for client in clients_of(demo, anchor=ANCHOR)
        for message in messages_of(client, anchor=ANCHOR, until=ANCHOR, zone=ZoneInfo(demo.timezone))
    )
    assert counted.most_common(1)[0][1] == 1


def test_some_names_are_left_for_staff_to_map() -> None:
    assert set(NAMES) - set(BASE_TYPE_OF) - {"page"} == {
        "Project Exported",
        "Invoice Reminder Opened",
        "Board Card Moved",
    }


def test_weeks_end_on_mondays() -> None:
    weeks = mondays_until(ANCHOR)
    assert (weeks[0], weeks[-1], len(weeks)) == (date(2026, 9, 14), date(2026, 11, 16), 10)
    assert mondays_until(date(2026, 11, 16))[-1] == date(2026, 11, 16)


def test_the_credentials_are_private_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "new" / "credentials.json"
    organization = {"slug": "acme", "write_key": "wk_1", "staff_login": {"username": "ada", "password": "secret"}}
    write_credentials(file, {"admin": {"username": "admin", "password": "root"}, "organizations": [organization]})
    known = read_credentials(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [known.password("admin"), known.password("ada"), known.key("acme", "write")] == ["root", "secret", "wk_1"]
    assert [len(known.password("grace")), known.key("acme", "secret")] == [16, ""]


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "not JSON"])
def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "credentials.json"
    if content is not None:
        file.write_text(content)
    assert read_credentials(file) == Known()


def test_a_password_that_somebody_changed_is_set_again(db: None) -> None:
    login = ensure_login("ada", Known())
    user = User.objects.get(username="ada")
    user.set_password("changed")
    user.save()
    assert ensure_login("ada", Known(asdict(login))) == login
    user.refresh_from_db()
    assert user.check_password(login.password)


@pytest.mark.slow
def test_seeding_twice_adds_nothing_and_everything_works(committed_db: None, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    with served_application() as address:
        first = seed(address, file)
        rows, credentials = everything(), json.loads(file.read_text())
        second = seed(address, file)
    assert "accepted" in first
    assert "accepted" not in second
    assert (everything(), json.loads(file.read_text())) == (rows, credentials)
    assert rows["clients"] == 40
    assert rows["quarantined"] == 4
    assert rows["scores"] >= 40 * 9 - 60
    assert rows["insights unread"] > 100
    assert rows["alerts"] > 5
    assert min(rows[f"insights {status}"] for status in ("read", "acted_on", "dismissed")) > 5
    assert_works(credentials)


def test_a_server_that_does_not_take_the_events_is_told_about(committed_db: None, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    with pytest.raises(CommandError, match="not reached"):
        seed("http://127.0.0.1:1", file)
    assert len(json.loads(file.read_text())["organizations"]) == 2


def seed(address: str, file: Path) -> str:
    said = StringIO()
    call_command("seed_demo", base_url=address, credentials=file, stdout=said)
    return said.getvalue()


def everything() -> dict[str, int]:
    with all_organizations():
        return {
            "clients": Client.objects.count(),
            "events": Event.objects.count(),
            "activity": DailyActivity.objects.count(),
            "quarantined": QuarantinedEvent.objects.count(),
            "tasks": Task.objects.count(),
            "feedback": Feedback.objects.count(),
            "scores": Score.objects.count(),
            "alerts": Alert.objects.count(),
            **Counter(f"insights {status}" for status in Insight.objects.values_list("status", flat=True)),
            "keys": ApiKey.objects.count(),
            "users": User.objects.count(),
        }


def assert_works(credentials: dict[str, object]) -> None:
    with all_organizations():
        assert all(organization.is_simulated for organization in Organization.objects.all())
    organizations: list[dict[str, dict[str, str]]] = credentials["organizations"]  # type: ignore[assignment]
    staff = [credentials["admin"], *(each["staff_login"] for each in organizations)]
    for login in staff:
        assert Browser().login(**login)  # type: ignore[arg-type]
    for each in organizations:
        assert Browser().login(**each["client_login"])
