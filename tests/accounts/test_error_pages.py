import pytest
from django.template.loader import render_to_string
from django.test import Client as Browser


@pytest.mark.parametrize("template", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html", "503.html"])
def test_error_pages_need_no_request_and_no_database(template: str) -> None:
    page = render_to_string(template)
    assert "<h1>" in page
    assert 'href="/"' in page


def test_an_expired_form_is_explained(db: None) -> None:
    response = Browser(enforce_csrf_checks=True).post("/client/sign-in", {"username": "ada", "password": "x"})
    assert (response.status_code, "The form has expired" in response.content.decode()) == (403, True)
