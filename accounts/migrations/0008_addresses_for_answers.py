from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_timezones_of_places"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="reply_to",
            field=models.EmailField(
                blank=True,
                db_default="",
                default="",
                help_text="Where answers to mails go that its clients get. Empty: to the installation's address.",
                max_length=254,
                verbose_name="address for answers",
            ),
        ),
    ]
