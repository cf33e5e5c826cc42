"""Roles, database and privileges, as idempotent SQL.

Three roles share the work: the owner owns the tables and migrates; the serving login runs everything else and is bound
by row-level security; the group `mainstay_serving` carries the serving privileges, so that several logins can serve.
On a server of your own the same is done once by an administrator:

    CREATE ROLE mainstay_serving NOLOGIN;
    CREATE ROLE mainstay_owner LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS;
    CREATE ROLE mainstay_app LOGIN PASSWORD '…' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE
        IN ROLE mainstay_serving;
    CREATE DATABASE mainstay OWNER mainstay_owner;
    \\c mainstay
    ALTER SCHEMA public OWNER TO mainstay_owner;
    GRANT CONNECT ON DATABASE mainstay TO mainstay_serving;
    GRANT USAGE ON SCHEMA public TO mainstay_serving;
    ALTER DEFAULT PRIVILEGES FOR ROLE mainstay_owner IN SCHEMA public
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO mainstay_serving;
    ALTER DEFAULT PRIVILEGES FOR ROLE mainstay_owner IN SCHEMA public
        GRANT USAGE, SELECT ON SEQUENCES TO mainstay_serving;
    ALTER DEFAULT PRIVILEGES FOR ROLE mainstay_owner IN SCHEMA public
        GRANT EXECUTE ON FUNCTIONS TO mainstay_serving;

Then DATABASE_OWNER_URL names the owner's login (migrations only) and DATABASE_URL the serving login.
"""

from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from devserver import UnableToStartError

DATABASE = "mainstay"
OWNER = "mainstay_owner"
SERVING_LOGIN = "mainstay_app"
SERVING_GROUP = "mainstay_serving"

_OLDEST_SERVER = 150_000
_DEFAULT_PRIVILEGES = (
    ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
    ("USAGE, SELECT", "SEQUENCES"),
    ("EXECUTE", "FUNCTIONS"),
)


def provision_cluster(superuser_url: str, *, owner_password: str, serving_password: str) -> tuple[str, str]:
    """Make everything in a cluster of our own; returns the URLs of the serving login and of the owner."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        _one_at_a_time(connection)
        _ensure_role(connection, OWNER, "LOGIN NOSUPERUSER NOBYPASSRLS CREATEDB", owner_password)
        _ensure_serving(connection, SERVING_LOGIN, serving_password)
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
    # Databases made later for tests are copies of template1 and get the same privileges.
    for database in ("template1", DATABASE):
        with psycopg.connect(at_database(superuser_url, database), autocommit=True) as connection:
            grant_serving(connection, owner=OWNER)
    with psycopg.connect(at_database(superuser_url, DATABASE), autocommit=True) as connection:
        connection.execute(sql.SQL("ALTER SCHEMA public OWNER TO {}").format(sql.Identifier(OWNER)))
    database_url = at_database(superuser_url, DATABASE)
    return with_login(database_url, SERVING_LOGIN, serving_password), with_login(database_url, OWNER, owner_password)


def provision_given(database_url: str, *, login: str, password: str) -> str:
    """Make the serving login on a given server, whose URL is that of the owner; returns the serving URL."""
    with _reach(database_url) as connection:
        try:
            _one_at_a_time(connection)
            _ensure_serving(connection, login, password)
            grant_serving(connection, owner=connection.info.user)
        except psycopg.Error as error:
            raise _by_hand(error) from error
    serving_url = with_login(database_url, login, password)
    try:
        psycopg.connect(serving_url).close()
    except psycopg.Error as error:
        raise _by_hand(error) from error
    return serving_url


def require_usable(database_url: str) -> None:
    """Refuse a given database that cannot be reached or is too old."""
    _reach(database_url).close()


def _reach(database_url: str) -> psycopg.Connection:
    if urlsplit(database_url).scheme not in {"postgres", "postgresql"}:
        raise UnableToStartError("The database must be PostgreSQL: give DATABASE_URL as postgresql://…")
    try:
        connection = psycopg.connect(database_url, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise UnableToStartError(f"The database at DATABASE_URL cannot be used: {str(error).strip()}") from error
    if connection.info.server_version < _OLDEST_SERVER:
        found = connection.info.server_version // 10_000
        raise UnableToStartError(f"PostgreSQL 15 or newer is needed; the server at DATABASE_URL is {found}.")
    return connection


def _by_hand(error: psycopg.Error) -> UnableToStartError:
    return UnableToStartError(
        f"A serving login could not be made with DATABASE_URL: {str(error).strip()}\n"
        "Make the roles by hand (see devserver/provision.py) and give DATABASE_URL (serving login) and "
        "DATABASE_OWNER_URL (owner)."
    )


def grant_serving(connection: psycopg.Connection, *, owner: str) -> None:
    """Give the serving group its privileges in one database, on what is there and on what the owner will make."""
    group, role = sql.Identifier(SERVING_GROUP), sql.Identifier(owner)
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, group))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(group))
    for privileges, kind in _DEFAULT_PRIVILEGES:
        statement = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} ON {} TO {}")
        connection.execute(statement.format(role, sql.SQL(privileges), sql.SQL(kind), group))


def at_database(url: str, database: str) -> str:
    """The same server and login, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{quote(database)}"))


def with_login(url: str, user: str, password: str) -> str:
    """The same server and database, another login."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


def _ensure_serving(connection: psycopg.Connection, login: str, password: str) -> None:
    _ensure_role(connection, SERVING_GROUP, "NOLOGIN NOSUPERUSER NOBYPASSRLS", None)
    _ensure_role(connection, login, "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE", password)
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(SERVING_GROUP), sql.Identifier(login)))


def _ensure_role(connection: psycopg.Connection, name: str, attributes: str, password: str | None) -> None:
    role = sql.Identifier(name)
    if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", name):
        connection.execute(sql.SQL("CREATE ROLE {} {}").format(role, sql.SQL(attributes)))
    if password is not None:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))


def _one_at_a_time(connection: psycopg.Connection) -> None:
    """Two starts at once would fail on the same catalogue rows; the lock ends with the connection."""
    connection.execute("SELECT pg_advisory_lock(hashtext('mainstay provision'))")


def _exists(connection: psycopg.Connection, query: str, value: str) -> bool:
    return connection.execute(query, [value]).fetchone() is not None
