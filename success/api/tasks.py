"""Tasks of clients, by the ids of the product and by those of the organization's own applications."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.problems import Problem
from success.api.access import ClientAPIView, not_found
from success.api.clients import EXTERNAL_ID
from success.api.fields import EXTERNAL_ID_LENGTH
from success.api.pages import page_of
from success.api.responses import pages_of
from success.api.task_fields import NewTask, TaskFacts, TaskShape, TasksQuery, tasks_json
from success.client_task_changes import (
    TaskAlreadyExistsError,
    TaskNeedsTitleError,
    change_task,
    create_task,
    put_task,
)
from success.client_tasks import stalled_tasks
from success.models import Task

TASK_ID = OpenApiParameter("task_id", str, OpenApiParameter.PATH, description="The `id` of the task.")
TASK_EXTERNAL_ID = OpenApiParameter("task", str, OpenApiParameter.PATH, description="The task's external id.")


class TasksView(ClientAPIView):
    @extend_schema(
        operation_id="list_tasks",
        summary="Tasks, client by client, the newest first",
        parameters=[TasksQuery],
        responses=pages_of(TaskShape),
        tags=["tasks"],
    )
    def get(self, request: Request) -> Response:
        query = TasksQuery.of(request)
        tasks = self.of_client(Task.objects.select_related("client"), query)
        if (is_stalled := query.validated_data.get("stalled")) is not None:
            stalled = stalled_tasks(Task.objects.filter(organization=self.organization), as_of=timezone.now())
            tasks = tasks.filter(pk__in=stalled) if is_stalled else tasks.exclude(pk__in=stalled)
        return page_of(tasks, query, key=["client_id", "id"], represent=tasks_json)

    @extend_schema(
        operation_id="create_task",
        summary="Create a task",
        request=NewTask,
        responses={201: TaskShape},
        tags=["tasks"],
    )
    def post(self, request: Request) -> Response:
        body = NewTask(data=request.data)
        body.is_valid(raise_exception=True)
        facts = dict(body.validated_data)
        client = self.client(facts.pop("clientId"))
        try:
            task = create_task(client, facts, at=timezone.now())
        except TaskAlreadyExistsError:
            raise Problem(409, "task_exists", "The client has a task of this externalId: change it by PUT.") from None
        return Response(task_json(task), status=201)


class OneTaskView(ClientAPIView):
    @extend_schema(operation_id="get_task", summary="A task", parameters=[TASK_ID], responses=TaskShape, tags=["tasks"])
    def get(self, request: Request, task_id: str) -> Response:
        return Response(task_json(self.task(task_id)))

    @extend_schema(
        operation_id="change_task",
        summary="Change a task; what is left out stays",
        parameters=[TASK_ID],
        request=TaskFacts,
        responses=TaskShape,
        tags=["tasks"],
    )
    def patch(self, request: Request, task_id: str) -> Response:
        try:
            return Response(task_json(change_task(self.task(task_id), facts_of(request), at=timezone.now())))
        except Task.DoesNotExist:
            raise not_found() from None

    @extend_schema(
        operation_id="delete_task",
        summary="Delete a task",
        parameters=[TASK_ID],
        responses={204: None},
        tags=["tasks"],
    )
    def delete(self, request: Request, task_id: str) -> Response:
        self.task(task_id).delete()
        return Response(status=204)

    def task(self, task_id: str) -> Task:
        return self.row(Task.objects.select_related("client"), task_id)


class TaskOfClientView(ClientAPIView):
    """By the external ids of client and task."""

    @extend_schema(
        operation_id="get_task_by_external_id",
        summary="A client's task by its external id",
        parameters=[EXTERNAL_ID, TASK_EXTERNAL_ID],
        responses=TaskShape,
        tags=["tasks"],
    )
    def get(self, request: Request, external_id: str, task: str) -> Response:
        return Response(task_json(self.task(external_id, task)))

    @extend_schema(
        operation_id="put_task",
        summary="Create a task or change it, as often as you like",
        description="What is left out stays as it is, and of a new task is as it is by default.",
        parameters=[EXTERNAL_ID, TASK_EXTERNAL_ID],
        request=TaskFacts,
        responses={200: TaskShape, 201: TaskShape},
        tags=["tasks"],
    )
    def put(self, request: Request, external_id: str, task: str) -> Response:
        client, facts = self.client(external_id), facts_of(request)
        if len(task) > EXTERNAL_ID_LENGTH or "\0" in task:
            raise Problem(400, "invalid_task_id", f"A task's external id has 1 to {EXTERNAL_ID_LENGTH} characters.")
        try:
            put, is_new = put_task(client, task, facts, at=timezone.now())
        except TaskNeedsTitleError:
            raise Problem(400, "title_missing", "There is no such task yet: give the new one a title.") from None
        return Response(task_json(put), status=201 if is_new else 200)

    @extend_schema(
        operation_id="delete_task_by_external_id",
        summary="Delete a client's task by its external id",
        parameters=[EXTERNAL_ID, TASK_EXTERNAL_ID],
        responses={204: None},
        tags=["tasks"],
    )
    def delete(self, request: Request, external_id: str, task: str) -> Response:
        self.task(external_id, task).delete()
        return Response(status=204)

    def task(self, external_id: str, task: str) -> Task:
        client = self.client(external_id)
        tasks = Task.objects.select_related("client").filter(organization=self.organization, client=client)
        found = None if "\0" in task else tasks.filter(external_id=task).first()
        if found is None:
            raise not_found()
        return found


def facts_of(request: Request) -> dict[str, Any]:
    body = TaskFacts(data=request.data)
    body.is_valid(raise_exception=True)
    facts: dict[str, Any] = body.validated_data
    return facts


def task_json(task: Task) -> Any:
    return TaskShape(task).data
