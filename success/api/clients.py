"""Clients: found, made, read and changed."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Client
from accounts.problems import Problem
from success.api.access import ClientAPIView
from success.api.client_fields import (
    ClientDetailShape,
    ClientFacts,
    ClientShape,
    ClientsQuery,
    NewClient,
    client_json,
    clients_json,
    shown_clients,
)
from success.api.pages import page_of
from success.api.responses import pages_of
from success.client_changes import ClientAlreadyExistsError, change_client, create_client

EXTERNAL_ID = OpenApiParameter("external_id", str, OpenApiParameter.PATH, description="The client's external id.")


class ClientsView(ClientAPIView):
    @extend_schema(
        operation_id="list_clients",
        summary="Clients, the newest first",
        parameters=[ClientsQuery],
        responses=pages_of(ClientShape),
        tags=["clients"],
    )
    def get(self, request: Request) -> Response:
        clients = Client.objects.filter(organization=self.organization, merged_into=None)
        return page_of(shown_clients(clients), ClientsQuery.of(request), key=["id"], represent=clients_json)

    @extend_schema(
        operation_id="create_client",
        summary="Create a client",
        description="409 when there is one of this external id: change that one instead.",
        request=NewClient,
        responses={201: ClientDetailShape},
        tags=["clients"],
    )
    def post(self, request: Request) -> Response:
        body = NewClient(data=request.data)
        body.is_valid(raise_exception=True)
        facts = dict(body.validated_data)
        external_id = facts.pop("external_id")
        try:
            client = create_client(
                self.organization, external_id=external_id, facts=facts, key=self.key, at=timezone.now()
            )
        except ClientAlreadyExistsError:
            raise Problem(409, "client_exists", "There is a client of this externalId: change it by PATCH.") from None
        return Response(client_json(client), status=201)


class OneClientView(ClientAPIView):
    @extend_schema(
        operation_id="get_client",
        summary="A client with its newest score",
        parameters=[EXTERNAL_ID],
        responses=ClientDetailShape,
        tags=["clients"],
    )
    def get(self, request: Request, external_id: str) -> Response:
        return Response(client_json(self.client(external_id)))

    @extend_schema(
        operation_id="change_client",
        summary="Change what is known of a client",
        description="What is left out stays. A later word of the client's application wins over this one.",
        parameters=[EXTERNAL_ID],
        request=ClientFacts,
        responses=ClientDetailShape,
        tags=["clients"],
    )
    def patch(self, request: Request, external_id: str) -> Response:
        body = ClientFacts(data=request.data)
        body.is_valid(raise_exception=True)
        client = change_client(self.client(external_id), body.validated_data, key=self.key, at=timezone.now())
        return Response(client_json(client))
