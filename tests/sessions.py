"""People who are signed in already: for tests that are not about signing in."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client as Browser

from accounts.models import User


def sign_in(browser: Browser, user: User | None) -> Browser:
    """The session that signing in would leave. Django's `force_login` sends its signals too: to the product a visit."""
    assert user
    session = SessionStore()
    session.update({
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    })  # fmt: skip
    session.create()
    browser.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return browser
