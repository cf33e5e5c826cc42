import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import broker_url, cache_url, database, email


@pytest.mark.parametrize(
    ("given", "broker", "cache"),
    [
        ("redis://:pw@host:6379/1", "redis://:pw@host:6379/1", "redis://:pw@host:6379/1"),
        ("valkey://host/2", "redis://host/2", "redis://host/2"),
        ("rediss://host", "rediss://host?ssl_cert_reqs=required", "rediss://host"),
        (
            "unix:///run/valkey.sock?db=3",
            "redis+socket:///run/valkey.sock?virtual_host=3",
            "unix:///run/valkey.sock?db=3",
        ),
        (
            "redis+socket:///run/valkey.sock?virtual_host=4",
            "redis+socket:///run/valkey.sock?virtual_host=4",
            "unix:///run/valkey.sock?db=4",
        ),
        (
            "unix://:p%40w@/run/valkey.sock",
            "redis+socket:///run/valkey.sock?virtual_host=0&password=p%40w",
            "unix://:p%40w@/run/valkey.sock?db=0",
        ),
    ],
)
def test_one_redis_url_serves_celery_and_the_cache(given: str, broker: str, cache: str) -> None:
    assert (broker_url(given), cache_url(given)) == (broker, cache)


def test_another_brokers_url_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL begins with"):
        broker_url("amqp://host")


def test_another_database_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="must be PostgreSQL"):
        database("sqlite:///file.db")


def test_mail_goes_into_the_folder_that_was_named_from_wherever_we_were_started() -> None:
    assert email("filemail:///var/our%20mail")["EMAIL_FILE_PATH"] == "/var/our mail"
    assert email("smtp+tls://us:secret@mail.example.org:587")["EMAIL_HOST"] == "mail.example.org"
