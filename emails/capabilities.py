"""What a provider offers to tell whether it has a mail, when its answer was lost. Only what is documented stands here.

Anything that is not listed, plain SMTP above all, offers nothing: what is in doubt there is settled by hand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

from django.core.mail import EmailMessage

from emails.identity import idempotency_key_of

ANSWER_SECONDS = 20
FOR_EVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Capability:
    """`key_lasts`: the provider takes a mail with the same key once, for so long; `give_key` hands the key over.

    `look_up` asks whether it knows a mail and gives its id there, None when it does not (yet).
    `has_it_already` is whether an error's body says that the key was used before.
    """

    key_lasts: timedelta | None = None
    give_key: Callable[[Any, EmailMessage, UUID], None] | None = None
    look_up: Callable[[Any, UUID], str | None] | None = None
    has_it_already: Callable[[Mapping[str, Any]], bool] = lambda _body: False
    takes_metadata: bool = True


def capability_of(backend: str) -> Capability:
    """Of a mail backend by its dotted path."""
    return CAPABILITIES.get(backend, Capability())


def _in_http_header(backend: Any, message: EmailMessage, uid: UUID) -> None:
    backend.session.headers["Idempotency-Key"] = idempotency_key_of(uid)


def _in_mail_header(backend: Any, message: EmailMessage, uid: UUID) -> None:
    message.extra_headers["idempotencyKey"] = str(uid)


def _named_like_it(backend: Any, message: EmailMessage, uid: UUID) -> None:
    """Its file is: writing it again is writing the same file."""


def _by_metadata(backend: Any, uid: UUID) -> str | None:
    answer = backend.session.get(
        urljoin(backend.api_url, "messages/outbound"),
        params={"count": 1, "offset": 0, "metadata_uid": uid.hex},
        headers={"X-Postmark-Server-Token": backend.server_token, "Accept": "application/json"},
        timeout=ANSWER_SECONDS,
    )
    answer.raise_for_status()
    messages = answer.json()["Messages"]
    return str(messages[0]["MessageID"]) if messages else None


CAPABILITIES: Mapping[str, Capability] = {
    # resend.com/docs/dashboard/emails/idempotency-keys: 24 hours, the first answer is given again.
    "anymail.backends.resend.EmailBackend": Capability(key_lasts=timedelta(hours=24), give_key=_in_http_header),
    # developers.brevo.com, "Idempotency": 15 minutes by one page and 30 by another; a second call is refused.
    "anymail.backends.brevo.EmailBackend": Capability(
        key_lasts=timedelta(minutes=15),
        give_key=_in_mail_header,
        has_it_already=lambda body: body.get("code") == "duplicate_parameter",
    ),
    # postmarkapp.com/support/article/1125: messages are found by one field of their metadata.
    "anymail.backends.postmark.EmailBackend": Capability(look_up=_by_metadata),
    "anymail.backends.postal.EmailBackend": Capability(takes_metadata=False),
    "anymail.backends.mailersend.EmailBackend": Capability(takes_metadata=False),
    "emails.backends.files.EmailBackend": Capability(key_lasts=FOR_EVER, give_key=_named_like_it),
}
