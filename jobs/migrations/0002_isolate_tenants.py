from django.db import migrations

from accounts.isolation import IsolateTable


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("accounts", "0002_isolate_tenants")]

    operations = [
        IsolateTable("jobs_jobrun"),
        IsolateTable("jobs_jobunit"),
    ]
