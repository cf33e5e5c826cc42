import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Organization
from accounts.tenancy import all_organizations, organization_scope
from telemetry.rebuilding import activity_differences, rebuild_activity

MOST_SHOWN = 20


class Command(BaseCommand):
    help = "Derive daily and last activity anew from the events; with --check only show what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="Only this one; every organization when left out.")
        parser.add_argument("--check", action="store_true", help="Change nothing; fail when anything differs.")

    def handle(self, *, organization: str | None, check: bool, **options: Any) -> None:
        with all_organizations():
            organizations = list(Organization.objects.order_by("id").values_list("id", "slug"))
        if organization is not None:
            organizations = [(pk, slug) for pk, slug in organizations if slug == organization]
            if not organizations:
                raise CommandError(f"There is no organization {organization}.")
        differing = sum(self._one(pk, slug, check=check) for pk, slug in organizations)
        if check and differing:
            raise CommandError(f"{differing} derived rows are not what the events say.")

    def _one(self, organization_id: int, slug: str, *, check: bool) -> int:
        with organization_scope(organization_id):
            differences = activity_differences(organization_id)
            for difference in differences[:MOST_SHOWN]:
                self.stdout.write(f"{slug} stored {_text(difference.stored)} derived {_text(difference.derived)}")
            if not check:
                days = rebuild_activity(organization_id)
                self.stdout.write(f"{slug}: {days} days derived anew, {len(differences)} rows differed before.")
            elif not differences:
                self.stdout.write(f"{slug}: equal.")
        return len(differences)


def _text(row: dict[str, Any] | None) -> str:
    return json.dumps(row, default=str) if row else "nothing"
