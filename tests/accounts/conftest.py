from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker


@pytest.fixture
def schema(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For tests that change the schema, and undo it, and write no rows: changes commit, and nothing is emptied."""
    with django_db_blocker.unblock():
        yield
        connections.close_all()
