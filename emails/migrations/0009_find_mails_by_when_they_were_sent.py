from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("emails", "0007_words_said_again")]

    operations = [
        migrations.AddIndex(
            model_name="outboxemail",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", False)),
                fields=["organization", "sent_at"],
                name="emails_outbox_sent",
            ),
        ),
    ]
