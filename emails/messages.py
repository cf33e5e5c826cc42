"""A queued mail as the message that goes over the wire."""

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from emails.identity import message_id_of
from emails.models import OutboxEmail

# Programs that answer while somebody is away leave these alone (RFC 3834); those of mailing lists say so already.
AUTOMATIC = {"Auto-Submitted": "auto-generated"}


def message_of(
    email: OutboxEmail, *, backend: BaseEmailBackend | None = None, takes_metadata: bool = True
) -> EmailMultiAlternatives:
    """The same bytes at every attempt, but for the date. Its metadata lets webhooks find the mail again."""
    headers = {**({} if "List-Unsubscribe" in email.headers else AUTOMATIC), **email.headers}
    message = EmailMultiAlternatives(
        email.subject,
        email.text,
        from_email=sender_of(email),
        to=[named(email.to_name, email.to_address)],
        connection=backend,
        headers={"Message-ID": message_id_of(email.uid), **headers},
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    if takes_metadata:
        message.metadata = {"organization": str(email.organization_id or ""), "uid": email.uid.hex}  # type: ignore[attr-defined]
    message.tags = [email.kind]  # type: ignore[attr-defined]
    return message


def sender_of(email: OutboxEmail) -> str:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return named(email.from_name or name, address)


def named(name: str, address: str) -> str:
    """Quoted, so that nothing in a name is read as an address; Django and anymail encode what is not ASCII."""
    quoted = name.replace("\\", r"\\").replace('"', r"\"")
    return f'"{quoted}" <{address}>' if name else address
