from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models
from django.utils.translation import gettext_lazy as _

PERCENT = [MinValueValidator(0), MaxValueValidator(100)]
TARGET = [MinValueValidator(1), MaxValueValidator(1_000_000)]


class Migration(migrations.Migration):
    dependencies = [("success", "0003_default_policy")]

    operations = [
        migrations.RemoveConstraint("scoringpolicy", "success_policy_targets_positive"),
        migrations.AlterField(
            "scoringpolicy",
            "active_days_target",
            models.PositiveSmallIntegerField(
                "active days in 30 for full marks",
                default=20,
                validators=[MinValueValidator(1), MaxValueValidator(30)],
            ),
        ),
        *(
            migrations.AlterField(
                "scoringpolicy",
                f"{name}_target",
                models.PositiveIntegerField(label, default=default, validators=TARGET),
            )
            for name, label, default in [
                ("events", "events in 30 days for full marks", 100),
                ("high_value", "high-value events in 30 days for full marks", 20),
                ("content", "contents in 30 days for full marks", 8),
                ("visual", "visuals in 30 days for full marks", 8),
            ]
        ),
        migrations.AlterField(
            "scoringpolicy",
            "band_coverage",
            models.PositiveSmallIntegerField("a band needs measured weights of, %", default=50, validators=PERCENT),
        ),
        migrations.AddConstraint(
            "scoringpolicy",
            models.CheckConstraint(
                condition=models.Q(
                    ("active_days_target__range", (1, 30)),
                    ("content_target__range", (1, 1_000_000)),
                    ("events_target__range", (1, 1_000_000)),
                    ("high_value_target__range", (1, 1_000_000)),
                    ("visual_target__range", (1, 1_000_000)),
                ),
                name="success_policy_targets_in_range",
                violation_error_message=_("Targets go from 1 to 1,000,000, active days to 30."),
            ),
        ),
        migrations.AlterConstraint(
            "scoringpolicy",
            "success_policy_weights_sum_to_100",
            models.CheckConstraint(
                condition=models.Q(
                    engagement_weight=100
                    - models.F("activation_weight")
                    - models.F("progress_weight")
                    - models.F("satisfaction_weight")
                    - models.F("momentum_weight")
                ),
                name="success_policy_weights_sum_to_100",
                violation_error_message=_("The five weights must add up to 100 percent."),
            ),
        ),
        migrations.AlterField(
            "score",
            "age_days",
            models.PositiveIntegerField(help_text="Since it signed up or was first seen, whichever was earlier."),
        ),
        migrations.AddIndex(
            "score",
            models.Index(fields=["organization", "period_end", "overall"], name="success_score_of_period"),
        ),
    ]
