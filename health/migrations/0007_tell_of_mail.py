from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("health", "0006_steps_by_api_keys")]

    operations = [
        migrations.AlterField(
            model_name="operatoralert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("job_late", "A job is late"),
                    ("job_failing", "A job fails repeatedly"),
                    ("mail_uncertain", "Of some mails it is not known whether they were sent"),
                    ("mail_waits", "Mail that is due is not handed over"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
