from django.db import migrations, models

GIVE_ACCESS = "UPDATE emails_outboxemail SET is_secret = true WHERE kind IN ('client_invitation', 'password_link')"
# The table is of all tenants, and this statement of none of them.
AS_ALL = "SELECT set_config('mainstay.scope', 'all', true)"
AS_BEFORE = "SELECT set_config('mainstay.scope', '', true)"


class Migration(migrations.Migration):
    dependencies = [("emails", "0005_default_contact_policy")]

    operations = [
        migrations.AddField(
            model_name="outboxemail",
            name="to_name",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="recipient's name"
            ),
        ),
        migrations.AddField(
            model_name="outboxemail",
            name="from_name",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Before the installation's address; empty: the installation's name.",
                max_length=200,
                verbose_name="sender's name",
            ),
        ),
        migrations.AddField(
            model_name="outboxemail",
            name="is_secret",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Its links let in whoever has them, so nobody but its recipient reads it.",
                verbose_name="gives access",
            ),
        ),
        migrations.AddField(
            model_name="outboxemail",
            name="retries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="passing failures"),
        ),
        migrations.AddField(
            model_name="outboxemail",
            name="provider",
            field=models.CharField(blank=True, db_default="", default="", max_length=100, verbose_name="provider"),
        ),
        migrations.AddField(
            model_name="outboxemail",
            name="doubtful_since",
            field=models.DateTimeField(
                blank=True,
                help_text="The first call after which the provider may have had it.",
                null=True,
                verbose_name="in doubt since",
            ),
        ),
        migrations.AlterField(
            model_name="outboxemail",
            name="attempt",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="times taken up"),
        ),
        migrations.AddIndex(
            model_name="outboxemail",
            index=models.Index(
                condition=models.Q(("status__in", ["claimed", "calling"])),
                fields=["lease_until"],
                name="emails_outbox_held",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxemail",
            index=models.Index(
                condition=models.Q(("status__in", ["failed", "uncertain", "skipped"])),
                fields=["status", "-id"],
                name="emails_outbox_not_sent",
            ),
        ),
        migrations.RunSQL([AS_ALL, GIVE_ACCESS, AS_BEFORE], migrations.RunSQL.noop),
    ]
