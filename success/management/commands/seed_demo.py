import logging
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from success.demo.cast import DEMO_ORGANIZATIONS
from success.demo.credentials import read_credentials, write_credentials
from success.demo.delivery import UnableToDeliverError
from success.demo.logins import ensure_operator
from success.demo.seeding import DemoSeed


class Command(BaseCommand):
    help = (
        "Make two simulated organizations, or complete them. Their past goes through the tracking endpoint of the"
        " server at --base-url. Running again adds only the days since."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", required=True, help="where the web server answers")
        parser.add_argument("--credentials", required=True, type=Path, help="file for logins and keys, kept private")

    def handle(self, *args: Any, base_url: str, credentials: Path, **options: Any) -> None:
        begun = time.monotonic()
        logging.getLogger("httpx").setLevel(logging.WARNING)
        known = read_credentials(credentials)
        admin = ensure_operator(known)
        seeds = [DemoSeed(demo, now=timezone.now()) for demo in DEMO_ORGANIZATIONS]
        accesses = [seed.access(known) for seed in seeds]
        # Before anything that may fail: a key that is not written down is lost.
        write_credentials(
            credentials,
            {
                "base_url": base_url,
                "admin": asdict(admin),
                "organizations": [asdict(access) for access in accesses],
                "cron_secret": settings.CRON_SECRET,
            },
        )
        for seed, access in zip(seeds, accesses, strict=True):
            self._fill(seed, base_url=base_url, write_key=access.write_key)
        self.stdout.write(f"Done in {time.monotonic() - begun:.0f} s.")

    def _fill(self, seed: DemoSeed, *, base_url: str, write_key: str) -> None:
        self.stdout.write(f"{seed.demo.name}: {len(seed.clients)} clients")
        try:
            counts = seed.send_past(base_url=base_url, write_key=write_key)
        except UnableToDeliverError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("  events: " + ", ".join(f"{count} {name}" for name, count in counts.items() if count))
        seed.add_onboarding()
        seed.mark_churned()
        seed.record_consent()
        seed.compute_scores(self.stdout.write)
        self.stdout.write(f"  milestones: {seed.add_milestones()} more")
        self.stdout.write(f"  alerts: {seed.open_alerts()} opened by this hour's check")
