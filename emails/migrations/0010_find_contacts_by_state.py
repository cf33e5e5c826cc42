from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("emails", "0009_find_mails_by_when_they_were_sent")]

    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["organization", "status", "reason", "-id"], name="emails_contact_by_state"),
        ),
    ]
