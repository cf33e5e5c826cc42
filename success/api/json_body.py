"""Bodies pass the same gate as events do: what it refuses is answered with a 4xx."""

from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.parsers import BaseParser

from accounts.problems import Problem
from telemetry.gate import LARGEST_BODY, RefusedRequestError, decode_body, read_one


class StrictJSONParser(BaseParser):
    """One JSON object: UTF-8, no duplicate keys, no NUL, not deep, not large."""

    media_type = "application/json"

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        try:
            item = read_one(decode_body(stream.read(LARGEST_BODY + 1)))
        except RequestDataTooBig:
            raise Problem(413, "body_too_large", "The body is too large.") from None
        except RefusedRequestError as refused:
            raise Problem(refused.status, refused.code, refused.message) from None
        found = item.items[0] if item.items else None
        if found is None or found.flaw:
            code, message = found.flaw if found and found.flaw else ("invalid_json", "The body is no valid JSON.")
            raise Problem(400, code, f"The body cannot be read. {message}")
        return found.value
