import time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import OperationalError, connections
from django.db.migrations.recorder import MigrationRecorder
from psycopg.errors import DeadlockDetected, LockNotAvailable

from accounts.gathered_statements import GatheringSchemaEditor

# Whoever comes after waits behind a migration that waits. Shorter than PostgreSQL's `deadlock_timeout` of a second, so
# that of two who wait for each other it is the migration that gives way and not a request.
LOCK_MILLISECONDS = 500
PAUSE_SECONDS = 2.0
PATIENCE_SECONDS = 600.0


class Command(MigrateCommand):
    """Migrate as the owner, because the serving role may not change the schema; then let it use the tables.

    A migration whose locks are not to be had soon is undone and begun again, so that those who serve go on meanwhile.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")
        parser.add_argument(
            "--patience", type=float, default=PATIENCE_SECONDS, metavar="SECONDS",
            help="for how long a migration tries for locks that others hold, again and again",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        made, deadline = None, 0.0
        while not self._is_done(*args, **options):
            # Anew for each migration: those before it may rightly have taken long.
            if made != self._made(options):
                made, deadline = self._made(options), time.monotonic() + options["patience"]
            if time.monotonic() > deadline:
                raise CommandError(
                    "The locks of a migration were not to be had: a transaction of somebody else lasts too long."
                    " What went before is done; see docs/upgrading.md, then run it again."
                )
            self.stdout.write("Somebody else holds what a migration needs: it is undone and begun again.")
            time.sleep(PAUSE_SECONDS)

    def _made(self, options: dict[str, Any]) -> int:
        return len(MigrationRecorder(connections[options["database"]]).applied_migrations())

    def _is_done(self, *args: Any, **options: Any) -> bool:
        connection = connections[options["database"]]
        editor, connection.SchemaEditorClass = connection.SchemaEditorClass, GatheringSchemaEditor
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
            super().handle(*args, **options)
            self._let_serve(options)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                raise
            return False
        finally:
            connection.SchemaEditorClass = editor
            connection.close()
        return True

    def _let_serve(self, options: dict[str, Any]) -> None:
        serving_role = settings.DATABASES["default"]["USER"]
        if options["plan"] or options["check_unapplied"] or serving_role == settings.DATABASES["owner"]["USER"]:
            return
        with connections[options["database"]].cursor() as cursor:
            role = connections[options["database"]].ops.quote_name(serving_role)
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
            cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
            cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
