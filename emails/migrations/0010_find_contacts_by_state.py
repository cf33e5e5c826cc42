from django.db import migrations, models

from accounts.gentle_indexes import AddIndexGently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("emails", "0009_find_mails_by_when_they_were_sent")]

    operations = [
        AddIndexGently(
            model_name="contact",
            index=models.Index(fields=["organization", "status", "reason", "-id"], name="emails_contact_by_state"),
        ),
    ]
