"""`make test`: all tests against servers that are thrown away afterwards."""

import sys

from devserver.execute import execute


def test(arguments: list[str]) -> int:
    """Run pytest; further arguments win over ours. Returns its exit code."""
    # One more than two cores: processes wait for the database, for Chromium and for each other.
    command = [sys.executable, "-m", "pytest", "-n", "3", *arguments]
    # Every process of the tests would compile them anew where the environment forbids to keep what was compiled.
    return execute(command, extra={"DJANGO_SETTINGS_MODULE": "config.settings.test", "PYTHONDONTWRITEBYTECODE": ""})
