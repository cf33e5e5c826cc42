from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("emails", "0006_doubts_names_and_secrets_of_mail")]

    operations = [
        migrations.AddField(
            model_name="mailpreference",
            name="repeated_at",
            field=models.DateTimeField(
                blank=True,
                help_text="A word older than this one overrules it no more.",
                null=True,
                verbose_name="last said again",
            ),
        ),
    ]
