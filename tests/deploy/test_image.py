"""What the image is made of, and what must not be in it."""

import re
import subprocess

import pytest
from django.conf import settings

from devserver import application
from proofs.deployment.files import ROOT, dockerfile, image_command, image_health_check, is_in_image

FOLDERS_OF_OTHERS = ("benchmarks", "deploy", "devserver", "docs", "proofs", "tests")


def instructions(*words: str) -> list[str]:
    return [rest for word, rest in dockerfile() if word in words]


def tracked(*folders: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def test_every_part_of_the_application_is_in_the_image() -> None:
    apps = {name.partition(".")[0] for name in settings.INSTALLED_APPS if (ROOT / name.partition(".")[0]).is_dir()}
    needed = tracked(*apps, "config", "locale", "static", "templates", "manage.py", "requirements/base.txt")
    assert apps > {"accounts", "success"}
    assert [name for name in needed if not is_in_image(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        ".env", "mainstay.env", "deploy/example.env", ".git/config", ".run/secrets.json", ".venv/bin/python",
        "requirements/dev.txt", "accounts/__pycache__/models.cpython-311.pyc",
    ],
)  # fmt: skip
def test_what_is_secret_or_of_no_use_stays_out(name: str) -> None:
    assert not is_in_image(name)


def test_tests_tools_and_pages_stay_out() -> None:
    assert [name for name in tracked(*FOLDERS_OF_OTHERS) if is_in_image(name)] == []


def test_packages_are_installed_by_their_hashes_and_none_is_built() -> None:
    [install] = [line for line in instructions("RUN") if "pip install" in line]
    assert {"--no-deps", "--require-hashes", "--only-binary :all:"} <= set(re.findall(r"--[\w-]+(?: :all:)?", install))
    assert "apt-get" not in "".join(instructions("RUN"))


def test_both_stages_begin_with_the_same_named_version() -> None:
    assert [line.split()[0] for line in instructions("FROM")] == ["${PYTHON_IMAGE}"] * 2
    [image] = [line for line in instructions("ARG") if line.startswith("PYTHON_IMAGE=")]
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.1[1-3]-slim-\w+", image)


def test_the_last_stage_runs_as_nobody_in_particular() -> None:
    last = [word for word, _ in dockerfile()][::-1]
    assert instructions("USER") == ["10001:10001"]
    assert last.index("USER") < last.index("COPY") < last.index("FROM")


def test_nothing_secret_is_baked_in() -> None:
    lasting = " ".join(instructions("ENV", "ARG", "LABEL"))
    assert re.findall(r"SECRET|PASSWORD|TOKEN|DATABASE_URL|REDIS_URL", lasting) == []


def test_what_is_baked_in_is_only_what_every_installation_shares() -> None:
    assert "DJANGO_SETTINGS_MODULE=config.settings.production" in instructions("ENV")[-1]


def test_the_web_server_is_the_one_of_development() -> None:
    command = image_command()
    assert command[: len(application._WEB)] == list(application._WEB)
    assert command[-1] == "config.wsgi:application"


def test_the_health_check_asks_the_port_that_is_served() -> None:
    command = image_command()
    port = command[command.index("--port") + 1]
    assert instructions("EXPOSE") == [port]
    assert f"http://127.0.0.1:{port}/healthz" in image_health_check()[-1]


def test_translations_are_kept_compiled() -> None:
    """The image has no gettext: what is in the repository is what readers get."""
    for catalogue in tracked("locale"):
        if catalogue.endswith(".po"):
            assert is_in_image(catalogue.removesuffix("po") + "mo")
