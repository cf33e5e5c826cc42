"""What axe-core finds on a page, a line each: of WCAG 2.2 AA in the light, and what depends on colours in the dark."""

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG_AA = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


def violations(page: Page) -> list[str]:
    """Of a page whose style sheet follows the reader's colours while it is open. It is left in the light."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = violations_of(COLOURS, page)
    page.emulate_media(color_scheme="light")
    return [*violations_of(WCAG_AA, page), *(f"dark: {line}" for line in dark)]


def violations_of(rules: dict[str, Any], page: Page, within: Sequence[str] = ()) -> list[str]:
    """In the colours that it has; of all of it, or of what these selectors find."""
    context = {"include": [[selector] for selector in within if page.locator(selector).count()]} if within else None
    # What moves or fades is looked at when it has arrived.
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = Axe().run(page, context=context, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:300]}" for rule in found for node in rule["nodes"]]
