"""Requests that name a charset in which text does not come are refused before Django sees them.

A request may name any codec that Python has, such as idna or hex. Django reads the query with it while it makes the
request, outside of everything that answers errors, and most of those codecs raise.
"""

import codecs
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.utils.http import parse_header_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Any bytes can be read as one of these.
READABLE = {"utf-8", "ascii", "iso8859-1", "cp1252"}
REFUSAL = b"Send text as UTF-8.\n"


def refuse_unreadable(application: "WSGIApplication") -> "WSGIApplication":
    def readable_only(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if _is_readable(environ.get("CONTENT_TYPE", "")):
            return application(environ, start_response)
        start_response(
            "415 Unsupported Media Type", [("Content-Type", "text/plain"), ("Content-Length", str(len(REFUSAL)))]
        )
        return [REFUSAL]

    return readable_only


def _is_readable(content_type: str) -> bool:
    if "charset" not in content_type.lower():
        return True
    try:
        return codecs.lookup(parse_header_parameters(content_type)[1].get("charset", "utf-8")).name in READABLE
    except (LookupError, ValueError):
        # What is no codec is passed over by Django too.
        return True
