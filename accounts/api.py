from contextlib import ExitStack
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiKey, Organization
from accounts.problems import DATABASE_UNAVAILABLE
from accounts.tenancy import organization_scope


class OrganizationAPIView(APIView):
    """A view of the REST API: one transaction in the scope of the organization whose secret key was sent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            with ExitStack() as self.scope:
                return super().dispatch(request, *args, **kwargs)
        except DATABASE_UNAVAILABLE as lost:
            # By the commit: what DRF raises itself has become an answer by then.
            return self._refusal(lost)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.organization = self.organization_of(request)
        self.scope.enter_context(organization_scope(self.organization.pk))

    def organization_of(self, request: Request) -> Organization:
        if not isinstance(request.auth, ApiKey):
            raise exceptions.NotAuthenticated
        return request.auth.organization

    def _refusal(self, error: Exception) -> Response:
        # DRF's own way to an answer, outside of its dispatch.
        self.response = self.finalize_response(self.request, self.handle_exception(error), *self.args, **self.kwargs)
        return self.response
