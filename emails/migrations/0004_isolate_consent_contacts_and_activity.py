from django.db import migrations

from accounts.isolation import IsolateTable

OF_A_CLIENT = {"client": "accounts_client"}
TENANT_KEYS = (
    "ALTER TABLE emails_outboxemail ADD CONSTRAINT emails_outboxemail_tenant_key UNIQUE (organization_id, id)",
    (
        "ALTER TABLE emails_outboxemail ADD CONSTRAINT emails_outboxemail_client_same_tenant"
        " FOREIGN KEY (organization_id, client_id) REFERENCES accounts_client (organization_id, id)"
    ),
    (
        "ALTER TABLE emails_outboxemail ADD CONSTRAINT emails_outboxemail_contact_same_tenant"
        " FOREIGN KEY (organization_id, contact_id) REFERENCES emails_contact (organization_id, id)"
    ),
)
NO_TENANT_KEYS = (
    "ALTER TABLE emails_outboxemail DROP CONSTRAINT emails_outboxemail_contact_same_tenant",
    "ALTER TABLE emails_outboxemail DROP CONSTRAINT emails_outboxemail_client_same_tenant",
    "ALTER TABLE emails_outboxemail DROP CONSTRAINT emails_outboxemail_tenant_key",
)


class Migration(migrations.Migration):
    dependencies = [("emails", "0003_consent_contacts_and_activity")]

    operations = [
        IsolateTable("emails_mailpreference", references=OF_A_CLIENT),
        IsolateTable("emails_consent", references=OF_A_CLIENT, append_only=True),
        IsolateTable("emails_suppression"),
        IsolateTable("emails_contact", references=OF_A_CLIENT, referenced=True),
        IsolateTable("emails_contactpolicy", shared=True, append_only=True),
        migrations.RunSQL(TENANT_KEYS, NO_TENANT_KEYS),
        IsolateTable("emails_mailactivity", references={"email": "emails_outboxemail"}),
    ]
