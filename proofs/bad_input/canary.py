"""One text that would do harm as script, formula, header, template or log line, and how to see that it does."""

import csv
import io
from html.parser import HTMLParser

FORGED = "2026-01-01 00:00:00 [error] canary"
CANARY = (
    '=1+1<canary onx="1">"\'><script>canary()</script>{% firstof "canary-" %}{% firstof "alive" %}{{ 1|add:1 }}%(a)s{0}'
    f"\r\nX-Canary: 1\r\n{FORGED}"
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Alive(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.is_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_script = tag == "script"
        if tag == "canary" or any(name == "onx" for name, _ in attrs):
            self.found.append("markup")

    def handle_endtag(self, tag: str) -> None:
        self.is_script = False

    def handle_data(self, data: str) -> None:
        if self.is_script and data.strip().startswith("canary()"):
            self.found.append("script")


def alive_in_html(text: str) -> list[str]:
    parser = Alive()
    parser.feed(text)
    return [*parser.found, *alive_in_text(text)]


def alive_in_text(text: str) -> list[str]:
    return ["template"] if "canary-alive" in text else []


def alive_in_csv(text: str) -> list[str]:
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row if "canary" in cell]
    return ["formula" for cell in cells if cell.startswith(FORMULA)]
