"""Mails with a link that gives access: frozen in the outbox in the transaction of their cause."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import Organization
from emails.kinds import ACCOUNT
from emails.outbox import queue_email

LONGEST_NAME = 80


def queue_access_mail(
    name: str,
    *,
    key: str,
    to_address: str,
    organization: Organization,
    language: str,
    path: str,
    context: Mapping[str, Any],
    queued_at: datetime,
) -> bool:
    """Queue templates/emails/<name> in a language ("": the installation's); false when this key was queued before.

    Of what others can write only the organization's and the user's name stand in it, each on one line.
    """
    known = {code for code, _name in settings.LANGUAGES}
    values = {
        **context,
        "username": one_line(context["username"], longest=150),
        "organization_name": one_line(organization.name),
        "link": f"{settings.BASE_URL}{path}",
    }
    with translation.override(language if language in known else settings.LANGUAGE_CODE):
        return queue_email(
            name,
            key=key,
            to_address=to_address,
            organization=organization,
            subject=render_to_string(f"emails/{name}/subject.txt", values),
            text=render_to_string(f"emails/{name}/body.txt", values),
            html=render_to_string(f"emails/{name}/body.html", values),
            queued_at=queued_at,
            priority=ACCOUNT,
            is_secret=True,
        )


def one_line(text: str, *, longest: int = LONGEST_NAME) -> str:
    return " ".join(text.split())[:longest]
