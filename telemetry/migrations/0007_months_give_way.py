"""Events queue behind whoever waits for a lock on their table: beside a dump that was seconds, once for each try."""

from django.db import migrations

FUNCTIONS = ("telemetry_create_partitions(date, integer)", "telemetry_retire_month(date)")


def limit(patience: str) -> str:
    return ";".join(f"ALTER FUNCTION {function} SET lock_timeout = '{patience}'" for function in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0006_fresh_statistics")]

    operations = [migrations.RunSQL(limit("500ms"), limit("5s"))]
