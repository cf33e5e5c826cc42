from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("success", "0010_index_stalled_tasks_and_answers")]

    operations = [
        migrations.AddIndex(
            model_name="milestone",
            index=models.Index(fields=["organization", "-reached_on"], name="success_milestone_newest"),
        ),
    ]
