"""The browser library of Segment, as npm delivers it, against this installation."""

import gzip
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, Request

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from accounts.tenancy import all_organizations, organization_scope
from telemetry.models import ClientTrait, DailyActivity, Event
from tests.browser.serving import served_folder
from tests.factories import OrganizationFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VERSION = "1.84.0"
# What Segment tells everybody to paste, less its minification: calls wait in a list until the library is there.
SNIPPET = """<!doctype html><html lang="en"><head><title>A shop</title><script>
const analytics = window.analytics = [];
analytics.methods = ["identify", "track", "page", "group", "on", "ready"];
for (const method of analytics.methods) {
  analytics[method] = (...args) => (analytics.push([method, ...args]), analytics);
}
analytics._writeKey = "WRITE_KEY";
analytics._cdn = "ADDRESS";
analytics.page("Pricing");
analytics.identify("user-1", {name: "Ada Lovelace", plan: "pro"});
analytics.track("content_generated", {words: 120});
</script><script src="standalone.js" async></script></head><body><h1>A shop</h1></body></html>"""


@pytest.fixture(scope="module")
def library() -> Path:
    """The unpacked bundles of the package, fetched once and kept with what else a run keeps."""
    folder = Path(settings.BASE_DIR, ".run", "analytics-next", VERSION)
    if not (folder / "standalone.js").exists():
        _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("There is no npm here to fetch the library with.")
    folder.mkdir(parents=True, exist_ok=True)
    command = [npm, "pack", f"@segment/analytics-next@{VERSION}", "--pack-destination", str(folder)]
    fetched = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if fetched.returncode:
        pytest.skip(f"npm could not fetch the library: {fetched.stderr[-300:]}")
    for archive in folder.glob("*.tgz"):
        _unpack(archive, folder)
        archive.unlink()


def _unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as files:
        for member in sorted(files.getmembers(), key=lambda member: member.name.endswith("standalone.js.gz")):
            if "/umd/" in member.name and member.name.endswith(".js.gz"):
                content = files.extractfile(member)
                assert content is not None
                (folder / Path(member.name).stem).write_bytes(gzip.decompress(content.read()))


def test_the_unmodified_library_delivers_from_another_origin(
    page: Page, site: str, library: Path, tmp_path: Path
) -> None:
    organization = OrganizationFactory.create(slug="acme")
    OrganizationFactory.create(slug="outsider")
    with organization_scope(organization.pk):
        key = create_api_key(organization, kind=ApiKey.Kind.WRITE, name="shop").secret
    shutil.copytree(library, tmp_path, dirs_exist_ok=True)
    (tmp_path / "index.html").write_text(SNIPPET.replace("WRITE_KEY", key).replace("ADDRESS", site))
    answered: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            answered.append(request.url)

    page.on("requestfinished", note)
    with served_folder(tmp_path) as shop:
        page.goto(shop + "/index.html")
        for _ in range(100):
            if len(answered) == 3:
                break
            page.wait_for_timeout(50)
        elsewhere = [url for url in answered if not url.startswith(site)]
    assert (sorted(url.removeprefix(site) for url in answered), elsewhere) == (["/v1/i", "/v1/p", "/v1/t"], [])
    assert _stored() == {
        "events": [
            ("acme", "user-1", "identify", "identify", ""),
            ("acme", "user-1", "page", "page_view", "page_view"),
            ("acme", "user-1", "track", "content_generated", "content_generated"),
        ],
        "traits": {"name": "Ada Lovelace", "plan": "pro"},
        "days": [("user-1", 2, 1, 1)],
    }


def _stored() -> dict[str, Any]:
    with all_organizations():
        return {
            "events": list(
                Event.objects.order_by("call").values_list(
                    "organization__slug", "client__external_id", "call", "name", "base_type"
                )
            ),
            "traits": dict(ClientTrait.objects.values_list("key", "value")),
            "days": list(
                DailyActivity.objects.values_list("client__external_id", "total", "page_view", "content_generated")
            ),
        }
