import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from devserver.provision import at_database
from tests.devserver.starting import Pair, rows


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    pair = Pair(tmp_path_factory.mktemp("pair"))
    pair.start()
    yield pair
    pair.stop()


@pytest.fixture
def env(pair: Pair) -> dict[str, str]:
    return pair.environment()


def test_the_serving_login_is_bound_by_row_level_security(env: dict[str, str]) -> None:
    query = "SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    assert rows(env["DATABASE_URL"], query) == [(False, False, False, False)]
    assert rows(env["DATABASE_OWNER_URL"], query) == [(False, False, True, False)]


def test_what_the_owner_makes_in_any_database_the_serving_login_may_use(env: dict[str, str]) -> None:
    rows(env["DATABASE_OWNER_URL"], "CREATE DATABASE another")
    owner, serving = (at_database(env[name], "another") for name in ("DATABASE_OWNER_URL", "DATABASE_URL"))
    rows(owner, "CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY, name text)")
    assert rows(serving, "INSERT INTO thing (name) VALUES ('a') RETURNING id, name") == [(1, "a")]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(serving, "ALTER TABLE thing ADD COLUMN more text")


def test_a_killed_server_starts_again_with_its_data_and_addresses(pair: Pair, env: dict[str, str]) -> None:
    rows(env["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    pair.kill()
    assert pair.start() == env
    assert rows(env["DATABASE_URL"], "SELECT answer FROM kept") == [(42,)]


def test_a_second_start_replaces_the_server_that_runs(pair: Pair, env: dict[str, str]) -> None:
    before = pair.server_ids()
    assert pair.start() == env
    assert len(before) == len(pair.server_ids()) == 1
    assert before != pair.server_ids()


def test_a_lock_file_naming_another_process_is_no_obstacle(pair: Pair, env: dict[str, str]) -> None:
    pair.kill()
    lock_file = pair.data / "postmaster.pid"
    lock_file.write_text(f"{os.getpid()}\n" + "\n".join(lock_file.read_text().splitlines()[1:]))
    assert pair.start() == env


def test_a_taken_port_is_replaced_by_another(pair: Pair, env: dict[str, str]) -> None:
    port = pair.noted("postgresql_port")
    pair.kill()
    with socket.create_server(("127.0.0.1", port)):
        moved = pair.start()
    assert pair.noted("postgresql_port") != port
    assert rows(moved["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_the_broker_wants_its_password(env: dict[str, str]) -> None:
    assert redis.Redis.from_url(env["REDIS_URL"]).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url("redis://" + env["REDIS_URL"].partition("@")[2]).ping()


def test_given_servers_are_used_with_a_serving_login_of_their_own(
    pair: Pair, env: dict[str, str], tmp_path: Path
) -> None:
    password = (Path(pair.noted("home")) / "postgres" / "superuser").read_text()
    port = pair.noted("postgresql_port")
    given = f"postgresql://postgres:{password}@127.0.0.1:{port}/mainstay"
    found = Pair(tmp_path).start(DATABASE_URL=given, REDIS_URL=env["REDIS_URL"])
    assert not (tmp_path / "state.json").exists()
    assert (found["DATABASE_OWNER_URL"], found["REDIS_URL"]) == (given, env["REDIS_URL"])
    query = "SELECT rolsuper, pg_has_role(oid, 'mainstay_serving', 'member') FROM pg_roles WHERE rolname = current_user"
    assert rows(found["DATABASE_URL"], query) == [(False, True)]
