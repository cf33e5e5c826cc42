from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL(
            "ALTER TABLE accounts_organization ADD COLUMN sample integer",
            "ALTER TABLE accounts_organization DROP COLUMN sample",
        )
    ]
