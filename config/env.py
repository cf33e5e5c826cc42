"""Reading the environment: every setting that an installation may change comes through here."""

from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

SCHEMES = {
    "redis": "redis",
    "valkey": "redis",
    "rediss": "rediss",
    "valkeys": "rediss",
    "unix": "socket",
    "redis+socket": "socket",
    "valkey+socket": "socket",
}


def database(url: str) -> dict[str, Any]:
    """Django's settings for one PostgreSQL URL; refuses any other database."""
    settings = dict(env.db_url_config(url))
    if settings["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("The database must be PostgreSQL: give a postgres:// URL.")
    return settings


def email(url: str) -> dict[str, Any]:
    """Django's settings for one mail URL: smtp://, smtp+tls://, smtp+ssl://, filemail:///folder, consolemail://."""
    settings = dict(env.email_url_config(url))
    if urlsplit(url).scheme == "filemail":
        # The library leaves out the first slash, and the folder would begin wherever the process was started.
        settings["EMAIL_FILE_PATH"] = unquote(urlsplit(url).path)
    return settings


def broker_url(url: str) -> str:
    """The URL as Celery wants it: redis://, rediss:// or redis+socket://."""
    kind, parts, query = _redis_parts(url)
    if kind == "socket":
        query["virtual_host"] = _database_number(query)
        if parts.username or parts.password:
            query.setdefault("password", unquote(parts.password or ""))
        return f"redis+socket://{parts.path}?{urlencode(query)}"
    if kind == "rediss":
        query.setdefault("ssl_cert_reqs", "required")
    return urlunsplit((kind, parts.netloc, parts.path, urlencode(query), ""))


def cache_url(url: str) -> str:
    """The URL as redis-py, and so Django's cache, wants it: redis://, rediss:// or unix://."""
    kind, parts, query = _redis_parts(url)
    if kind == "socket":
        query["db"] = _database_number(query)
        userinfo = f":{quote(unquote(parts.password))}@" if parts.password else ""
        return f"unix://{userinfo}{parts.path}?{urlencode(query)}"
    return urlunsplit((kind, parts.netloc, parts.path, urlencode(query), ""))


def _database_number(query: dict[str, str]) -> str:
    number = query.pop("db", "0")
    return query.pop("virtual_host", number)


def _redis_parts(url: str) -> tuple[str, SplitResult, dict[str, str]]:
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ImproperlyConfigured(f"REDIS_URL begins with one of {', '.join(SCHEMES)}; got {parts.scheme!r}.")
    return SCHEMES[parts.scheme], parts, dict(parse_qsl(parts.query))
