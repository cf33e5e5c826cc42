from django.db import migrations

from accounts.isolation import IsolateTable

OF_A_CLIENT = {"client": "accounts_client"}


class Migration(migrations.Migration):
    dependencies = [("health", "0002_alerts_policies_and_notes"), ("accounts", "0002_isolate_tenants")]

    operations = [
        IsolateTable("health_healthpolicy", shared=True, append_only=True),
        IsolateTable("health_holiday"),
        IsolateTable("health_alert", references=OF_A_CLIENT, referenced=True),
        IsolateTable("health_alertentry", references={"alert": "health_alert"}, append_only=True),
        IsolateTable("health_clientnote", references=OF_A_CLIENT),
        IsolateTable("health_noticepreference"),
    ]
