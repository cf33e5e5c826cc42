from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("success", "0008_default_milestones")]

    operations = [
        migrations.RemoveIndex(model_name="insight", name="success_insight_expiry"),
        migrations.AddIndex(
            model_name="insight",
            index=models.Index(
                fields=["organization", "period_end", "priority", "id"], name="success_insight_of_period"
            ),
        ),
    ]
