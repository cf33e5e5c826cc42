"""A request may name a charset in which its own query cannot be read."""

from typing import TYPE_CHECKING
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIRequest

from config import wsgi
from config.request_charset import refuse_unreadable

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def reads_its_query(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    read = WSGIRequest(environ).GET
    start_response("200 OK", [])
    return [read["next"].encode()]


def status(content_type: str, application: "WSGIApplication" = reads_its_query) -> str:
    environ = {"QUERY_STRING": "next=%C3%A4%FF%81&q=\xe4", "CONTENT_TYPE": content_type}
    setup_testing_defaults(environ)
    answers: list[str] = []

    def start(line: str, *_: object) -> None:
        answers.append(line)

    list(application(environ, start))  # type: ignore[arg-type]
    return answers[0]


@pytest.mark.parametrize("charset", ["idna", "IDNA", '"idna"', "punycode", "hex", "rot13", "undefined", "utf-16"])
def test_a_charset_that_text_does_not_come_in_is_refused(charset: str) -> None:
    assert status(f"text/html; charset={charset}", wsgi.application) == "415 Unsupported Media Type"


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
    assert status(content_type, refuse_unreadable(reads_its_query)) == "200 OK"
