from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EVERYTHING = "SELECT set_config('mainstay.scope', 'all', true)"


def create_default_policy(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(EVERYTHING, params=None)
    apps.get_model("emails", "ContactPolicy").objects.using(schema_editor.connection.alias).create(
        version=1, note="The platform's first policy."
    )


class Migration(migrations.Migration):
    dependencies = [("emails", "0004_isolate_consent_contacts_and_activity")]

    operations = [migrations.RunPython(create_default_policy, migrations.RunPython.noop)]
