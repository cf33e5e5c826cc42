"""The way of a link from the outbox to the page."""

import re
from ipaddress import IPv6Address
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.test import Client as Browser

from accounts.models import Client, User
from accounts.tenancy import all_organizations
from emails.models import OutboxEmail
from tests.factories import ClientFactory

PASSWORD = "a lasting passphrase"
NEW = {"new_password1": PASSWORD, "new_password2": PASSWORD}


def stranger() -> Browser:
    """From an address that has not failed before: the failures are in the cache, which the tests share."""
    return Browser(REMOTE_ADDR=str(IPv6Address(uuid4().int)))


def mails() -> list[OutboxEmail]:
    with all_organizations():
        return list(OutboxEmail.objects.order_by("pk"))


def link_in(mail: OutboxEmail) -> str:
    """The path of the only link of the mail, which its text and its HTML share."""
    link: str
    [link] = re.findall(r"https?://\S+", mail.text)
    assert f'href="{link}"' in mail.html
    assert link.startswith(f"{settings.BASE_URL}/")
    return link.removeprefix(settings.BASE_URL)


def client_with_address(**fields: Any) -> Client:
    made: Client = ClientFactory.create(**{"external_id": "ada", "email": "ada@example.com"} | fields)
    return made


def reread(client: Client) -> Client:
    with all_organizations():
        return Client.objects.select_related("user").get(pk=client.pk)


def user_of(browser: Browser) -> User | None:
    pk = browser.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None
