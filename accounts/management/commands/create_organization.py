import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Organization
from accounts.tenancy import all_organizations


class Command(BaseCommand):
    help = "Create an active organization with a write key and a secret key, which are shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--name", help="what people call it; the slug when not given")
        parser.add_argument("--timezone", default="UTC", help="an IANA name such as Europe/Berlin")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        with all_organizations():
            organization = Organization(
                slug=options["slug"],
                name=options["name"] or options["slug"],
                timezone=options["timezone"],
                status=Organization.Status.ACTIVE,
            )
            try:
                organization.full_clean()
            except ValidationError as error:
                raise CommandError("; ".join(error.messages)) from error
            organization.save()
            keys = {f"{kind}_key": create_api_key(organization, kind=kind, name="first").secret for kind in ApiKey.Kind}
        made = {"slug": organization.slug, "timezone": str(organization.timezone)} | keys
        if options["json"]:
            self.stdout.write(json.dumps(made))
            return
        for name, value in made.items():
            self.stdout.write(f"{name:10}  {value}")
