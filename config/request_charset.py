"""Requests that name a charset in which text does not come are refused before Django sees them.

A request may name any codec that Python has, such as idna or hex. Django reads the query with it while it makes the
request, outside of everything that answers errors, and most of those codecs raise. Messages with events are read by
their bytes, whatever their label says: there the label is dropped.
"""

import codecs
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils.http import parse_header_parameters

from accounts.problems import problem_json
from accounts.unavailable import FOR_PROGRAMS
from telemetry.middleware import PREFIXES as READ_BY_BYTES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Any bytes can be read as one of these.
READABLE = {"utf-8", "ascii", "iso8859-1", "cp1252"}
WHAT_TO_DO = "Send text as UTF-8, and say so or nothing as its charset."


def refuse_unreadable(application: "WSGIApplication") -> "WSGIApplication":
    def readable_only(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        content_type, path = environ.get("CONTENT_TYPE", ""), environ.get("PATH_INFO", "")
        if _is_readable(content_type):
            return application(environ, start_response)
        if path.startswith(READ_BY_BYTES):
            return application(environ | {"CONTENT_TYPE": content_type.partition(";")[0]}, start_response)
        refusal = _refusal(path)
        headers = [*refusal.items(), ("Content-Length", str(len(refusal.content)))]
        start_response(f"{refusal.status_code} {refusal.reason_phrase}", headers)
        return [refusal.content]

    return readable_only


def _refusal(path: str) -> HttpResponse:
    if path.startswith(FOR_PROGRAMS):
        return problem_json(415, "unsupported_charset", WHAT_TO_DO)
    return HttpResponse(f"{WHAT_TO_DO}\n", status=415, content_type="text/plain; charset=utf-8")


def _is_readable(content_type: str) -> bool:
    if "charset" not in content_type.lower():
        return True
    try:
        return codecs.lookup(parse_header_parameters(content_type)[1].get("charset", "utf-8")).name in READABLE
    except (LookupError, ValueError):
        # What is no codec is passed over by Django too.
        return True
