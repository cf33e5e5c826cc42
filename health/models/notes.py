from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User


class ClientNote(models.Model):
    """What a member wrote down about a client, for the other members."""

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="notes")
    text = models.TextField(_("note"), max_length=5000)
    author = models.ForeignKey(User, models.SET_NULL, null=True, editable=False, related_name="+")
    written_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        indexes: ClassVar = [
            models.Index(fields=["organization", "client", "written_at"], name="health_note_of_client"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
