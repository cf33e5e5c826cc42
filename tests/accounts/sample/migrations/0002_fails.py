from django.db import migrations


class Migration(migrations.Migration):
    """With the error that the session names."""

    dependencies = [("humanize", "0001_new_column")]
    operations = [
        migrations.RunSQL("DO $$ BEGIN RAISE 'failed' USING ERRCODE = current_setting('sample.error'); END $$")
    ]
