"""/healthz and /readyz, answered before anything that could redirect, refuse the host or need a session."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.database_watch import Wait
from accounts.problems import RETRY_AFTER_SECONDS, problem_json

CHECK_SECONDS = 2.5

# A check that hangs keeps its thread, so the threads are few; with none free the answer is "not ready" too.
_checkers = ThreadPoolExecutor(max_workers=6, thread_name_prefix="readyz")
_migrated: set[str] = set()


class UnableToServeError(Exception):
    """A part that serving needs is not there."""


class Probes:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "up"})
        if request.path == "/readyz":
            return readiness()
        return self.get_response(request)


def readiness() -> HttpResponse:
    """200 when database, broker and migrations are all right, else 503 that names what is not."""
    running = {name: _checkers.submit(check) for name, check in CHECKS.items()}
    wait(running.values(), timeout=CHECK_SECONDS)
    checks = {name: _outcome(future) for name, future in running.items()}
    if all(outcome == "ok" for outcome in checks.values()):
        return JsonResponse({"status": "ready", "checks": checks})
    failing = ", ".join(name for name, outcome in checks.items() if outcome != "ok")
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return problem_json(503, "not_ready", f"Not ready: {failing}.", headers=headers, checks=checks)


def _outcome(future: Future[None]) -> str:
    if not future.done():
        future.cancel()
        return "timed out"
    error = future.exception()
    if error is None:
        return "ok"
    return str(error) if isinstance(error, UnableToServeError) else type(error).__name__


def check_database() -> None:
    try:
        with Wait(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except ImproperlyConfigured:
        raise UnableToServeError("the role must not serve") from None
    finally:
        connection.close()


def check_migrations() -> None:
    """Asked until the answer is yes: the code of a process does not change, and migrations are not undone."""
    database = str(connection.settings_dict["NAME"])
    if database in _migrated:
        return
    try:
        with Wait():
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                raise UnableToServeError("some are not applied")
        _migrated.add(database)
    finally:
        connection.close()


def check_broker() -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=2)


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "broker": check_broker,
    "migrations": check_migrations,
}
