from typing import Any

import pytest
from django.test import Client as Browser

from accounts.api_keys import NewKey
from tests.telemetry.sending import post, track


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/t", "/api/v1/events", "/beacon/v1/batch", "/sourceConfig"])
def test_a_sender_is_never_redirected(path: str, db: None, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert post(path, [], None).status_code in (401, 405)


def test_other_paths_go_the_usual_way(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert [Browser().post(path).status_code for path in ("/v1/nonsense", "/v1/batch/more")] == [301, 301]


def test_the_answer_has_a_length(write_key: NewKey) -> None:
    answer = post("/v1/track", track(), write_key)
    assert int(answer["Content-Length"]) == len(answer.content)


def test_a_refused_request_leaves_no_key_in_the_log(secret_key: NewKey, caplog: pytest.LogCaptureFixture) -> None:
    assert Browser().get(f"/v1/projects/{secret_key.secret}/settings").status_code == 401
    assert caplog.records == []
