"""The simulated past as messages in Segment's shape. The same client and day always give the same messages."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from success.demo.cast import DemoClient
from success.demo.characters import HISTORY_DAYS, Character, pace

MAPPED_NAME = "Project Exported"
WEEKEND_SHARE = 0.15
FIRST_MINUTE, LAST_MINUTE = 8 * 60, 19 * 60
PAGES = {"Projects": "/projects", "Reports": "/reports", "Planner": "/planner", "Library": "/library"}
# How often each occurs, in relation to the others. Two names are nobody's base type: staff can map them.
NAMES = {
    "page": 38,
    "dashboard_page_view": 8,
    "task_completed": 10,
    "time_logged": 8,
    "content_generated": 9,
    "review_pack_created": 3,
    "visual_created": 8,
    "voice_command_issued": 3,
    "financial_report_viewed": 3,
    "insight_reviewed": 2,
    "settings_updated": 1,
    MAPPED_NAME: 4,
    "Invoice Reminder Opened": 3,
    "Board Card Moved": 2,
}
Message = dict[str, Any]


def messages_of(client: DemoClient, *, anchor: date, until: date, zone: ZoneInfo) -> Iterator[Message]:
    """Who the client is, then what it did on each day from HISTORY_DAYS before the anchor to the day before `until`."""
    yield identify(client, zone=zone)
    first = max(client.signed_up_on, anchor - timedelta(days=HISTORY_DAYS))
    for number in range((until - first).days):
        day = first + timedelta(days=number)
        yield from _day(client, day, days_ago=(anchor - day).days, zone=zone, launch_kit=number == 1)


def identify(client: DemoClient, *, zone: ZoneInfo) -> Message:
    signed_up_at = datetime.combine(client.signed_up_on, time(9), zone)
    return {
        "type": "identify",
        "messageId": f"demo-{client.external_id}-identify",
        "userId": client.external_id,
        "timestamp": signed_up_at.isoformat(),
        "traits": {"name": client.name, "email": client.email, "createdAt": signed_up_at.isoformat()},
    }


def impossible_messages(client: DemoClient) -> list[Message]:
    """Two whose time cannot be right, so that the quarantine has something to show."""
    common = {"type": "track", "userId": client.external_id, "event": "task_completed"}
    return [
        common | {"messageId": f"demo-{client.external_id}-unreadable", "timestamp": "last Tuesday, after lunch"},
        common | {"messageId": f"demo-{client.external_id}-future", "timestamp": "2099-01-01T09:00:00Z"},
    ]


def _day(client: DemoClient, day: date, *, days_ago: int, zone: ZoneInfo, launch_kit: bool) -> Iterator[Message]:
    chance = Random(f"{client.external_id} {day}")  # noqa: S311 - only has to be the same each time
    working = WEEKEND_SHARE if day.weekday() >= 5 else 1.0
    liveliness = Random(client.name).uniform(0.7, 1.3)  # noqa: S311 - only has to be the same each time
    count = round(pace(client.character, days_ago=days_ago) * liveliness * working * chance.uniform(0.5, 1.5))
    names = ["login", *chance.choices(list(NAMES), weights=list(NAMES.values()), k=count - 1)] if count else []
    if launch_kit and client.character is not Character.SILENT:
        names.append("launch_kit_viewed")
    minutes = sorted(chance.randint(FIRST_MINUTE, LAST_MINUTE) for _ in names)
    for number, (name, minute) in enumerate(zip(names, minutes, strict=True)):
        at = datetime.combine(day, time(minute // 60, minute % 60, chance.randrange(60)), zone)
        yield {
            "messageId": f"demo-{client.external_id}-{day:%Y%m%d}-{number}",
            "userId": client.external_id,
            "timestamp": at.isoformat(),
            **_content(name, chance),
        }


def _content(name: str, chance: Random) -> Message:
    if name != "page":
        return {"type": "track", "event": name, "properties": {"source": "demo"}}
    title = chance.choice(list(PAGES))
    return {"type": "page", "name": title, "properties": {"path": PAGES[title], "title": title}}
