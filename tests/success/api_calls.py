"""Calls of the REST API with one secret key."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction
from django.test import Client as Browser


@dataclass
class Api:
    secret: str
    browser: Browser = field(default_factory=Browser)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`body` is sent as JSON, bytes as they are."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.secret}"} | headers
        response = self.browser.generic(method, path, data, content_type="application/json", headers=sent)
        if connection.in_atomic_block:
            # A refusal before there is a scope marks the transaction of the test itself.
            transaction.set_rollback(False)
        return response

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path + self._query(query))

    def answer(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        response = self.call(method, path, body)
        return response.status_code, response.json() if response.content else None

    def pages(self, path: str, **query: Any) -> list[list[Any]]:
        """The results of each page until there is no next one."""
        pages: list[list[Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, **query, **cursor).json()
            pages.append(page["results"])
            if page["next"] is None:
                return pages
            cursor = {"cursor": page["next"]}

    def listed(self, path: str, **query: Any) -> list[Any]:
        return [row for page in self.pages(path, **query) for row in page]

    @staticmethod
    def _query(query: dict[str, Any]) -> str:
        return f"?{urlencode(query)}" if query else ""


def problem(response: Any) -> tuple[int, str]:
    """Status and code of a refusal, which says in words what to do."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = response.json()
    assert body["status"] == response.status_code
    assert body["message"] == body["detail"]
    return response.status_code, body["code"]
