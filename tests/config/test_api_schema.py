"""Requests made up from the API's own documentation: no answer may be one that it does not describe."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
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

from accounts.api_keys import NewKey
from accounts.models import Client
from config.wsgi import application
from tests.gates.rows import make_rows

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


@pytest.fixture
def operations(db: None) -> Iterator[list[Any]]:
    # As Django's own test client does it: the test's connection is not the request's to close.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    schema: Any = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    yield [found.ok() for found in schema.get_all_operations()]
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_described(
    operations: list[Any], secret_key: NewKey, write_key: NewKey, client_of_acme: Client, mode: GenerationMode
) -> None:
    make_rows(client_of_acme.organization)
    secrets = {"/v1/batch": write_key.secret, "/api/cron/{name}": settings.CRON_SECRET}
    for operation in operations:
        answers_as_described(operation, mode, secrets.get(operation.path, secret_key.secret))


def answers_as_described(operation: Any, mode: GenerationMode, secret: str) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @A_FEW
    def check(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {secret}"})
        transaction.set_rollback(False)
        case.validate_response(response, checks=CHECKED)

    # Of some operations nothing can be asked wrongly.
    with suppress(Unsatisfiable):
        check()
