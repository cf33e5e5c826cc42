import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Due times are handled up to a watermark; a unit's lease is the lock on its row."""

    dependencies = [("jobs", "0002_isolate_tenants")]

    operations = [
        migrations.CreateModel(
            name="Watermark",
            fields=[
                ("job", models.CharField(max_length=50, primary_key=True, serialize=False, verbose_name="job")),
                ("handled_until", models.DateTimeField(verbose_name="handled until")),
            ],
            options={"verbose_name": "watermark", "verbose_name_plural": "watermarks"},
        ),
        migrations.RemoveField(model_name="jobunit", name="lease_until"),
        migrations.AlterField(
            model_name="jobunit",
            name="organization",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.organization",
            ),
        ),
        migrations.RemoveIndex(model_name="jobunit", name="jobs_unit_open"),
        migrations.AddIndex(
            model_name="jobunit",
            index=models.Index(
                condition=models.Q(("status__in", ["pending", "claimed"])),
                fields=["run", "-id"],
                name="jobs_unit_open",
            ),
        ),
    ]
