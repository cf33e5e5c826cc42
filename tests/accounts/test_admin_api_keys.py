import pytest
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils import timezone

from accounts.authentication import find_api_key
from accounts.models import ApiKey, Membership, Organization
from accounts.tenancy import all_organizations
from tests.accounts.admin_pages import audited, browser_of

PLACE = "/admin/accounts/apikey/"
ORIGINS = "https://App.example.com\nhttp://localhost:3000/"


@pytest.fixture
def browser(organization: Organization) -> Browser:
    return browser_of(organization, Membership.Role.OWNER)


def the_key() -> ApiKey:
    with all_organizations():
        return ApiKey.objects.get()


def works(secret: str) -> bool:
    return find_api_key(secret, kind=ApiKey.Kind.WRITE, as_of=timezone.now()) is not None


def made(browser: Browser) -> str:
    page = browser.post(f"{PLACE}add/", {"kind": "write", "name": "Shop", "allowed_origins": ORIGINS})
    assert "no-store" in page["Cache-Control"]
    return str(page.context["value"])


def test_a_key_is_shown_once_and_works(browser: Browser, organization: Organization) -> None:
    secret = made(browser)
    assert works(secret)
    assert the_key().allowed_origins == ["https://app.example.com", "http://localhost:3000"]
    assert audited(organization) == [("api_key.created", {"kind": "write"})]
    later = browser.get(PLACE).content.decode() + browser.get(f"{PLACE}{the_key().pk}/change/").content.decode()
    kept = str([session.get_decoded() for session in Session.objects.all()]) + str(browser.cookies)
    assert secret not in later + kept


def test_what_is_no_origin_is_refused(browser: Browser) -> None:
    for origins in ("example.com", "https://example.com/path", "ftp://example.com", "javascript:alert(1)"):
        page = browser.post(f"{PLACE}add/", {"kind": "write", "name": "Shop", "allowed_origins": origins})
        assert "is no web origin" in page.content.decode()
    with all_organizations():
        assert not ApiKey.objects.exists()


def test_an_owner_renames_a_key_and_changes_its_origins(browser: Browser, organization: Organization) -> None:
    secret = made(browser)
    form = {"name": "Web shop", "allowed_origins": "https://shop.example.com", "kind": "secret", "digest": "x"}
    browser.post(f"{PLACE}{the_key().pk}/change/", form)
    assert (the_key().name, the_key().kind, works(secret)) == ("Web shop", "write", True)
    assert audited(organization)[1:] == [
        (
            "api_key.changed",
            {
                "name": ["Shop", "Web shop"],
                "allowed_origins": [["https://app.example.com", "http://localhost:3000"], ["https://shop.example.com"]],
            },
        )
    ]


def test_a_revoked_key_works_no_more(browser: Browser, organization: Organization) -> None:
    secret = made(browser)
    browser.post(PLACE, {"action": "revoke", "_selected_action": the_key().pk})
    assert not works(secret)
    assert the_key().revoked_by is not None
    assert [action for action, _ in audited(organization)] == ["api_key.created", "api_key.revoked"]


def test_a_key_is_never_deleted(browser: Browser) -> None:
    made(browser)
    assert browser.post(f"{PLACE}{the_key().pk}/delete/", {"post": "yes"}).status_code == 403
    assert the_key()


def test_keys_are_the_owners_business(organization: Organization) -> None:
    browser = browser_of(organization, Membership.Role.STAFF)
    assert [browser.get(PLACE).status_code, browser.get(f"{PLACE}add/").status_code] == [403, 403]
