"""The weekly mail of one client put into words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from django.utils import timezone as zones
from django.utils import translation

from accounts.models import Organization
from emails.names import greeted, shown_name
from emails.rendering import Rendered, known_language, render
from success.weekly_mail.asking import Link, question_of
from success.weekly_mail.content import content_of
from success.weekly_mail.gathering import Told

TEMPLATES = "weekly_success"


class Rendering(Protocol):
    """`render`, or for many at once `fill`: both make the same of it."""

    def __call__(self, name: str, context: Mapping[str, Any], *, language: str, timezone: tzinfo) -> Rendered: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """`language` is empty where none was chosen."""

    name: str
    language: str
    timezone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Links:
    """`answer` is None where nothing is asked."""

    preferences: str
    unsubscribe: str
    answer: Link | None = None


def write(
    organization: Organization, told: Told, *, reader: Reader, links: Links, rendering: Rendering = render
) -> Rendered:
    organization_name = shown_name(organization.name)
    # Once more around the rendering, as what the page's own modules say is said in the active language.
    with translation.override(known_language(reader.language)), zones.override(reader.timezone):
        question = None
        if told.asks_for and links.answer:
            question = question_of(told.asks_for, organization_name=organization_name, link=links.answer)
        context = {
            "organization_name": organization_name,
            "is_simulated": organization.is_simulated,
            "name": greeted(reader.name),
            "mail": content_of(told, question=question, organization_name=organization_name),
            "preferences_url": links.preferences,
            "unsubscribe_url": links.unsubscribe,
        }
        return rendering(TEMPLATES, context, language=reader.language, timezone=reader.timezone)
