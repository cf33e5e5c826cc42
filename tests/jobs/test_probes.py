import threading

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from jobs import probes

pytestmark = pytest.mark.usefixtures("db")


def test_healthz_needs_no_host_session_or_tls(browser: Browser, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["example.com"]
    settings.SECURE_SSL_REDIRECT = True
    response = browser.get("/healthz", headers={"host": "10.0.0.7"})
    assert (response.status_code, response.json()) == (200, {"status": "up"})


def test_readyz_names_what_was_looked_at(browser: Browser) -> None:
    response = browser.get("/readyz")
    checks = {"database": "ok", "broker": "ok", "migrations": "ok"}
    assert (response.status_code, response.json()) == (200, {"status": "ready", "checks": checks})


def test_readyz_tells_what_is_missing(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ConnectionRefusedError

    monkeypatch.setitem(probes.CHECKS, "broker", refuse)
    response = browser.get("/readyz")
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    assert response.json()["checks"] == {"database": "ok", "broker": "ConnectionRefusedError", "migrations": "ok"}
    assert (response.json()["detail"], response["Retry-After"]) == ("Not ready: broker.", "5")


def test_readyz_does_not_wait_for_what_hangs(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(probes, "CHECK_SECONDS", 0.05)
    monkeypatch.setitem(probes.CHECKS, "database", lambda: released.wait(60))
    try:
        assert browser.get("/readyz").json()["checks"]["database"] == "timed out"
    finally:
        released.set()


def test_readyz_sees_a_migration_that_is_not_applied(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_migrated", set())
    monkeypatch.setattr("jobs.probes.MigrationExecutor.migration_plan", lambda self, targets: ["one"])
    assert browser.get("/readyz").json()["checks"]["migrations"] == "some are not applied"
