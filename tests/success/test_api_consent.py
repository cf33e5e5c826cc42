"""What applications read and write of their clients' mail preferences."""

from datetime import UTC, datetime
from typing import Any

import pytest
from time_machine import travel

from accounts.models import ApiKey, Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import record_consent
from emails.models import Consent
from emails.models.preferences import Source
from tests.factories import ClientFactory
from tests.success.api_calls import Api, problem

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
PATH = "/api/v1/clients/user-1/mail-preferences"
NEVER_ASKED = {"isAgreed": None, "frequency": None, "source": None, "changedAt": None}


@pytest.fixture(autouse=True)
def _now() -> Any:
    with travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def ada(client_of_acme: Client, outsider: Organization) -> Client:
    return client_of_acme


def history() -> list[tuple[Any, ...]]:
    with all_organizations():
        rows = Consent.objects.order_by("id").values_list("category", "is_given", "frequency", "source", "at")
        return list(rows)


def test_nobody_agreed_before_being_asked(api: Api) -> None:
    assert api.answer("GET", PATH) == (200, dict.fromkeys(Category.values, NEVER_ASKED))


def test_what_was_said_elsewhere_is_recorded_with_its_time(api: Api) -> None:
    said = {"isAgreed": True, "frequency": "monthly", "givenAt": "2026-11-01T10:00:00+01:00", "detail": {"form": "f1"}}
    shown = {"isAgreed": True, "frequency": "monthly", "source": "api", "changedAt": "2026-11-01T09:00:00Z"}
    expected = {"weekly": shown, "reminders": NEVER_ASKED, "feedback": NEVER_ASKED}
    for _ in range(2):
        assert api.answer("PUT", PATH, {"weekly": said}) == (200, expected)
    assert api.answer("GET", PATH) == (200, expected)
    assert history() == [("weekly", True, "monthly", "api", datetime(2026, 11, 1, 9, tzinfo=UTC))]
    with all_organizations():
        detail = Consent.objects.get().detail
    assert (detail["form"], sorted(detail)) == ("f1", ["apiKey", "form"])


def test_by_which_key_it_came_is_not_for_the_program_to_say(api: Api) -> None:
    api.answer("PUT", PATH, {"weekly": {"isAgreed": True, "detail": {"apiKey": "another"}}})
    with all_organizations():
        assert Consent.objects.get().detail == {"apiKey": ApiKey.objects.get(kind="secret").pk}


def test_without_a_time_it_was_said_now(api: Api) -> None:
    body = {"weekly": {"isAgreed": False}, "feedback": {"isAgreed": True}}
    answer = api.answer("PUT", PATH, body)[1]
    no = {"isAgreed": False, "frequency": "weekly", "source": "api", "changedAt": "2026-11-18T12:00:00Z"}
    assert answer == {"weekly": no, "reminders": NEVER_ASKED, "feedback": no | {"isAgreed": True}}


def test_an_older_word_does_not_overrule_a_newer_one(api: Api, ada: Client) -> None:
    with organization_scope(ada.organization_id):
        record_consent(ada, category=Category.WEEKLY, is_given=False, source=Source.ONE_CLICK, at=NOW)
    said = {"isAgreed": True, "givenAt": "2026-11-18T11:59:59Z"}
    status, answer = api.answer("PUT", PATH, {"weekly": said})
    assert (status, answer["weekly"]["isAgreed"], answer["weekly"]["source"]) == (200, False, "one_click")


def test_a_merged_client_is_the_one_that_is_left(api: Api, ada: Client) -> None:
    former = ClientFactory.create(organization=ada.organization, merged_into=ada)
    api.call("PUT", f"/api/v1/clients/{former.external_id}/mail-preferences", {"weekly": {"isAgreed": False}})
    assert api.answer("GET", PATH)[1]["weekly"]["isAgreed"] is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"weekly": True},
        {"weekly": {}},
        {"weekly": None},
        {"newsletter": {"isAgreed": True}},
        {"weekly": {"isAgreed": "yes"}},
        {"weekly": {"isAgreed": 1}},
        {"weekly": {"isAgreed": None}},
        {"weekly": {"isAgreed": True, "frequency": "daily"}},
        {"weekly": {"isAgreed": True, "frequency": "🙂"}},
        {"weekly": {"isAgreed": True, "givenAt": "2026-11-18T12:00:01Z"}},
        {"weekly": {"isAgreed": True, "givenAt": "0001-01-01T00:00:00Z"}},
        {"weekly": {"isAgreed": True, "givenAt": "9999-12-31T23:59:59Z"}},
        {"weekly": {"isAgreed": True, "givenAt": "yesterday"}},
        {"weekly": {"isAgreed": True, "givenAt": None}},
        {"weekly": {"isAgreed": True, "detail": "form"}},
        {"weekly": {"isAgreed": True, "detail": {"form": "x" * 3000}}},
        {"weekly": {"isAgreed": True, "detail": {"form": "\0"}}},
        {"weekly": {"isAgreed": True, "source": "staff"}},
        {"weekly": {"isAgreed": True}, "reminders": {"isAgreed": "no"}},
    ],
)
def test_what_is_not_understood_is_refused_and_changes_nothing(api: Api, body: Any) -> None:
    assert problem(api.call("PUT", PATH, body))[0] == 400
    assert history() == []


def test_a_time_to_come_is_refused_by_name(api: Api) -> None:
    response = api.call("PUT", PATH, {"weekly": {"isAgreed": True, "givenAt": "2026-11-19T00:00:00Z"}})
    assert "in the past" in str(response.json())


@pytest.mark.parametrize("external_id", ["user-2", "%00", "x" * 300])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_client_that_is_not_there_is_not_found(
    api: Api, outsider: Organization, external_id: str, method: str
) -> None:
    ClientFactory.create(organization=outsider, external_id="user-2")
    path = f"/api/v1/clients/{external_id}/mail-preferences"
    assert problem(api.call(method, path, {"weekly": {"isAgreed": True}})) == (404, "not_found")
    assert history() == []
