from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers


def show_once(request: HttpRequest, *, title: str, value: str, explanation: str, next_url: str) -> HttpResponse:
    """Answer with a page that holds a secret. It goes into no session, cookie or message on the way."""
    context = {
        **admin.site.each_context(request),
        "title": title,
        "value": value,
        "explanation": explanation,
        "next_url": next_url,
    }
    response = TemplateResponse(request, "admin/shown_once.html", context)
    add_never_cache_headers(response)
    return response
