from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Client, Organization


class Task(models.Model):
    """Something for a client to do; those of onboarding feed the activation component."""

    class Status(models.TextChoices):
        TODO = "todo", _("To do")
        IN_PROGRESS = "in_progress", _("In progress")
        DONE = "done", _("Done")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="tasks"
    )
    client = models.ForeignKey(Client, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="tasks")
    external_id = models.CharField(
        _("external id"), max_length=255, blank=True, default="", db_default="",
        help_text=_("How the organization's own applications name it."),
    )  # fmt: skip
    title = models.CharField(_("title"), max_length=255)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.TODO)
    is_onboarding = models.BooleanField(_("onboarding"), default=False)
    due_on = models.DateField(_("due"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    updated_at = models.DateTimeField(_("updated"))
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status="done", completed_at__isnull=False) | (~Q(status="done") & Q(completed_at=None)),
                name="success_task_done_has_a_time",
            ),
            models.UniqueConstraint(
                fields=["organization", "client", "external_id"],
                name="success_task_one_per_external_id",
                condition=~Q(external_id=""),
                violation_error_message=_("The client has a task with this external id."),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "client"], name="success_task_of_client"),
            models.Index(
                fields=["organization", "updated_at"],
                name="success_task_in_progress",
                condition=Q(status="in_progress"),
            ),
        ]

    def __str__(self) -> str:
        return self.title
