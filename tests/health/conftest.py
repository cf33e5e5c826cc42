import pytest

from accounts.api_keys import NewKey
from tests.success.api_calls import Api


@pytest.fixture
def api(secret_key: NewKey) -> Api:
    """Acme's own application."""
    return Api(secret_key.secret)
