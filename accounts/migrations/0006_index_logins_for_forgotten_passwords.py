from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_invitations")]

    operations = [
        migrations.AddIndex("user", models.Index(Upper("username"), name="accounts_user_by_username")),
        migrations.AddIndex("user", models.Index(Upper("email"), name="accounts_user_by_email")),
    ]
