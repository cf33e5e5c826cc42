"""The client's pages in German: nothing of them is left in English."""

import re
from ast import literal_eval
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext
from django.utils.translation.template import templatize

from accounts.models import Client, Organization
from success.models import Insight, MilestoneDefinition
from tests.success.scored_clients import NOW, client_with_login
from tests.success.test_dashboard_insights import HTMX, PAGE, signed_in, words
from tests.success.told_clients import add_insight, add_milestone, add_task

TEMPLATES = Path(settings.BASE_DIR) / "templates"
CALL = re.compile(r"n?gettext\(u?((['\"]).+?\2)", re.DOTALL)
# The same in both languages.
SAME = {"Problem:"}


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ada(db: None, outsider: Organization) -> Client:
    return client_with_login(language="de")


def test_every_text_of_the_client_pages_is_translated() -> None:
    found = {
        literal_eval(match[1])
        for folder in ("client", "accounts")
        for template in (TEMPLATES / folder).glob("**/*.html")
        for match in CALL.finditer(templatize(template.read_text()))
    }
    assert len(found) > 100
    with translation.override("de"):
        english = {text for text in found if text == gettext(text) == ngettext(text, text, 1)}
    assert english - SAME == set()


def test_milestones_of_the_platform_are_translated(db: None) -> None:
    shared = MilestoneDefinition.objects.filter(organization=None, subject="client")
    texts = [*shared.values_list("title", flat=True), *shared.values_list("description", flat=True)]
    with translation.override("de"):
        assert [text for text in texts if gettext(text) == text] == []


def test_insights_are_told_in_german(ada: Client) -> None:
    add_insight(ada, "weekly_summary", priority=Insight.Priority.HIGH)
    text = words(signed_in(ada).get(PAGE).content)
    assert (
        "Wochenrückblick · Wichtig · Neu Ihre Woche, 5. Januar bis 11. Januar"
        " Sie waren an 4 Tagen mit 12 Aktivitäten aktiv; in der Woche davor waren es 8 Aktivitäten."
        " Erledigt: 3 Inhalte, 1 Bild, 2 Aufgaben. Ihr Wert lag bei 55, 1 Punkt mehr als zuvor."
        " Worauf das beruht Aktive Tage 4 Aktivitäten 12 Aktivitäten in der Woche davor 8"
    ) in text


def test_tasks_and_milestones_are_told_in_german(ada: Client) -> None:
    add_task(ada, "Ziele", due_on=date(2026, 1, 7), is_onboarding=True)
    add_milestone(ada)
    text = words(signed_in(ada).get(PAGE).content)
    assert "Sie haben einen Meilenstein erreicht 10 Inhalte Sie haben zehn Inhalte erstellt." in text
    assert "Ihre Aufgaben 1 offen Einführung 0 von 1 erledigt Ziele Überfällig · fällig am 7. Januar 2026" in text
    assert "10 Inhalte 10. Januar 2026 · Inhalte erzeugt: 10" in text


def test_what_is_said_after_an_action_is_german(ada: Client) -> None:
    task = add_task(ada, "Ziele")
    body = signed_in(ada).post(f"/client/tasks/{task.pk}/complete", headers=HTMX).content
    assert words(body).endswith("erledigt am 14. Januar 2026 Erledigt: Ziele")
