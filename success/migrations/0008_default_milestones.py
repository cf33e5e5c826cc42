from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.utils.translation import gettext_noop

EVERYTHING = "SELECT set_config('mainstay.scope', 'all', true)"

# key, subject, measure, threshold, title, description: stored in English, translated where they are shown.
DEFINITIONS = (
    ("first-login", "client", "logins", 1,
     gettext_noop("First sign-in"), gettext_noop("You signed in for the first time. Welcome!")),
    ("onboarding-done", "client", "onboarding_percent", 100,
     gettext_noop("All set up"), gettext_noop("Every onboarding task is done.")),
    ("first-content", "client", "content_generated", 1,
     gettext_noop("First content"), gettext_noop("You made your first content.")),
    ("contents-10", "client", "content_generated", 10,
     gettext_noop("10 contents"), gettext_noop("You have made ten contents.")),
    ("contents-50", "client", "content_generated", 50,
     gettext_noop("50 contents"), gettext_noop("You have made fifty contents.")),
    ("visuals-10", "client", "visuals_created", 10,
     gettext_noop("10 visuals"), gettext_noop("You have made ten visuals.")),
    ("active-days-30", "client", "active_days", 30,
     gettext_noop("30 active days"), gettext_noop("You were active on thirty days.")),
    ("tasks-100", "client", "tasks_completed", 100,
     gettext_noop("100 tasks completed"), gettext_noop("You have completed a hundred tasks.")),
    ("score-80", "client", "score", 80,
     gettext_noop("Score of 80"), gettext_noop("Your success score was 80 or more for the first time.")),
    ("first-feedback", "client", "feedback_given", 1,
     gettext_noop("First feedback"), gettext_noop("You told us how we are doing. Thank you!")),
    ("clients-active-5", "organization", "active_clients", 5,
     gettext_noop("5 active clients"), gettext_noop("Five clients were active within 30 days.")),
    ("clients-active-25", "organization", "active_clients", 25,
     gettext_noop("25 active clients"), gettext_noop("Twenty-five clients were active within 30 days.")),
    ("events-10000", "organization", "events", 10_000,
     gettext_noop("10,000 events"), gettext_noop("Your clients have done ten thousand things.")),
    ("organizations-active-5", "installation", "active_organizations", 5,
     gettext_noop("5 active organizations"), gettext_noop("Five organizations work with this installation.")),
)  # fmt: skip
FIELDS = ("key", "subject", "measure", "threshold", "title", "description")


def create_definitions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(EVERYTHING, params=None)
    definition = apps.get_model("success", "MilestoneDefinition")
    definition.objects.using(schema_editor.connection.alias).bulk_create(
        definition(**dict(zip(FIELDS, row, strict=True))) for row in DEFINITIONS
    )


def delete_definitions(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """With what was reached of them, which means nothing without them."""
    schema_editor.execute(EVERYTHING, params=None)
    alias = schema_editor.connection.alias
    own = apps.get_model("success", "MilestoneDefinition").objects.using(alias).filter(
        organization=None, key__in=[row[0] for row in DEFINITIONS]
    )  # fmt: skip
    apps.get_model("success", "Milestone").objects.using(alias).filter(definition__in=own).delete()
    own.delete()


class Migration(migrations.Migration):
    dependencies = [("success", "0006_isolate_insights_and_milestones")]

    operations = [migrations.RunPython(create_definitions, delete_definitions)]
