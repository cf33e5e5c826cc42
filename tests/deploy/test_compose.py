"""compose.yaml: what runs, with whose passwords, what reaches what, and what it may use."""

from typing import Any

import pytest

from devserver import application
from proofs.deployment.files import ROOT, compose, example_env

PASSWORDS = {
    "POSTGRES_PASSWORD": "superuser-secret",
    "MAINSTAY_OWNER_PASSWORD": "owner-secret",
    "MAINSTAY_APP_PASSWORD": "app-secret",
    "MAINSTAY_BACKUP_PASSWORD": "backup-secret",
    "VALKEY_PASSWORD": "valkey-secret",
}
FILE = compose(PASSWORDS)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
SERVERS = ("postgres", "valkey")
APPLICATION = ("migrate", "web", "worker", "beat")
TOP = {"name", "services", "volumes", "networks", "x-restricted", "x-application"}
KEYS = {
    "build", "cap_drop", "command", "depends_on", "deploy", "env_file", "environment", "healthcheck", "image", "init",
    "logging", "networks", "ports", "read_only", "restart", "security_opt", "shm_size", "stop_grace_period",
    "stop_signal", "tmpfs", "user", "volumes",
}  # fmt: skip
HEALTH = {"test", "interval", "timeout", "start_period", "retries", "disable"}
CONDITIONS = {"service_healthy", "service_completed_successfully"}

every_service = pytest.mark.parametrize("name", SERVICES)
each_of_ours = pytest.mark.parametrize("name", APPLICATION)


def test_all_that_is_needed_runs_and_nothing_else() -> None:
    assert set(SERVICES) == {*SERVERS, *APPLICATION}
    assert set(FILE) == TOP


@every_service
def test_a_service_says_only_what_compose_knows(name: str) -> None:
    service = SERVICES[name]
    assert set(service) <= KEYS
    assert set(service.get("healthcheck", {})) <= HEALTH
    assert set(service["networks"]) <= set(FILE["networks"])
    for other, how in service.get("depends_on", {}).items():
        assert (other in SERVICES, set(how)) == (True, {"condition"})
        assert how["condition"] in CONDITIONS


@every_service
def test_a_service_has_limits_and_begins_again(name: str) -> None:
    service = SERVICES[name]
    assert {"memory", "cpus"} <= set(service["deploy"]["resources"]["limits"])
    assert service["restart"] == ("on-failure:3" if name == "migrate" else "unless-stopped")
    assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "postgres"])
def test_a_service_can_write_nothing_that_lasts(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert [path.partition(":")[0] for path in service["tmpfs"]] == ["/data" if name == "valkey" else "/tmp"]  # noqa: S108
    assert "volumes" not in service


def test_the_servers_are_reached_by_nobody_from_outside() -> None:
    assert FILE["networks"]["servers"] == {"internal": True}
    assert {name: SERVICES[name]["networks"] for name in SERVERS} == {name: ["servers"] for name in SERVERS}
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_data_outlives_its_container() -> None:
    [data, roles] = SERVICES["postgres"]["volumes"]
    assert data.split(":")[0] in FILE["volumes"]
    assert (ROOT / roles.split(":")[0]).is_file()


def passwords_of(name: str) -> set[str]:
    return {password for password in PASSWORDS.values() if password in str(SERVICES[name].get("environment", {}))}


def test_each_has_the_passwords_that_it_needs() -> None:
    serving = {"app-secret", "valkey-secret"}
    assert {name: passwords_of(name) for name in SERVICES} == {
        "postgres": {"superuser-secret", "owner-secret", "app-secret", "backup-secret"},
        "valkey": {"valkey-secret"},
        "migrate": serving | {"owner-secret"},
        "web": serving,
        "worker": serving,
        "beat": serving,
    }


@pytest.mark.parametrize("name", PASSWORDS)
def test_without_a_password_nothing_starts(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        compose({key: value for key, value in PASSWORDS.items() if key != name})


def test_the_examples_name_every_password_and_hold_none() -> None:
    assert example_env("passwords.example.env") == dict.fromkeys(PASSWORDS, "")
    assert [example_env("example.env")[name] for name in ("SECRET_KEY", "CRON_SECRET")] == ["", ""]


@each_of_ours
def test_ours_wait_for_the_servers_and_for_the_migrations(name: str) -> None:
    healthy = {server: {"condition": "service_healthy"} for server in SERVERS}
    done = {} if name == "migrate" else {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES[name]["depends_on"] == healthy | done


def test_both_servers_say_when_they_are_ready() -> None:
    assert {name: SERVICES[name]["healthcheck"]["test"][0] for name in SERVERS} == {
        "postgres": "CMD",
        "valkey": "CMD-SHELL",
    }


def test_work_in_hand_is_waited_for(settings: Any) -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "300s"
    assert settings.CELERY_TASK_TIME_LIMIT < 300


def test_worker_and_clock_are_those_of_development() -> None:
    assert SERVICES["worker"]["command"] == list(application._WORKER)
    assert "web" in SERVICES
    assert "command" not in SERVICES["web"]
    assert SERVICES["beat"]["command"][:4] == list(application._BEAT[:4])


def test_the_broker_forgets_its_cache_and_never_a_message() -> None:
    assert "--maxmemory-policy volatile-lru" in SERVICES["valkey"]["command"]
