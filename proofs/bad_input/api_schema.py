"""Thousands of requests made up from the API's documentation: no failure, no answer that it does not describe.

Once with ids as they come, once with those of a client, a task and an alert that are there. In about half of the
cases one text is of `poison`.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from devserver import processes
from proofs.installation import Installation, free_port, installation

EXAMPLES = 120
ENOUGH_REQUESTS = 10_000
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)
KNOWN = {"external_id": "user-1", "task": "task-1", "task_id": "1", "clientId": "user-1", "alert_id": "1"}
CONFIGURATION = """
headers = {{ Authorization = "Bearer {secret_key}" }}
parameters = {parameters}

[[operations]]
include-path = "/v1/batch"
headers = {{ Authorization = "Bearer {write_key}" }}

[[operations]]
include-path = "/api/cron/{{name}}"
headers = {{ Authorization = "Bearer {cron_secret}" }}
"""


def prove() -> bool:
    """Print the figures; True when every answer was a described one, of enough of them."""
    limits = {"API_REQUESTS_PER_SECOND": "1000000", "API_REQUESTS_BURST": "1000000", "CRON_WAIT_SECONDS": "2"}
    with installation(**limits) as ours:
        keys = json.loads(ours.manage("create_organization", "proof", "--json"))
        keys["cron_secret"] = ours.environment["CRON_SECRET"]
        port = free_port()
        web = ours.start_web(port)
        base_url = f"http://127.0.0.1:{port}"
        make_known(base_url, keys["secret_key"])
        ours.manage("check_health", "--organization", "proof")
        asked = [ask(ours, base_url, keys, known) for known in ({}, KNOWN)]
        processes.stop(web)
    return all(asked) and sum(asked) >= ENOUGH_REQUESTS


def make_known(base_url: str, secret_key: str) -> None:
    """A client with a task, silent for so long that the next check opens an alert."""
    task = {"clientId": "user-1", "externalId": "task-1", "title": "Known"}
    long_ago = (datetime.now(UTC) - timedelta(days=5)).isoformat()
    event = {"clientId": "user-1", "name": "login", "occurredAt": long_ago}
    for path, body in (("clients", {"externalId": "user-1"}), ("tasks", task), ("events", event)):
        request = urllib.request.Request(  # noqa: S310 - our own server
            f"{base_url}/api/v1/{path}",
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {secret_key}", "Content-Type": "application/json"},
        )
        patiently(request)


def patiently(request: urllib.request.Request) -> None:
    """Until the server has started."""
    for _ in range(100):
        try:
            with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - our own server
                return
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(request.full_url)


def ask(ours: Installation, base_url: str, keys: Mapping[str, str], known: Mapping[str, str]) -> int:
    """How many requests; 0 when some answer was not a described one."""
    with tempfile.TemporaryDirectory() as folder:
        configuration, report = Path(folder, "schemathesis.toml"), Path(folder, "report.json")
        parameters = ", ".join(f'"{name}" = "{value}"' for name, value in known.items())
        configuration.write_text(CONFIGURATION.format(parameters=f"{{ {parameters} }}", **keys))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration)),
                *("run", f"{base_url}/api/schema/?format=json", "--url", base_url, "--checks", CHECKS),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", "20261116"),
                *("--continue-on-failure", "--no-color", "--warnings", "off", "--report-json-path", str(report)),
            ],
            env=ours.environment | {"SCHEMATHESIS_HOOKS": "proofs.bad_input.poisoned_strings", "PYTHONPATH": "."},
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            print(done.stdout[-20_000:], done.stderr[-5_000:])
        found: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
        print(f"api_schema, {'known' if known else 'any'} ids: {figures(found)}", flush=True)
    return 0 if done.returncode else int(found["test_cases"]["generated"])


def figures(found: Mapping[str, Any]) -> str:
    if not found:
        return "nothing was asked."
    cases, operations = found["test_cases"], found["operations"]
    return (
        f"{cases['generated']:,} requests to {operations['tested']} of {operations['total']} operations in"
        f" {found['running_time']:.0f} s: {cases['with_failures']} answers that were not described,"
        f" {cases['errored']} errors."
    )
