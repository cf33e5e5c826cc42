from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("success", "0007_index_insights_by_period")]

    operations = [
        migrations.AddIndex(
            "feedback", models.Index(fields=["organization", "given_at"], name="success_feedback_by_time")
        ),
        migrations.AddIndex(
            "task",
            models.Index(
                fields=["organization", "updated_at"],
                name="success_task_in_progress",
                condition=models.Q(status="in_progress"),
            ),
        ),
        migrations.AlterConstraint(
            "task",
            "success_task_one_per_external_id",
            models.UniqueConstraint(
                fields=["organization", "client", "external_id"],
                name="success_task_one_per_external_id",
                condition=~models.Q(external_id=""),
                violation_error_message="The client has a task with this external id.",
            ),
        ),
    ]
