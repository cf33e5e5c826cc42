from django.db import migrations, models

from accounts.gentle_indexes import AddIndexGently


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("emails", "0007_words_said_again")]

    operations = [
        AddIndexGently(
            model_name="outboxemail",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", False)),
                fields=["organization", "sent_at"],
                name="emails_outbox_sent",
            ),
        ),
    ]
