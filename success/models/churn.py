from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization, User


class Churn(models.Model):
    """A client left. One mark for each client; a client that came back has it taken off."""

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="churns")
    churned_on = models.DateField(_("left on"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    marked_at = models.DateTimeField(_("marked"))
    marked_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+")

    class Meta:
        verbose_name = _("churned client")
        verbose_name_plural = _("churned clients")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "client"], name="success_churn_one_per_client"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "churned_on"], name="success_churn_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.churned_on}"
