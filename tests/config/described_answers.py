"""Whether the answers to made-up requests are those that the API's documentation describes.

A module of its own, so that only the process whose turn it is loads Schemathesis.
"""

from contextlib import suppress
from typing import Any

import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application

CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
A_FEW = hypothesis_settings(
    max_examples=2, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def described_operations() -> list[Any]:
    schema: Any = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    return [found.ok() for found in schema.get_all_operations()]


def answers_as_described(operation: Any, mode: str, secret: str) -> None:
    """Ask what is valid (`positive`) or what is not (`negative`)."""

    @given(case=operation.as_strategy(generation_mode=GenerationMode(mode)))
    @A_FEW
    def check(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        transaction.set_rollback(False)
        case.validate_response(response, checks=CHECKED)

    # Of some operations nothing can be asked wrongly.
    with suppress(Unsatisfiable):
        check()
