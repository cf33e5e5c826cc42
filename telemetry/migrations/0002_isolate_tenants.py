from django.db import migrations

from accounts.isolation import IsolateTable

OF_A_CLIENT = {"client": "accounts_client"}


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial"), ("accounts", "0002_isolate_tenants")]

    operations = [
        IsolateTable("telemetry_dailyactivity", references=OF_A_CLIENT),
        IsolateTable("telemetry_retiredactivity", references=OF_A_CLIENT),
        IsolateTable("telemetry_clientactivity", references=OF_A_CLIENT),
        IsolateTable("telemetry_clienttrait", references=OF_A_CLIENT),
        IsolateTable("telemetry_clientidentity", references=OF_A_CLIENT),
        IsolateTable("telemetry_eventname"),
        IsolateTable("telemetry_quarantinedevent"),
        IsolateTable("telemetry_importfile"),
    ]
