"""What every operation of the API may refuse, in its documentation: said once, in one shape."""

from collections.abc import Iterator
from typing import Any

METHODS = {"get", "post", "put", "patch", "delete"}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457, with `code` for programs and the same sentence as `detail` in `message`.",
    "required": ["type", "title", "status", "detail", "code", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that tells what to do."},
        "code": {"type": "string"},
        "message": {"type": "string"},
        "errors": {"description": "Of the code `invalid`: the fields, each with what is wrong with it."},
    },
}
EVERYWHERE = {
    "400": "Something in the request is not valid: `code` and `errors` tell what.",
    "401": "This is no valid key.",
    "404": "What is named does not exist, or belongs to another organization.",
    "429": "Too many requests: wait for Retry-After.",
    "503": "The database cannot be reached: send the request again after Retry-After.",
}
OF_VIEWS = {"406": "Answers are JSON."}
WITH_A_BODY = {"413": "The body is too large.", "415": "Bodies are application/json."}
CREATING = {"409": "There is one of this external id."}
WITH_A_SESSION = {"403": "The sign-in is no client's, or the CSRF token is missing."}
RETRY_AFTER = {
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}, "required": True},
}


def describe_problems(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A postprocessing hook of drf-spectacular. What an operation says of a status itself stays."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path in result["paths"].values():
        for method in METHODS & path.keys():
            operation = path[method]
            answers = operation["responses"]
            for status, description in _problems(operation):
                answers.setdefault(status, _answer(status, description))
    return result


def _problems(operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from EVERYWHERE.items()
    yield from OF_VIEWS.items()
    if "requestBody" in operation:
        yield from WITH_A_BODY.items()
    if "201" in operation["responses"]:
        yield from CREATING.items()
    if {"cookieAuth": []} in operation.get("security", []):
        yield from WITH_A_SESSION.items()


def _answer(status: str, description: str) -> dict[str, Any]:
    shape = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    headers = {"headers": RETRY_AFTER} if status in {"429", "503"} else {}
    return {"description": description, "content": shape, **headers}
