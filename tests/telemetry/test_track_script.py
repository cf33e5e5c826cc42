import gzip

from django.contrib.staticfiles import finders
from django.test import Client as Browser


def test_the_short_address_leads_to_the_script(db: None, browser: Browser) -> None:
    response = browser.get("/track.js")
    assert (response.status_code, response["Location"]) == (302, "/static/telemetry/track.js")
    assert response["Cache-Control"] == "public, max-age=3600"


def test_the_script_is_small_on_its_way() -> None:
    with open(finders.find("telemetry/track.js"), "rb") as script:  # type: ignore[arg-type] # noqa: PTH123
        assert len(gzip.compress(script.read())) < 3_000
