import pytest

from devserver import UnableToStartError, provision


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://boss:pw@db.example:5433/shop?sslmode=require",
            "postgresql://app:s%2F%40@db.example:5433/shop?sslmode=require",
        ),
        ("postgresql://boss:p%40w@[::1]/shop", "postgresql://app:s%2F%40@[::1]/shop"),
        ("postgres:///shop?host=/run/postgresql", "postgres://app:s%2F%40@/shop?host=/run/postgresql"),
    ],
)
def test_another_login_keeps_server_database_and_options(url: str, expected: str) -> None:
    assert provision.with_login(url, "app", "s/@") == expected


def test_another_database_keeps_login_and_options() -> None:
    url = "postgresql://boss:pw@db.example:5433/shop?sslmode=require"
    assert provision.at_database(url, "template1") == "postgresql://boss:pw@db.example:5433/template1?sslmode=require"


@pytest.mark.parametrize(
    ("url", "reason"),
    [("sqlite:///shop", "must be PostgreSQL"), ("postgresql://u@127.0.0.1:1/shop", "cannot be used: .*refused")],
)
def test_a_database_that_cannot_serve_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(UnableToStartError, match=f"(?s){reason}"):
        provision.require_usable(url)
