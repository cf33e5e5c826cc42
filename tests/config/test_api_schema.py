"""Requests made up from the API's own documentation: no answer may be one that it does not describe."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from accounts.api_keys import NewKey
from accounts.models import Client
from tests.gates.rows import make_rows


@pytest.fixture
def described(db: None) -> Iterator[Any]:
    # As Django's own test client does it: the test's connection is not the request's to close.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield import_module("tests.config.described_answers")
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_every_answer_is_described(
    described: Any, secret_key: NewKey, write_key: NewKey, client_of_acme: Client, mode: str
) -> None:
    make_rows(client_of_acme.organization)
    secrets = {"/v1/batch": write_key.secret, "/api/cron/{name}": settings.CRON_SECRET}
    for operation in described.described_operations():
        described.answers_as_described(operation, mode, secrets.get(operation.path, secret_key.secret))
