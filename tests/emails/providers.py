"""What mail providers post, in the shapes that they document, signed as they sign."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client as Browser

SECRET = "hooks:correct-horse"
MAILGUN_KEY = "key-of-the-tests"
SENDGRID_KEY = ec.generate_private_key(ec.SECP256R1())
BASIC = {"Authorization": "Basic " + base64.b64encode(SECRET.encode()).decode()}


def sendgrid_public_key() -> str:
    """As SendGrid shows it: the body of the PEM alone."""
    der = SENDGRID_KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


def post(provider: str, body: Any, *, headers: Mapping[str, str] = BASIC) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return Browser().post(
        f"/anymail/{provider}/tracking/", text, content_type="application/json", headers=dict(headers)
    )


def post_mailgun(event: Mapping[str, Any], *, token: str = "t" * 50, key: str = MAILGUN_KEY) -> Any:
    timestamp = "1794819600"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": timestamp, "token": token, "signature": signature}
    return post("mailgun", {"signature": signed, "event-data": event}, headers={})


def post_sendgrid(events: Sequence[Any], *, key: ec.EllipticCurvePrivateKey = SENDGRID_KEY) -> Any:
    timestamp, body = "1794819600", json.dumps(events)
    signature = base64.b64encode(key.sign((timestamp + body).encode(), ec.ECDSA(hashes.SHA256()))).decode()
    headers = {
        "X-Twilio-Email-Event-Webhook-Signature": signature,
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }
    return post("sendgrid", body, headers=headers)


def mailgun(event: str, metadata: Mapping[str, str], *, timestamp: float, **fields: Any) -> dict[str, Any]:
    return {
        "event": event,
        "timestamp": timestamp,
        "id": "ncV2XwymRUKbPek_MIM-Gw",
        "log-level": "info",
        "recipient": "ada@example.com",
        "recipient-domain": "example.com",
        "user-variables": dict(metadata),
        "tags": ["weekly-success"],
        "flags": {"is-routed": False, "is-authenticated": True, "is-test-mode": False},
        "message": {"headers": {"to": "ada@example.com", "message-id": "20261116080000.1.ABC@mg.example.com"}},
        **fields,
    }


def postmark(record: str, metadata: Mapping[str, str], **fields: Any) -> dict[str, Any]:
    return {
        "RecordType": record,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "ServerID": 23,
        "MessageStream": "outbound",
        "Tag": "weekly-success",
        "Metadata": dict(metadata),
        **fields,
    }


def sendgrid(event: str, metadata: Mapping[str, str], *, timestamp: int, **fields: Any) -> dict[str, Any]:
    return {
        "email": "ada@example.com",
        "timestamp": timestamp,
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "event": event,
        "category": ["weekly-success"],
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        **metadata,
        **fields,
    }


def brevo(event: str, metadata: Mapping[str, str], *, milliseconds: int, **fields: Any) -> dict[str, Any]:
    return {
        "event": event,
        "email": "ada@example.com",
        "id": 1,
        "date": "2026-11-16 09:20:00",
        "ts": milliseconds // 1000,
        "ts_event": milliseconds // 1000,
        "ts_epoch": milliseconds,
        "message-id": "<202611160800.12345@smtp-relay.mailin.fr>",
        "subject": "Your week",
        "X-Mailin-custom": json.dumps(dict(metadata)),
        "tags": ["weekly-success"],
        **fields,
    }


def resend(kind: str, metadata: Mapping[str, str], *, created_at: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "created_at": created_at,
        "data": {
            "created_at": "2026-11-16T08:00:00.000Z",
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "from": "Acme <success@example.com>",
            "to": ["Ada <ada@example.com>"],
            "subject": "Your week",
            "headers": [{"name": "X-Metadata", "value": json.dumps(dict(metadata))}],
            **fields,
        },
    }
