from django.db import migrations

from accounts.isolation import IsolateTable


class Migration(migrations.Migration):
    dependencies = [("emails", "0001_initial"), ("accounts", "0002_isolate_tenants")]

    operations = [IsolateTable("emails_outboxemail")]
