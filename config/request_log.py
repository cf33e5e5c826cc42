from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

from config.routes import route_of


class RequestLog(RequestMiddleware):
    """A line for each request of a person or of the API, with an id that its other lines carry too.

    Events and probes are answered before: their figures stand in the database, their failures are logged where they
    happen.
    """

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {route_of(request)}"
