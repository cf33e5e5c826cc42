import json
import random
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from time_machine import travel

from accounts.models import Membership, Organization
from accounts.tenancy import all_organizations
from success.models import Churn
from tests.accounts.admin_pages import browser_of, operators_browser
from tests.success.judged_clients import AS_OF, random_past, store_pasts

PLACE = "/admin/success/churn/backtest/"


@pytest.fixture(autouse=True)
def _on_that_day() -> Any:
    cache.clear()
    with travel(datetime.combine(AS_OF, time(12), UTC), tick=False):
        yield
    cache.clear()


@pytest.fixture
def judged(organization: Organization, outsider: Organization) -> Organization:
    dice = random.Random(1)
    store_pasts(organization, [random_past(dice) for _ in range(26)])
    store_pasts(outsider, [random_past(dice) for _ in range(24)])
    return organization


def observations(browser: Browser, **query: Any) -> int:
    size: int = browser.get(PLACE, query).context["figures"].size.observations
    return size


def test_the_page_says_in_words_what_it_draws(judged: Organization) -> None:
    page = browser_of(judged, Membership.Role.STAFF).get(PLACE, {"horizon": 90}).content.decode()
    for text in ("left within 90 days?", "at-risk scores,", "days without activity", "Lead time", 'class="whisker'):
        assert text in page


def test_without_marks_the_page_says_what_is_missing(organization: Organization, outsider: Organization) -> None:
    page = browser_of(organization, Membership.Role.OWNER).get(PLACE).content.decode()
    assert "at least 10 of either are needed" in page
    assert "/admin/success/churn/import/" in page
    assert "<svg class" not in page


def test_members_see_their_own_and_operators_choose(judged: Organization, outsider: Organization) -> None:
    operator = operators_browser()
    own = observations(browser_of(judged, Membership.Role.STAFF), organization=outsider.pk)
    theirs = observations(operator, organization=outsider.pk)
    assert own == observations(operator, organization=judged.pk) != theirs
    assert own + theirs == observations(operator) == observations(operator, organization="x")


def test_a_horizon_that_is_not_there_is_the_usual_one(judged: Organization) -> None:
    browser = browser_of(judged, Membership.Role.STAFF)
    for horizon in ("", "7", "x", "-1", "\0"):
        response = browser.get(PLACE, {"horizon": horizon})
        assert (response.status_code, response.context["figures"].days) == (200, 60), horizon


def test_it_is_computed_once_a_day_and_anew_after_a_mark(judged: Organization) -> None:
    browser = browser_of(judged, Membership.Role.STAFF)
    before = browser.get(PLACE).context["computed"]
    with travel(datetime.combine(AS_OF, time(13), UTC), tick=False):
        assert browser.get(PLACE).context["computed"] == before
        with all_organizations():
            Churn.objects.filter(organization=judged).order_by("pk").first().delete()  # type: ignore[union-attr]
        assert browser.get(PLACE).context["computed"].at > before.at
    with travel(datetime.combine(AS_OF + timedelta(days=1), time(12), UTC), tick=False):
        assert browser.get(PLACE).context["figures"].size.observations != before.result.horizons[1].size.observations


def test_the_page_takes_the_same_queries_for_few_and_many(
    organization: Organization, outsider: Organization, django_assert_max_num_queries: Any
) -> None:
    browser, dice, counts = browser_of(organization, Membership.Role.STAFF), random.Random(2), []
    for many in (1, 30):
        store_pasts(organization, [random_past(dice) for _ in range(many)])
        cache.clear()
        with django_assert_max_num_queries(30) as found:
            browser.get(PLACE)
        counts.append(len(found))
    assert counts[0] == counts[1]


def command(**options: Any) -> str:
    out = StringIO()
    call_command("backtest", stdout=out, **options)
    return out.getvalue()


def test_the_command_prints_tables_and_every_figure(judged: Organization) -> None:
    said = command(organization="acme", horizon=[60], as_of=str(AS_OF))
    for text in ("Within 60 days", "Days without activity", "Needs attention or worse", "Band: Excellent", "Median"):
        assert text in said
    [figures] = json.loads(command(organization="acme", horizon=[60], json=True))["horizons"]
    browser = browser_of(judged, Membership.Role.STAFF)
    assert figures["size"]["observations"] == observations(browser)
    everything = json.loads(command(json=True))["horizons"]
    assert [each["days"] for each in everything] == [30, 60, 90]
    assert everything[1]["size"]["observations"] > figures["size"]["observations"]


def test_the_command_leaves_out_scores_before_a_day(judged: Organization) -> None:
    since = AS_OF - timedelta(days=70)
    [figures] = json.loads(command(organization="acme", horizon=[30], since=str(since), json=True))["horizons"]
    [everything] = json.loads(command(organization="acme", horizon=[30], json=True))["horizons"]
    assert 0 < figures["size"]["observations"] < everything["size"]["observations"]


def test_without_any_data_the_command_says_so(organization: Organization) -> None:
    assert command().count("Not enough data: 0 clients left") == 3


@pytest.mark.parametrize("wrong", [{"horizon": [0]}, {"horizon": [731]}, {"as_of": "x"}, {"organization": "nobody"}])
def test_the_command_refuses_what_cannot_be(organization: Organization, wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        command(**wrong)
