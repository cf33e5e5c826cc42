"""People who are signed in already."""

from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from accounts.models import User
from tests.browser.serving import LOOPBACK
from tests.sessions import sign_in


def open_signed_in(page: Page, place: str, username: str = "ada") -> None:
    """Open a page in a session that was begun without the form: for tests that are not about signing in."""
    visitor = sign_in(Client(), User.objects.get(username=username))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": visitor.cookies[name].value, "domain": LOOPBACK, "path": "/"}])
    page.goto(place)
