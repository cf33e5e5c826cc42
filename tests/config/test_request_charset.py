"""A request may name a charset in which its own query cannot be read."""

import json
from typing import TYPE_CHECKING
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIRequest

from config import wsgi
from config.request_charset import WHAT_TO_DO, refuse_unreadable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def reads_its_query(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    read = WSGIRequest(environ).GET
    start_response("200 OK", [])
    return [read["next"].encode()]


def ask(application: "WSGIApplication", **environ: object) -> tuple[str, str, bytes]:
    """Status, media type and body of the answer."""
    asked: WSGIEnvironment = {"QUERY_STRING": "next=%C3%A4%FF%81&q=\xe4"} | environ
    setup_testing_defaults(asked)
    answers: list[tuple[str, str]] = []

    def start(line: str, headers: list[tuple[str, str]], *_: object) -> None:
        answers.append((line, dict(headers)["Content-Type"] if headers else ""))

    body = b"".join(application(asked, start))  # type: ignore[arg-type]
    return (*answers[0], body)


@pytest.mark.parametrize("charset", ["idna", "IDNA", '"idna"', "punycode", "hex", "rot13", "undefined", "utf-16"])
def test_a_charset_that_text_does_not_come_in_is_refused(charset: str) -> None:
    answer = ask(wsgi.application, CONTENT_TYPE=f"text/html; charset={charset}")
    assert answer == ("415 Unsupported Media Type", "text/plain; charset=utf-8", f"{WHAT_TO_DO}\n".encode())


@pytest.mark.parametrize("path", ["/api/v1/clients", "/api/client/success", "/api/cron/success-score"])
def test_a_program_is_refused_by_a_problem(path: str) -> None:
    line, kind, body = ask(wsgi.application, CONTENT_TYPE="application/json; charset=hex", PATH_INFO=path)
    assert (line, kind) == ("415 Unsupported Media Type", "application/problem+json")
    problem = json.loads(body)
    assert (problem["status"], problem["code"], problem["message"]) == (415, "unsupported_charset", WHAT_TO_DO)


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/t/", "/beacon/v1/batch", "/api/v1/events", "/sourceConfig/"])
@pytest.mark.parametrize("charset", ["utf-16", "hex"])
def test_events_are_read_by_their_bytes_whatever_the_label_says(path: str, charset: str) -> None:
    content_type = f"application/json; charset={charset}"
    answer = ask(refuse_unreadable(reads_its_query), CONTENT_TYPE=content_type, PATH_INFO=path)
    assert answer == ("200 OK", "", "ä\ufffd\ufffd".encode())


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            f"text/html; Charset={name}"
            for name in ("utf-8", "UTF8", "ascii", "latin-1", "cp1252", "no-such", "", "\xe4")
        ),
        "",
        "application/json",
        "charset",
    ],
)
def test_any_bytes_can_be_read_in_the_others(content_type: str) -> None:
    assert ask(refuse_unreadable(reads_its_query), CONTENT_TYPE=content_type)[0] == "200 OK"
