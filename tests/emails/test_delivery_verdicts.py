"""What errors that no fake provider of ours gives say about a mail."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailUnsupportedFeature,
)

from emails.capabilities import Capability
from emails.verdicts import DOUBTFUL, NOT_NOW, REFUSED, Outcome, Verdict, outcome_of

THROTTLED = Outcome(Verdict.LATER, is_general=True)


def amazon(status: int, code: str) -> AnymailAPIError:
    return AnymailAPIError("no", response={"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}})


def answered(status: int, body: bytes = b"", **headers: str) -> AnymailRequestsAPIError:
    response = requests.Response()
    response.status_code = status
    response._content = body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return AnymailRequestsAPIError("no", response=response)


def verdict(error: Exception, **facts: Any) -> Outcome:
    usual: dict[str, Any] = {"capability": Capability(), "has_left": True, "is_in_doubt": False}
    return outcome_of(error, **usual | facts)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (amazon(400, "TooManyRequestsException"), THROTTLED),
        (amazon(400, "MessageRejected"), REFUSED),
        (amazon(403, "InvalidSignature"), NOT_NOW),
        (amazon(500, "InternalFailure"), DOUBTFUL),
        (AnymailAPIError("the connection was lost"), DOUBTFUL),
        (AnymailRecipientsRefused(), REFUSED),
        (AnymailUnsupportedFeature("metadata"), REFUSED),
        (AnymailError("anything"), REFUSED),
        (answered(200, b"<html>"), DOUBTFUL),
        (answered(302), DOUBTFUL),
        (answered(404), NOT_NOW),
        (answered(409, b'{"name": "concurrent_idempotent_requests"}'), Outcome(Verdict.LATER)),
        (answered(409, b'{"name": "invalid_idempotent_request"}'), DOUBTFUL),
        (answered(409, b"[1]"), DOUBTFUL),
        (answered(413), REFUSED),
        (answered(429), THROTTLED),
        (answered(504), DOUBTFUL),
    ],
)
def test_what_an_answer_says(error: Exception, outcome: Outcome) -> None:
    assert verdict(error) == outcome


@pytest.mark.parametrize(
    ("asked", "seconds"), [("7", 7), ("0", 0), ("999999", 3600), ("9" * 50, 0), ("-5", 0), ("Mon, 23 Nov 2026", 0)]
)
def test_a_provider_is_given_the_time_that_it_asks_for_up_to_an_hour(asked: str, seconds: int) -> None:
    assert verdict(answered(429, Retry_After=asked)).wait == timedelta(seconds=seconds)


def test_a_key_that_is_known_settles_a_doubt_only_where_there_was_one() -> None:
    seen = Capability(has_it_already=lambda body: body.get("code") == "seen")
    error = answered(400, b'{"code": "seen"}')
    assert verdict(error, capability=seen, is_in_doubt=True) == Outcome(Verdict.TAKEN)
    assert verdict(error, capability=seen) == REFUSED


def test_what_has_not_left_is_in_no_doubt() -> None:
    assert [verdict(TimeoutError(), has_left=has_left) for has_left in (True, False)] == [DOUBTFUL, NOT_NOW]
