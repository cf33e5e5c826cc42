from typing import Any

from django.core.management.base import BaseCommand

from jobs.schedule_sync import sync_schedules


class Command(BaseCommand):
    help = "Create the clock's missing rows; what staff edited or paused stays as it is."

    def handle(self, *args: Any, **options: Any) -> None:
        synced = sync_schedules()
        for name in synced.created:
            self.stdout.write(f"created {name}")
        for name in synced.removed:
            self.stdout.write(f"removed {name}: there is no such job any more")
        self.stdout.write(f"{synced.kept} kept as they are")
