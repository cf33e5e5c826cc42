from django.db import migrations

from accounts.isolation import IsolateTable

OF_A_CLIENT = {"client": "accounts_client"}


class Migration(migrations.Migration):
    dependencies = [("success", "0001_initial"), ("accounts", "0002_isolate_tenants")]

    operations = [
        IsolateTable("success_scoringpolicy", shared=True, append_only=True),
        IsolateTable("success_task", references=OF_A_CLIENT),
        IsolateTable("success_feedback", references=OF_A_CLIENT),
        IsolateTable("success_score", references=OF_A_CLIENT),
    ]
