"""Logs name requests by their routes: no name, search, key or link of anybody stands in them."""

import logging
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.test import Client as Browser

SECRET = "ada.lovelace"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the console handler of the settings writes."""
    written: list[str] = []
    formatter = settings.LOGGING["formatters"]["lines"]
    handler = logging.Handler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=formatter["foreign_pre_chain"], processors=formatter["processors"]
        )
    )
    monkeypatch.setattr(handler, "emit", lambda record: written.append(handler.format(record)))
    caplog.set_level(logging.INFO)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [*root.handlers, handler])
    return written


@pytest.mark.parametrize(
    ("address", "route"),
    [
        (f"/invitation/{SECRET}", "/invitation/<token>"),
        (f"/set-password/MQ/{SECRET}", "/set-password/<uidb64>/<token>"),
        (f"/api/v1/clients/{SECRET}/scores", "/api/v1/clients/"),
        (f"/api/client/success?clientId={SECRET}", "/api/client/success"),
        (f"/admin/accounts/client/?q={SECRET}", "/admin/accounts/client/"),
        (f"/no/such/{SECRET}", "(no such address)"),
    ],
)
def test_a_request_is_named_by_its_route(lines: list[str], db: None, address: str, route: str) -> None:
    Browser().get(address, headers={"User-Agent": SECRET})
    text = "\n".join(lines)
    assert f"GET {route}" in text
    assert SECRET not in text


def test_a_failure_is_logged_without_its_address(lines: list[str], db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("success.client_access.views.open_invitation", fail)
    answer = Browser(raise_request_exception=False).get(f"/invitation/{SECRET}")
    text = "\n".join(lines)
    assert (answer.status_code, "on purpose" in text, "GET /invitation/<token>" in text) == (500, True, True)
    assert SECRET not in text


def test_probes_and_events_are_not_logged_by_request(lines: list[str], db: None) -> None:
    Browser().get("/healthz")
    Browser().post("/v1/batch", b"{}", content_type="application/json")
    assert [line for line in lines if "request_finished" in line] == []


def test_what_somebody_sent_begins_no_line_of_its_own(lines: list[str]) -> None:
    forged = "a\n2026-01-01 00:00:00 [error] forged\r\nb"
    logger = logging.getLogger("sample")
    logger.error("Quoted: %s", forged)
    structlog.get_logger("sample").error("quoted", given=forged)
    logger.error("raised", exc_info=ValueError(forged))
    begun = [line for line in "\n".join(lines).splitlines() if not line.startswith(" ")]
    assert [("quoted" in line.lower(), "raised" in line) for line in begun] == [
        (True, False),
        (True, False),
        (False, True),
    ]
