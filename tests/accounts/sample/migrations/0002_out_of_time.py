from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("humanize", "0001_new_column")]
    operations = [migrations.RunSQL("DO $$ BEGIN RAISE 'too slow' USING ERRCODE = 'query_canceled'; END $$")]
