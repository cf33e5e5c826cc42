from datetime import datetime
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from kombu.exceptions import OperationalError

from emails.restoring import hold_mail
from jobs.lost_work import do_lost_work

WORKERS_ANSWER_WITHIN = 2.0


class Command(BaseCommand):
    help = "After restoring a backup, before anything is started: keep what was sent since from being sent again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lost-from", required=True, type=_moment, help="when the backup was begun")
        parser.add_argument("--lost-until", required=True, type=_moment, help="when the installation last worked")

    def handle(self, *args: Any, **options: Any) -> None:
        lost = {"lost_from": options["lost_from"], "lost_until": options["lost_until"]}
        if not lost["lost_from"] < lost["lost_until"] <= timezone.now():
            raise CommandError("--lost-from comes before --lost-until, and that is not in the future.")
        if _is_worked():
            raise CommandError("A worker is running and may be sending already. Stop all workers first.")
        before = hold_mail(**lost, now=timezone.now())
        for run in do_lost_work(lost_until=lost["lost_until"]):
            self.stdout.write(f"{run.job} {run.period}: {run.get_status_display()}")
        by_key, uncertain = map(sum, zip(before, hold_mail(**lost, now=timezone.now()), strict=True))
        self.stdout.write(f"Mails that the provider will tell apart by their keys: {by_key}.")
        self.stdout.write(f"Uncertain mails, to be settled in the admin under Outgoing mail: {uncertain}.")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError
    return moment


def _is_worked() -> bool:
    try:
        return bool(current_app.control.ping(timeout=WORKERS_ANSWER_WITHIN))
    except (OperationalError, OSError):
        # Without a broker no worker gets anything to do.
        return False
