from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Client, Organization
from accounts.tenancy import organization_scope
from health.checking import Checked, check_clients
from health.models import Alert
from jobs.by_hand import organization_of_slug


class Command(BaseCommand):
    help = "Check the clients of one organization now, or one client; what the hourly job does for all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, help="slug")
        parser.add_argument("--client", help="external id: only this client, and its open alerts are shown")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = organization_of_slug(options["organization"])
        if organization.status != Organization.Status.ACTIVE:
            raise CommandError(f"{organization.slug} is not active: its clients are not checked.")
        with organization_scope(organization.pk):
            if options["client"] is None:
                self._say(check_clients(organization.pk, as_of=timezone.now()))
            else:
                self._check_client(organization, options["client"])

    def _check_client(self, organization: Organization, external_id: str) -> None:
        client = Client.objects.filter(organization=organization, external_id=external_id).first()
        if client is None:
            raise CommandError(f"{organization.slug} has no client {external_id}.")
        self._say(check_clients(organization.pk, as_of=timezone.now(), first_client=client.pk, last_client=client.pk))
        for alert in Alert.objects.filter(organization=organization, client=client).unresolved().worst_first():
            self.stdout.write(
                f"{external_id}: {alert.get_kind_display()} ({alert.get_severity_display()})"
                f" since {alert.opened_at:%Y-%m-%d %H:%M} UTC"
            )

    def _say(self, checked: Checked) -> None:
        clients = "1 client" if checked.processed == 1 else f"{checked.processed:,} clients"
        self.stdout.write(
            f"{clients} checked: {checked.opened} opened, {checked.reopened} reopened,"
            f" {checked.escalated} escalated, {checked.resolved} resolved"
        )
