"""The commands of the backup page, run on the demo's data: equal fingerprints, isolation in force, no mail twice."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from devserver import ports, processes
from proofs.deployment import files as deploy_files
from proofs.deployment.production import Production, answers, application_settings, production

SORTED = "(SELECT string_agg(item::text, ', ' ORDER BY item::text) FROM unnest({}) AS item)"
TABLES = f"""
    SELECT relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner), {SORTED.format("relacl")}
    FROM pg_class WHERE relkind IN ('r', 'p', 'S', 'v') AND relnamespace = 'public'::regnamespace
"""
POLICIES = "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies"
FUNCTIONS = f"""
    SELECT proname, prosecdef, prosrc, {SORTED.format("proacl")}
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
TRIGGERS = "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"
# The conditions of checks are written with other brackets once they were read back, and mean the same.
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, convalidated, CASE WHEN contype <> 'c' THEN pg_get_constraintdef(oid) END
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
INDEXES = """
    SELECT indexrelid::regclass::text, indisunique, indisvalid,
        (SELECT string_agg(pg_get_indexdef(indexrelid, part, true), ', ') FROM generate_series(1, indnatts) AS part)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
"""
CATALOGUE = (TABLES, POLICIES, FUNCTIONS, TRIGGERS, CONSTRAINTS, INDEXES)
QUEUE = """
from django.utils import timezone
from emails.outbox import queue_email
now = timezone.now()
queue_email("operator_alert", key="1", to_address="op@example.com", subject="Once", text="Once.", queued_at=now)
"""
SEND = "from emails.delivery import deliver_all; print('sent', deliver_all(seconds=20))"


def prove() -> bool:
    with production() as ours:
        ours.environment |= application_settings() | {
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "REDIS_URL": ours.redis_url,
            "EMAIL_BACKEND": "proofs.mail.forgetful.EmailBackend",
            "FORGETFUL_MAIL": str(ours.folder / "mails"),
            "SECURE_SSL_REDIRECT": "false",
            "LOG_LEVEL": "WARNING",
        }
        for command in deploy_files.documented_commands("deployment.md", "Roles and database"):
            ours.shell(command)
        ours.shell("python manage.py migrate --no-input --verbosity 0 && python manage.py sync_schedules")
        seed(ours)
        return prove_on(ours)


def prove_on(ours: Production) -> bool:
    refused = is_refused(ours)
    python(ours, QUEUE)
    before, catalogue = fingerprint(ours), read_catalogue(ours)
    lost_from, began = datetime.now(UTC), time.monotonic()
    run(ours, "Dump")
    dumped, size = time.monotonic() - began, (ours.folder / "mainstay.dump").stat().st_size
    sent = python(ours, SEND).strip()
    lost_until, began = datetime.now(UTC), time.monotonic()
    run(ours, "Restore", before="python")
    restored = time.monotonic() - began
    differing = set(before) ^ set(fingerprint(ours))
    unlike = catalogue ^ read_catalogue(ours)
    ours.shell("psql --no-psqlrc --command='DROP DATABASE mainstay_broken' \"$SUPERUSER_URL\"")
    run(ours, "Restore", before="pg_restore")
    run(ours, "Large databases")
    differing |= set(before) ^ set(fingerprint(ours))
    unlike |= catalogue ^ read_catalogue(ours)
    run(ours, "Restore", after="pg_restore")
    ours.environment |= {"LOST_FROM": lost_from.isoformat(), "LOST_UNTIL": lost_until.isoformat()}
    held = run(ours, "Mail after a restore").splitlines()[-1]
    again = python(ours, SEND).strip()
    mails = (ours.folder / "mails").read_text().count("\n")
    rows = sum(int(line.split("|")[1]) for line in before if not line.endswith(("|t", "|f")))
    print(
        f"restored_backup: {len(before)} tables and sequences with {rows:,} rows, {size / 1e6:.1f} MB dumped in"
        f" {dumped:.1f} s, restored in {restored:.1f} s, {len(differing)} differing;"
        f" {len(unlike)} owners, privileges, policies, functions, triggers, constraints or indexes differing"
        f" {sorted(unlike, key=str)[:2]}; a dump as the owner refused: {refused}."
        f" Before the failure {sent}, after it {again}, {mails} in all. {held}"
    )
    return not differing and not unlike and refused and (sent, again, mails) == ("sent 1", "sent 0", 1)


def run(ours: Production, heading: str, *, before: str = "", after: str = "") -> str:
    """The commands of a section of the page, those before the one of a program or those after it."""
    commands = deploy_files.documented_commands("backup.md", heading)
    programs = [command.split()[0] for command in commands]
    first = programs.index(after) + 1 if after else 0
    last = programs.index(before) if before else len(commands)
    commands = commands[first:last]
    return "".join(ours.shell(here(ours, command)) for command in commands)


def seed(ours: Production) -> None:
    """The demo's organizations, whose past comes in through the web server."""
    port = ports.choose(None)
    command = [*deploy_files.image_command()]
    command[command.index("8000")] = str(port)
    web = ours.start(command, log="web.log", environment=ours.environment, cwd=deploy_files.ROOT)
    try:
        url = f"http://127.0.0.1:{port}"
        processes.wait_for_start(web, lambda: answers(f"{url}/healthz") == 200, seconds=60)
        ours.shell(f"python manage.py seed_demo --base-url {url} --credentials {ours.folder}/credentials.json")
    finally:
        processes.stop(web)


def here(ours: Production, command: str) -> str:
    """The page's file names, in a folder that goes away."""
    return command.replace("mainstay.dump", f"{ours.folder}/mainstay.dump").replace(
        "fingerprint.txt", f"{ours.folder}/fingerprint.txt"
    )


def fingerprint(ours: Production) -> list[str]:
    run(ours, "Compare")
    return (ours.folder / "fingerprint.txt").read_text().splitlines()


def read_catalogue(ours: Production) -> set[tuple[object, ...]]:
    with psycopg.connect(ours.environment["DATABASE_OWNER_URL"]) as connection:
        return {row for query in CATALOGUE for row in connection.execute(query)}


def is_refused(ours: Production) -> bool:
    """What the page says of the owner."""
    url = ours.environment["DATABASE_OWNER_URL"]
    done = subprocess.run(
        ["pg_dump", "--format=custom", "--file=/dev/null", f"--dbname={url}"],
        env=ours.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode != 0 and "affected by row-level security policy" in done.stderr


def python(ours: Production, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        env=ours.environment, cwd=Path(deploy_files.ROOT), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout
