from django.db import migrations

from accounts.isolation import IsolateTable


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        IsolateTable("accounts_organization", column="id"),
        IsolateTable("accounts_membership"),
        IsolateTable("accounts_client", referenced=True, references={"merged_into": "accounts_client"}),
        IsolateTable("accounts_apikey"),
        IsolateTable("accounts_auditentry", append_only=True),
    ]
