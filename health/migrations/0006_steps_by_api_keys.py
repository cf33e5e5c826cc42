from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("health", "0005_alerts_that_last")]

    operations = [
        migrations.AddField(
            model_name="alertentry",
            name="api_key",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="As it was called then.",
                max_length=120,
                verbose_name="by API key",
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="resolution",
            field=models.CharField(
                blank=True,
                choices=[
                    ("condition_ended", "The condition ended"),
                    ("client_left_out", "The client is not watched any more"),
                    ("rule_off", "The rule was switched off or changed"),
                    ("by_hand", "Resolved by hand"),
                ],
                max_length=20,
                verbose_name="why resolved",
            ),
        ),
    ]
