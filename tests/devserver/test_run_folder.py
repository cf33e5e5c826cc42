import json
import stat
from pathlib import Path
from typing import Any

import pytest

from devserver import UnableToStartError, credentials, keys, lock
from devserver.clone import RunFolder

LOGIN = {"username": "u", "password": "p"}
ORGANIZATION = {
    "slug": "acme",
    "timezone": "UTC",
    "write_key": "wk",
    "secret_key": "sk",
    "staff_login": LOGIN,
    "client_login": LOGIN,
}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run").create()


def written(run: RunFolder, **changes: Any) -> Path:
    content = {"admin": LOGIN, "organizations": [ORGANIZATION, ORGANIZATION | {"slug": "other"}]} | changes
    run.credentials.write_text(json.dumps(content))
    return run.credentials


def test_credentials_get_the_address_and_the_secret_of_this_start(run: RunFolder) -> None:
    found = credentials.complete(written(run, base_url="http://old"), base_url="http://new", cron_secret="s")
    assert found == json.loads(run.credentials.read_text())
    assert (found["base_url"], found["cron_secret"]) == ("http://new", "s")
    assert stat.S_IMODE(run.credentials.stat().st_mode) == 0o600


def test_credentials_that_lack_something_are_refused_by_name(run: RunFolder) -> None:
    file = written(run, organizations=[{**ORGANIZATION, "write_key": ""}])
    with pytest.raises(UnableToStartError, match=r"organizations\[0\].write_key, a second organization"):
        credentials.complete(file, base_url="http://new", cron_secret="s")


def test_the_summary_names_every_login_and_key(run: RunFolder) -> None:
    found = credentials.complete(written(run), base_url="http://new", cron_secret="cron-s")
    shown = credentials.summary(found)
    assert all(word in shown for word in ("http://new/admin/", "cron-s", "acme", "other", "wk", "sk", "u  p"))


def test_keys_stay_the_same_and_private(run: RunFolder) -> None:
    assert keys.load(run.secrets) == keys.load(run.secrets)
    assert stat.S_IMODE(run.secrets.stat().st_mode) == 0o600


def test_a_second_run_learns_who_holds_the_clone_and_where(run: RunFolder) -> None:
    with lock.hold(run) as held:
        held.tell("http://127.0.0.1:8000")
        assert lock.is_held(run)
        with (
            pytest.raises(UnableToStartError, match=r"already runs .* answers at http://127.0.0.1:8000"),
            lock.hold(run),
        ):
            pass
    assert not lock.is_held(run)


def test_the_log_of_the_time_before_is_kept(run: RunFolder) -> None:
    run.log("web").write_text("first")
    run.log("web").write_text("second")
    assert (run.logs / "web.before.log").read_text() == "first"
