"""Lists in pages: what may be asked, and a cursor that stays true while rows come and go.

The cursor holds the place of the last row, so that each page is a range of an index however deep it lies.
"""

import base64
import json
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, ClassVar, Self, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import IntegerField, Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.problems import Problem
from success.api.fields import Strict, TextField

MOST_ROWS = 100
LARGEST_ID = 2**63 - 1
Row = TypeVar("Row", bound=Model)


class Query(Strict):
    """The parameters of an address. `lookups` says which of them filter the rows, and by what."""

    lookups: ClassVar[dict[str, str]] = {}

    @classmethod
    def of(cls, request: Request) -> Self:
        """The request's parameters, each at most once. Raises ValidationError."""
        asked = request.query_params
        if twice := sorted(name for name, values in asked.lists() if len(values) > 1):
            raise serializers.ValidationError({key: ["Give it once."] for key in twice}, "repeated")
        query = cls(data=asked.dict())
        query.is_valid(raise_exception=True)
        return query

    def filtered(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        asked = self.validated_data
        return rows.filter(**{lookup: asked[name] for name, lookup in self.lookups.items() if name in asked})


class PageQuery(Query):
    cursor = TextField(required=False, help_text="`next` of the page before, as it is.")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=MOST_ROWS)


def page_of(
    rows: QuerySet[Row], query: PageQuery, *, key: Sequence[str], represent: Callable[[list[Row]], Any]
) -> Response:
    """One page of the query's rows, by `key` downwards: columns that name a row and begin an index."""
    rows = query.filtered(rows).order_by(*(f"-{name}" for name in key))
    if cursor := query.validated_data.get("cursor"):
        rows = rows.filter(_after(_read(cursor, rows.model, key)))
    limit = query.validated_data["limit"]
    page = list(rows[: limit + 1])
    more = len(page) > limit
    return Response({"results": represent(page[:limit]), "next": _cursor(page[limit - 1], key) if more else None})


def _after(place: dict[str, Any]) -> Q:
    """Below the place, in the order of its columns. The first condition is the one that an index can follow."""
    names = list(place)
    below = Q()
    for position, name in enumerate(names):
        below |= Q(**{f"{name}__lt": place[name]}, **{before: place[before] for before in names[:position]})
    return Q(**{f"{names[0]}__lte": place[names[0]]}) & below


def _cursor(row: Model, key: Sequence[str]) -> str:
    values = [getattr(row, name) for name in key]
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _read(cursor: str, model: type[Model], key: Sequence[str]) -> dict[str, Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        return {name: _value(model, name, value) for name, value in zip(key, values, strict=True)}
    except (TypeError, ValueError, RecursionError, ValidationError):
        raise Problem(400, "invalid_cursor", "This is no cursor of this list: send `next` as it was given.") from None


def _value(model: type[Model], name: str, value: Any) -> Any:
    """As the column holds it, and of a size that the database can compare. Raises ValueError."""
    column: Any = model._meta.get_field(name)  # noqa: SLF001 - Django documents _meta
    if isinstance(column.target_field if column.is_relation else column, IntegerField):
        if type(value) is not int or abs(value) > LARGEST_ID:
            raise ValueError(name)
    elif not isinstance(value, str) or "\0" in value or not value.isascii():
        raise ValueError(name)
    return column.to_python(value)
