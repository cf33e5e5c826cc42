import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("path", ["/", "/client/sign-in", "/admin/login/", "/api/docs/"])
def test_every_kind_of_page_works_under_its_policy(page: Page, site: str, path: str) -> None:
    refused: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith((site, "data:")) else elsewhere.append(request.url)
    )
    page.goto(path, wait_until="networkidle")
    assert (refused, elsewhere) == ([], [])
