import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _sample_jobs(settings: Settings) -> None:
    """The ledger is tested with jobs of its own, not with those that happen to be installed."""
    settings.JOBS = {
        "names": {"crontab": "0 7 * * 1", "handler": "tests.jobs.sample_jobs.names"},
        "letters": {"crontab": "0 8 * * 1", "handler": "tests.jobs.sample_jobs.letters"},
        "checks": {"crontab": "0 * * * *", "handler": "tests.jobs.sample_jobs.checks"},
    }
