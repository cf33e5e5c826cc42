"""The operations of the API as its documentation says them, each with an example of its body."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from proofs.bad_input.addresses import Address

# By what the documentation calls them: the documentation's own example would be nobody's.
KNOWN = {
    "clientId": "client", "external_id": "client", "alert_id": "alert", "task_id": "task", "insight_id": "insight",
    "insightId": "insight", "actor": "member", "owner": "member", "period_end": "period_end", "periodEnd": "period_end",
}  # fmt: skip
FIXED = {"task": "task-1", "name": "success-score", "timezone": "Europe/Berlin", "language": "de"}
OF_FORMAT = {"date": "2026-11-01", "email": "client@example.com", "uri": "https://example.com/", "uuid": "0" * 32}
KEYS = {"secretKey": "secret_key", "cronSecret": "cron_secret", "writeKey": "write_key"}
METHODS = {"get", "post", "put", "patch", "delete"}
# Where fields stand for each other, or one has to be new.
BODIES: dict[str, dict[str, Any]] = {
    "POST /api/client/success": {"clientId": "{client}"},
    "PATCH /api/client/success": {"clientId": "{client}", "action": "track-event", "eventType": "login"},
    "POST /api/v1/alerts/{alert_id}/snooze": {"until": None},
    "POST /api/v1/feedback": {"clientId": "{client}", "kind": "nps", "rating": 9, "comment": "Good"},
    "PATCH /api/v1/insights/{insight_id}": {"action": "mark-read"},
    "PUT /api/v1/clients/{external_id}/mail-preferences": {"weekly": {"isAgreed": True, "frequency": "weekly"}},
}


def operations(schema: Mapping[str, Any], *, ids: Mapping[str, str], keys: Mapping[str, Any]) -> Iterator[Address]:
    for path, item in schema["paths"].items():
        for method in item.keys() & METHODS:
            operation = item[method]
            key = KEYS[next(iter(operation["security"][0]))]
            # Events are `linked.events`.
            if key != "write_key":
                yield operation_of(schema, path, method.upper(), operation, ids, tuple(keys[key]))


def operation_of(
    schema: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any], ids: Mapping[str, str],
    credentials: tuple[str, ...],
) -> Address:  # fmt: skip
    known = partial(known_value, ids)
    of_path = {each["name"]: known(each["name"]) or "1" for each in operation.get("parameters", []) if is_in_path(each)}
    query = {
        each["name"]: known(each["name"]) if each.get("required") else None
        for each in operation.get("parameters", [])
        if not is_in_path(each)
    }
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    fields = example(schema, content.get("schema", {}), known) if content else {}
    given = BODIES.get(f"{method} {path}")
    if given:
        fields = {name: ids["client"] if value == "{client}" else value for name, value in given.items()}
    return Address("API", method, path, credentials, ids=of_path, query=query, fields=fields)


def is_in_path(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter["in"] == "path")


def known_value(ids: Mapping[str, str], name: str) -> str | None:
    return ids[KNOWN[name]] if name in KNOWN else FIXED.get(name)


def example(
    schema: Mapping[str, Any], of: Mapping[str, Any], known: Callable[[str], str | None], name: str = ""
) -> Any:
    """A value that the documentation allows."""
    if "$ref" in of:
        of = schema["components"]["schemas"][of["$ref"].rpartition("/")[2]]
    for several in ("allOf", "oneOf", "anyOf"):
        if several in of:
            return example(schema, of[several][0], known, name)
    if of.get("type") == "object" or "properties" in of:
        written = {key: value for key, value in of.get("properties", {}).items() if not value.get("readOnly")}
        return {key: example(schema, value, known, key) for key, value in written.items()} or {"plan": "gold"}
    if of.get("type") == "array":
        return [example(schema, of["items"], known)]
    return known(name) or simple_example(of)


def simple_example(of: Mapping[str, Any]) -> Any:
    if "enum" in of:
        return of["enum"][0]
    if of.get("format") == "date-time":
        return datetime.now(UTC).isoformat()
    typical = {"integer": of.get("minimum", 1), "number": 1.5, "boolean": True}
    return typical.get(of.get("type", ""), OF_FORMAT.get(of.get("format", ""), "Text"))
