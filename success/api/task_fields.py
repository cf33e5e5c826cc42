"""What is asked and answered about tasks."""

from typing import Any, ClassVar

from rest_framework import serializers

from success.api.fields import EXTERNAL_ID_LENGTH, DayField, ExternalIdField, Strict, TextField, TrueOrFalseField
from success.api.pages import PageQuery
from success.client_tasks import LONGEST_TITLE
from success.models import Task


class TaskFacts(Strict):
    title = TextField(required=False, max_length=LONGEST_TITLE, trim_whitespace=True)
    status = serializers.ChoiceField(required=False, choices=Task.Status.choices)
    onboarding = TrueOrFalseField(
        source="is_onboarding", required=False, help_text="Whether it counts towards activation."
    )
    dueOn = DayField(source="due_on", required=False, allow_null=True)


class NewTask(TaskFacts):
    clientId = ExternalIdField()
    externalId = TextField(
        source="external_id", required=False, allow_blank=True, max_length=EXTERNAL_ID_LENGTH,
        help_text="How the organization's own applications name the task.",
    )  # fmt: skip
    title = TextField(max_length=LONGEST_TITLE, trim_whitespace=True)


class TasksQuery(PageQuery):
    clientId = ExternalIdField(required=False)
    externalId = TextField(required=False, max_length=EXTERNAL_ID_LENGTH)
    status = serializers.ChoiceField(required=False, choices=Task.Status.choices)
    onboarding = TrueOrFalseField(required=False)
    stalled = TrueOrFalseField(required=False, help_text="In progress without an update for 72 hours.")
    dueFrom = DayField(required=False)
    dueTo = DayField(required=False, help_text="This day included.")

    lookups: ClassVar = {
        "externalId": "external_id",
        "status": "status",
        "onboarding": "is_onboarding",
        "dueFrom": "due_on__gte",
        "dueTo": "due_on__lte",
    }


class TaskShape(serializers.Serializer[Any]):
    id = serializers.CharField()
    clientId = serializers.CharField(source="client.external_id")
    externalId = serializers.CharField(source="external_id", help_text="Empty: it has none.")
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Task.Status.choices)
    onboarding = serializers.BooleanField(source="is_onboarding")
    dueOn = serializers.DateField(source="due_on", allow_null=True)
    createdAt = serializers.DateTimeField(source="created_at")
    updatedAt = serializers.DateTimeField(source="updated_at")
    completedAt = serializers.DateTimeField(source="completed_at", allow_null=True)


def tasks_json(tasks: list[Task]) -> Any:
    return TaskShape(tasks, many=True).data
