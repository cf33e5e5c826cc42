"""What requests are called in logs: addresses hold names, searches and links that give access, routes hold none."""

from django.http import HttpRequest
from django.urls import Resolver404, resolve

UNKNOWN = "(no such address)"


def route_of(request: HttpRequest) -> str:
    """Such as /api/v1/clients/<external_id>/scores."""
    try:
        return f"/{(request.resolver_match or resolve(request.path_info)).route}"
    except Resolver404:
        return UNKNOWN
