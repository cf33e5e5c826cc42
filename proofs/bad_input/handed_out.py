"""What no page and no documentation leads to: events, what mails hold, and what providers of mail call."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from proofs.bad_input.addresses import Address, Encoding

EVENT: dict[str, Any] = {
    "type": "track", "event": "login", "name": "login", "userId": "user-1", "clientId": "user-1",
    "anonymousId": "browser-1", "previousId": "browser-2", "groupId": "group-1", "messageId": "message-1",
    "timestamp": "2026-11-01T00:00:00Z", "occurredAt": "2026-11-01T00:00:00Z", "sentAt": "2026-11-01T00:00:01Z",
    "properties": {"plan": "gold", "durationSeconds": 3, "path": "/"}, "traits": {"email": "client@example.com"},
    "data": {"plan": "gold"}, "context": {"page": {"path": "/"}, "sessionId": "one"}, "sessionId": "one",
    "durationSeconds": 3, "success": True, "path": "/",
}  # fmt: skip
CALLS = ("track", "identify", "alias", "page", "screen", "group")
# Of Postmark, one of the providers; the others are asked with the address poisoned.
DELIVERED = {"RecordType": "Delivery", "MessageID": "1", "Recipient": "client@example.com", "DeliveredAt": "2026-11-01"}
NEW_PASSWORD = {"new_password1": "correct horse battery 1", "new_password2": "correct horse battery 1"}


def events(credentials: Sequence[str]) -> Iterator[Address]:
    """Alone and as the only one of a batch."""
    for path in (*(f"/v1/{call}" for call in CALLS), "/api/v1/events"):
        yield Address("events", "POST", path, tuple(credentials), fields=EVENT, takes_events=True)
    for path, name in (("/v1/batch", "batch"), ("/beacon/v1/batch", "batch"), ("/api/v1/events", "events")):
        fields = {name: [EVENT], "context": {}, "sentAt": EVENT["sentAt"]}
        yield Address("events", "POST", path, tuple(credentials), fields=fields, takes_events=True)


def of_programs(links: Mapping[str, str], write_key: str, token: Sequence[str], webhook: str) -> Iterator[Address]:
    """No key in a header, for these are asked by browsers, mail programs and providers of mail."""
    yield Address("public", "GET", "/v1/projects/{key}/settings", ids={"key": write_key})
    yield Address("public", "GET", "/sourceConfig/", query={"writeKey": write_key, "p": "web"})
    uid, token = links["set-password"].split("/")[-2:]
    for method, fields in (("GET", {}), ("POST", NEW_PASSWORD)):
        ids = {"uid": uid, "token": token}
        template = "/set-password/{uid}/{token}"
        yield Address("public", method, template, tuple(token), ids=ids, fields=fields, encoding=Encoding.FORM)
    key = (f"Authorization: Basic {b64encode(webhook.encode()).decode()}",)
    yield Address("public", "POST", "/anymail/{provider}/tracking/", key, {"provider": "postmark"}, fields=DELIVERED)
    yield Address("public", "GET", "/static/{path}", ids={"path": "admin/css/base.css"})
    yield Address("public", "GET", "/{page}", ids={"page": "no-such-page"})
