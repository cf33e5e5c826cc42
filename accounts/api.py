from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import ApiKey, Organization
from accounts.tenancy import organization_scope


class OrganizationAPIView(APIView):
    """A view of the REST API: one transaction in the scope of the organization whose secret key was sent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.scope:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.organization = self.organization_of(request)
        self.scope.enter_context(organization_scope(self.organization.pk))

    def organization_of(self, request: Request) -> Organization:
        if not isinstance(request.auth, ApiKey):
            raise exceptions.NotAuthenticated
        return request.auth.organization
