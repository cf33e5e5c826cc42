"""Providers reached over HTTP by the real backends of anymail."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from accounts.models import Organization
from accounts.tenancy import all_organizations
from emails.delivery import deliver_all
from emails.models import OutboxEmail
from emails.outbox import queue_mails
from proofs.mail.provider import Provider, mail_provider
from tests.emails.outgoing import NOW, mail, queue, rows, run_outbox

pytestmark = pytest.mark.usefixtures("db")

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emails.lines.LONGEST_PAUSE", 0)


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with mail_provider() as provider:
        settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
        settings.ANYMAIL = {"RESEND_API_KEY": "secret", "RESEND_API_URL": provider.url, "REQUESTS_TIMEOUT": 2}
        yield provider


def in_turn(*troubles: Any) -> Callable[[dict[str, Any]], Any]:
    waiting = iter(troubles)
    return lambda _message: next(waiting, None)


def test_a_mail_carries_its_key_its_headers_and_what_webhooks_find_it_by(
    provider: Provider, organization: Organization
) -> None:
    email = queue(
        organization_id=organization.pk, kind="weekly-success", to_name="Grün, Mara", from_name="Acme", html="<p>Hello",
        headers={"List-Unsubscribe": "<https://acme.example/u>"},
    )  # fmt: skip
    assert run_outbox() == 1
    [(path, headers, message)] = provider.requests
    assert (path, headers["Idempotency-Key"]) == ("/emails", email.uid.hex)
    sent = message.pop("headers")
    assert message == {
        "from": "Acme <mainstay@localhost>",
        "to": ['"Grün, Mara" <op@example.com>'],
        "subject": "Late",
        "text": "A job is late.",
        "html": "<p>Hello",
    }
    assert json.loads(sent.pop("X-Metadata")) == {"organization": str(organization.pk), "uid": email.uid.hex}
    assert sent == {
        "Message-ID": f"<{email.uid.hex}@localhost>",
        "List-Unsubscribe": "<https://acme.example/u>",
        "X-Tags": '["weekly-success"]',
    }
    assert rows("status", "provider", "provider_id") == [("sent", "anymail.backends.resend.EmailBackend", "mail-1")]


@pytest.mark.parametrize("trouble", ["lose", "fail"])
def test_a_mail_whose_answer_was_lost_is_handed_over_again_and_taken_once(provider: Provider, trouble: str) -> None:
    provider.misbehave = in_turn(trouble)
    queue()
    assert (run_outbox(), run_outbox(after=MINUTE)) == (0, 1)
    assert (len(provider.delivered), provider.replayed) == (1, 1)
    assert rows("status", "attempt", "retries", "provider_id", "doubtful_since") == [("sent", 2, 1, "mail-1", NOW)]


def test_each_mail_of_one_connection_has_a_key_of_its_own(provider: Provider) -> None:
    queue_mails([mail(key=str(number)) for number in range(5)])
    assert run_outbox() == 5
    assert len(provider.taken) == len(provider.delivered) == 5


@pytest.mark.parametrize(
    ("status", "state"),
    [(400, "failed"), (401, "retry"), (403, "retry"), (422, "failed"), (429, "retry"), (500, "retry"), (503, "retry")],
)
def test_what_an_answer_says_about_the_mail(provider: Provider, status: int, state: str) -> None:
    provider.misbehave = in_turn(status)
    queue()
    run_outbox()
    [(given, error)] = rows("status", "error")
    assert given == state
    assert error.endswith(str(status))


def test_without_a_key_a_lost_answer_is_uncertain_and_a_refusal_is_not(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emails.capabilities.CAPABILITIES", {})
    provider.misbehave = in_turn("lose", 500, 429, 422, None)
    queue_mails([mail(key=key, priority=9 - int(key)) for key in "12345"])
    run_outbox()
    assert rows("status") == [("uncertain",), ("uncertain",), ("retry",), ("failed",), ("sent",)]


def test_a_provider_that_is_not_there_is_tried_again_without_doubt(provider: Provider, settings: Settings) -> None:
    settings.ANYMAIL = settings.ANYMAIL | {"RESEND_API_URL": "http://127.0.0.1:9/"}
    queue()
    run_outbox()
    assert rows("status", "retries", "doubtful_since") == [("retry", 1, None)]


def test_after_a_day_the_key_is_forgotten_and_the_mail_uncertain(provider: Provider) -> None:
    provider.misbehave = in_turn("lose")
    queue()
    run_outbox()
    assert run_outbox(after=timedelta(hours=24)) == 0
    assert rows("status", "error") == [("uncertain", "The provider remembers the key of the first call no longer.")]
    assert len(provider.requests) == 1


def test_a_refusal_does_not_say_that_an_earlier_call_was_in_vain(provider: Provider) -> None:
    provider.misbehave = in_turn("lose", (422, {"name": "validation_error"}))
    queue()
    run_outbox()
    run_outbox(after=MINUTE)
    assert rows("status", "doubtful_since") == [("uncertain", NOW)]


def test_what_may_have_gone_is_not_called_skipped_when_it_may_go_no_more(provider: Provider) -> None:
    provider.misbehave = in_turn("lose")
    queue(valid_until=NOW)
    run_outbox()
    run_outbox(after=MINUTE)
    assert rows("status", "error") == [("uncertain", "late")]
    assert len(provider.requests) == 1


def test_a_call_that_is_still_under_way_is_waited_for(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    provider.misbehave = in_turn("lose", 409, 409)
    queue()
    run_outbox()
    monkeypatch.setattr("emails.verdicts.UNDER_WAY", "no")
    run_outbox(after=MINUTE)
    assert rows("status", "retries") == [("retry", 2)]


def test_postmark_is_asked_about_doubtful_mail(settings: Settings) -> None:
    with mail_provider(in_turn("lose")) as provider:
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "secret", "POSTMARK_API_URL": provider.url}
        known, unknown = queue(key="1"), queue(key="2")
        run_outbox()
        with all_organizations():
            OutboxEmail.objects.update(
                status="uncertain", doubtful_since=NOW, next_attempt_at=NOW, provider=settings.EMAIL_BACKEND
            )
        provider.found = {known.uid.hex: "found-1"}
        asked_at = NOW + MINUTE
        with time_machine.travel(asked_at, tick=False):
            deliver_all(seconds=5)
        assert rows("status", "provider_id") == [("sent", "found-1"), ("uncertain", "")]
        assert [query["metadata_uid"] for query in provider.queries] == [[unknown.uid.hex], [known.uid.hex]]
        with time_machine.travel(asked_at + MINUTE, tick=False):
            deliver_all(seconds=5)
        assert len(provider.queries) == 2


def test_a_key_that_brevo_has_seen_means_that_it_has_the_mail(settings: Settings) -> None:
    seen = {"code": "duplicate_parameter", "message": "no"}
    with mail_provider(in_turn("lose", (400, seen), (400, seen))) as provider:
        settings.EMAIL_BACKEND = "anymail.backends.brevo.EmailBackend"
        settings.ANYMAIL = {"BREVO_API_KEY": "secret", "BREVO_API_URL": provider.url}
        first, _second = queue(key="1", priority=1), queue(key="2", due_at=NOW + MINUTE)
        run_outbox()
        run_outbox(after=MINUTE)
        assert rows("status") == [("sent",), ("failed",)]
        assert provider.requests[0][2]["headers"]["idempotencyKey"] == str(first.uid)
