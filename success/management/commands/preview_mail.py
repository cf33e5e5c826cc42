import webbrowser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Client
from accounts.tenancy import all_organizations, organization_scope
from jobs.by_hand import organization_of_slug
from success.scoring import FIRST_PERIOD_END
from success.weekly_mail.previewing import newest_period_end, preview_of
from success.weekly_mail.verdicts import verdict


class Command(BaseCommand):
    help = "Write a client's weekly mail into files that can be opened; nothing is sent or recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="external id")
        parser.add_argument("--organization", help="slug: needed where several have a client of this id")
        parser.add_argument("--period-end", help="a date such as 2026-01-05: the week before it; else the newest week")
        parser.add_argument("--output", type=Path, default=Path(), help="a folder; else the current one")
        parser.add_argument("--open", action="store_true", help="open the mail in the browser")

    def handle(self, *args: Any, **options: Any) -> None:
        client = _client(options["client"], slug=options["organization"])
        now = timezone.now()
        newest = newest_period_end(client.organization, as_of=now)
        week = _read_period_end(options["period_end"], newest=newest) if options["period_end"] else newest
        with organization_scope(client.organization_id):
            preview = preview_of(client, period_end=week, as_of=now)
        page = self._write(options["output"] / f"weekly-mail-{client.pk}-{week}.html", preview.rendered.html)
        self._write(page.with_suffix(".txt"), f"{preview.rendered.subject}\n\n{preview.rendered.text}")
        self.stdout.write(verdict(preview, client=client))
        if options["open"]:
            webbrowser.open(page.resolve().as_uri())

    def _write(self, path: Path, text: str) -> Path:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        self.stdout.write(str(path))
        return path


def _client(external_id: str, *, slug: str | None) -> Client:
    organization = organization_of_slug(slug) if slug else None
    found = Client.objects.select_related("organization").filter(external_id=external_id)
    if organization:
        # Not among all: what is one organization's is asked for in its own scope.
        with organization_scope(organization.pk):
            clients = list(found.filter(organization=organization))
    else:
        with all_organizations():
            clients = list(found)
    if not clients:
        raise CommandError(f"There is no client {external_id}{f' in {slug}' if slug else ''}.")
    if len(clients) > 1:
        slugs = ", ".join(sorted(client.organization.slug for client in clients))
        raise CommandError(f"Several organizations have a client {external_id}: choose with --organization ({slugs}).")
    return clients[0]


def _read_period_end(text: str, *, newest: date) -> date:
    try:
        period_end = date.fromisoformat(text)
    except ValueError:
        raise CommandError("--period-end is a date such as 2026-01-05.") from None
    if not FIRST_PERIOD_END <= period_end <= newest:
        raise CommandError(f"--period-end lies between {FIRST_PERIOD_END} and {newest}.")
    return period_end
