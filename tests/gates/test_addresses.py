"""Every address of the installation is known here with what a stranger gets; a new one has to be put here."""

from collections.abc import Iterator

import pytest
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver

# What GET answers to somebody who is not signed in and has no key.
PUBLIC, REDIRECTED, KEY_NEEDED, MISSING, POST_ONLY = 200, 302, 401, 404, 405
ALERT_STEPS = ("acknowledge", "assign", "snooze", "wake", "resolve", "reopen", "note", "judge")
ADDRESSES: dict[str, tuple[str, int]] = {
    "home": ("/", PUBLIC),
    "client-sign-in": ("/client/sign-in", PUBLIC),
    "client-sign-out": ("/client/sign-out", POST_ONLY),
    "client-success": ("/client/dashboard/success", REDIRECTED),
    "client-events": ("/client/dashboard/success/events?part=events", REDIRECTED),
    "client-insight-read": ("/client/insights/1/read", REDIRECTED),
    "client-insight-dismiss": ("/client/insights/1/dismiss", REDIRECTED),
    "client-insight-act": ("/client/insights/1/act", REDIRECTED),
    "client-task-complete": ("/client/tasks/1/complete", REDIRECTED),
    "client-task-reopen": ("/client/tasks/1/reopen", REDIRECTED),
    "client-milestones-celebrated": ("/client/milestones/celebrated", REDIRECTED),
    "client-milestones-new": ("/client/milestones/new", REDIRECTED),
    "client-feedback": ("/client/feedback", REDIRECTED),
    "client-feedback-decline": ("/client/feedback/decline", POST_ONLY),
    "feedback-link": ("/feedback/no-such-token", MISSING),
    "client-forgotten-password": ("/client/forgotten-password", PUBLIC),
    "client-password-link-sent": ("/client/forgotten-password/sent", PUBLIC),
    "client-password": ("/client/password", REDIRECTED),
    "client-preferences": ("/client/preferences", REDIRECTED),
    "client-invitation": ("/invitation/no-such-token", 410),
    "mail-click": ("/mail/c/1.0f0e0d0c0b0a59088706050403020100/0", MISSING),
    "mail-preferences": ("/mail/preferences/no-such-token", MISSING),
    "mail-unsubscribe": ("/mail/unsubscribe/no-such-token", MISSING),
    "notice-stop": ("/mail/notices/no-such-token", MISSING),
    "mail-open": ("/mail/o/1.0f0e0d0c0b0a59088706050403020100.gif", PUBLIC),
    "mail-provider-events": ("/anymail/postmark/tracking/", POST_ONLY),
    "client/": ("/client/", REDIRECTED),
    "client/dashboard": ("/client/dashboard", REDIRECTED),
    "set-password": ("/set-password/MQ/no-such-token", PUBLIC),
    "schema": ("/api/schema/", PUBLIC),
    "api-docs": ("/api/docs/", PUBLIC),
    "api-alert": ("/api/v1/alerts/1", KEY_NEEDED),
    **{f"api-alert-{step}": (f"/api/v1/alerts/1/{step}", KEY_NEEDED) for step in ALERT_STEPS},
    "api-alerts": ("/api/v1/alerts", KEY_NEEDED),
    "api-alerts-badge": ("/api/v1/alerts/badge", KEY_NEEDED),
    "api-client-success": ("/api/client/success?clientId=user-1", KEY_NEEDED),
    "api-client-scores": ("/api/v1/clients/user-1/scores", KEY_NEEDED),
    "api-client-score": ("/api/v1/clients/user-1/scores/2026-01-05", KEY_NEEDED),
    "api-client": ("/api/v1/clients/user-1", KEY_NEEDED),
    "api-client-churn": ("/api/v1/clients/user-1/churn", KEY_NEEDED),
    "api-client-mail-preferences": ("/api/v1/clients/user-1/mail-preferences", KEY_NEEDED),
    "api-client-events": ("/api/v1/clients/user-1/events", KEY_NEEDED),
    "api-client-task": ("/api/v1/clients/user-1/tasks/task-1", KEY_NEEDED),
    "api-clients": ("/api/v1/clients", KEY_NEEDED),
    "api-churn": ("/api/v1/churn", KEY_NEEDED),
    "api-feedback": ("/api/v1/feedback", KEY_NEEDED),
    "api-insight": ("/api/v1/insights/1", KEY_NEEDED),
    "api-insights": ("/api/v1/insights", KEY_NEEDED),
    "api-milestone-definitions": ("/api/v1/milestone-definitions", KEY_NEEDED),
    "api-milestones": ("/api/v1/milestones", KEY_NEEDED),
    "api-scores": ("/api/v1/scores", KEY_NEEDED),
    "api-task": ("/api/v1/tasks/1", KEY_NEEDED),
    "api-tasks": ("/api/v1/tasks", KEY_NEEDED),
    "cron": ("/api/cron/success-score", KEY_NEEDED),
    "events": ("/api/v1/events", POST_ONLY),
    "segment-batch": ("/v1/batch", POST_ONLY),
    "segment-track": ("/v1/track", POST_ONLY),
    "segment-page": ("/v1/page", POST_ONLY),
    "segment-screen": ("/v1/screen", POST_ONLY),
    "segment-identify": ("/v1/identify", POST_ONLY),
    "segment-group": ("/v1/group", POST_ONLY),
    "segment-alias": ("/v1/alias", POST_ONLY),
    "rudderstack-beacon": ("/beacon/v1/batch", POST_ONLY),
    "track-script": ("/track.js", REDIRECTED),
    "segment-settings": ("/v1/projects/no-such-key/settings", KEY_NEEDED),
    "rudderstack-source-config": ("/sourceConfig/?writeKey=no-such-key", KEY_NEEDED),
}
ADMIN = "admin/"
ADMIN_OPEN = {"login", "logout", "jsi18n"}


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Route and name of each."""
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        else:
            assert isinstance(entry, URLPattern)
            yield route, entry.name or route


def test_every_address_is_known() -> None:
    outside = {name for route, name in patterns(get_resolver()) if not route.startswith(ADMIN)}
    assert outside == set(ADDRESSES)


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_stranger_gets_what_is_expected(name: str, client_of_acme: object) -> None:
    address, status = ADDRESSES[name]
    response = Browser().get(address)
    assert response.status_code == status
    assert b"user-1" not in response.content


def test_every_address_of_the_admin_sends_strangers_to_the_sign_in(db: None) -> None:
    open_to_strangers = set()
    for route, name in patterns(get_resolver()):
        if not route.startswith(ADMIN) or name in ADMIN_OPEN or "(?P" in route:
            continue
        response = Browser().get("/" + route.replace("<path:object_id>", "1").replace("<id>", "1"))
        if (response.status_code, response.get("Location", "")[:13]) != (302, "/admin/login/"):
            open_to_strangers.add((route, response.status_code))
    assert open_to_strangers == set()
