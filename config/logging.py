"""Logs: one event a line with ids as fields, never addresses or payloads. JSON in production."""

from textwrap import indent
from typing import Any

import structlog
from django.http import HttpRequest

from config.routes import route_of


def name_by_route(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Django's own lines about a request hold its address, and the request as a whole."""
    request = event.get("request")
    if isinstance(request, HttpRequest):
        event["request"] = f"{request.method} {route_of(request)}"
        # The same once more, where another handler has formatted the record before.
        event.pop("message", None)
        event["event"] = str(event["event"]).replace(request.path, event["request"])
    return event


def on_one_line(logger: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Where lines are read by people: what somebody sent and a message quotes begins none of its own."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = indent(value, "  ") if name == "exception" else "\\n".join(value.splitlines())
    return event


SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    name_by_route,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_settings(*, json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING, for the standard library's loggers and structlog's alike."""
    for_people = [on_one_line, structlog.dev.ConsoleRenderer(colors=False)]
    rendering = [structlog.processors.JSONRenderer()] if json else for_people
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        # Its own handlers would print each line a second time, and mail the admins.
        "loggers": {"django": {"handlers": [], "level": level, "propagate": True}},
    }
