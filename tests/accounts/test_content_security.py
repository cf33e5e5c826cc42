import pytest
from django.test import Client as Browser

STRICT = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/", "/client/sign-in", "/no-such-page"])
def test_pages_run_their_own_code_only(browser: Browser, db: None, path: str) -> None:
    assert browser.get(path)["Content-Security-Policy"] == STRICT


def test_the_admin_may_run_inline_code_but_load_none_from_elsewhere(browser: Browser, db: None) -> None:
    policy = browser.get("/admin/login/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self' 'unsafe-inline' 'unsafe-eval'" in policy


def test_answers_for_programs_carry_no_policy(browser: Browser, db: None) -> None:
    assert "Content-Security-Policy" not in browser.post("/v1/batch", {}, content_type="application/json")
