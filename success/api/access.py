"""Whose request it is, and which client it may see."""

from datetime import date
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from accounts.api import OrganizationAPIView
from accounts.authentication import SecretKeyAuthentication
from accounts.models import ApiKey, Client, Organization, User
from accounts.permissions import client_of
from accounts.problems import Problem
from success.api.json_body import StrictJSONParser
from success.api.pages import PageQuery

Row = TypeVar("Row", bound=Model)
LARGEST_ID = 2**63 - 1


class ClientAPIView(OrganizationAPIView):
    """About clients, for a secret key of their organization."""

    parser_classes = [StrictJSONParser]

    @property
    def key(self) -> ApiKey:
        key: ApiKey = self.request.auth  # type: ignore[assignment]
        return key

    def client(self, external_id: str) -> Client:
        """The organization's client of this id, or the one that it was merged into; else 404."""
        rows = Client.objects.select_related("organization", "merged_into")
        if "\0" in external_id:
            raise not_found()
        client = rows.filter(organization=self.organization, external_id=external_id).first()
        while client and client.merged_into_id:
            client = rows.get(organization=self.organization, pk=client.merged_into_id)
        if client is None:
            raise not_found()
        return client

    def of_client(self, rows: QuerySet[Row], query: PageQuery) -> QuerySet[Row]:
        """The organization's rows, or those of the client that the query names; 404 when there is none."""
        rows = rows.filter(organization=self.organization)
        if "clientId" in query.validated_data:
            rows = rows.filter(client=self.client(query.validated_data["clientId"]))
        return rows

    def row(self, rows: QuerySet[Row], row_id: str) -> Row:
        """The organization's row of the id in an address; else 404."""
        # Longer ones, and the digits of other scripts, are no ids; int() would take them.
        is_id = row_id.isascii() and row_id.isdecimal() and len(row_id) <= 19 and int(row_id) <= LARGEST_ID
        found = rows.filter(organization=self.organization, pk=int(row_id)).first() if is_id else None
        if found is None:
            raise not_found()
        return found


class OwnClientAPIView(ClientAPIView):
    """Also for the client's own session, which sees nobody else."""

    authentication_classes = [SecretKeyAuthentication, SessionAuthentication]
    own: Client | None = None

    def organization_of(self, request: Request) -> Organization:
        if isinstance(request.auth, ApiKey):
            return request.auth.organization
        self.own = client_of(request.user) if isinstance(request.user, User) else None
        if self.own is None:
            raise exceptions.PermissionDenied("This needs a secret key, or the sign-in of a client.")
        return self.own.organization

    def client(self, external_id: str) -> Client:
        client = super().client(external_id)
        if self.own and client.pk != self.own.pk:
            raise not_found()
        return client


def not_found() -> Problem:
    """The same for what is missing and what is another's."""
    return Problem(404, "not_found", "There is nothing here that this key may see.")


def today_of(organization: Organization) -> date:
    return timezone.now().astimezone(organization.timezone).date()
