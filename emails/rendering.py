"""Mails put into words: subject, text and HTML from templates/emails/<name>, in the reader's language and timezone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import css_inline
from django.conf import settings
from django.template import Context, engines
from django.utils import timezone as zones
from django.utils import translation

LONGEST_SUBJECT = 255
# Many programs show plain text as it is: lines of a length that people like to read.
WIDTH = 72
BLANK_LINES = re.compile(r"\n{3,}")
# What is not inlined, such as dark mode, stands in a style sheet of its own that is marked to be left alone.
INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


def render(name: str, context: Mapping[str, Any], *, language: str, timezone: tzinfo) -> Rendered:
    """`subject.txt`, `body.txt` and `body.html` of a mail, in a language ("" or unknown: the installation's).

    Values are escaped in HTML and stand as they are in subject and text; the subject is one line whatever they hold.
    """
    parts = render_parts(name, {"base_url": settings.BASE_URL, **context}, language=language, timezone=timezone)
    return Rendered(on_one_line(parts.subject), readable(parts.text), parts.html)


def render_parts(name: str, values: Mapping[str, Any], *, language: str, timezone: tzinfo) -> Rendered:
    """As the templates say it, with styles inlined."""
    with translation.override(known_language(language)), zones.override(timezone):
        return Rendered(
            subject=_rendered(f"emails/{name}/subject.txt", values, autoescape=False),
            text=_rendered(f"emails/{name}/body.txt", values, autoescape=False),
            html=INLINER.inline(_rendered(f"emails/{name}/body.html", values, autoescape=True)),
        )


def on_one_line(subject: str) -> str:
    return " ".join(subject.split())[:LONGEST_SUBJECT]


def known_language(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def readable(text: str) -> str:
    """Paragraphs wrapped, never inside of a link; one blank line where templates leave several."""
    lines: list[str] = []
    for line in map(str.rstrip, text.splitlines()):
        if len(line) <= WIDTH:
            lines.append(line)
        else:
            lines.extend(_wrapped(line))
    return BLANK_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


def _wrapped(line: str) -> Iterator[str]:
    """What is indented or a point of a list goes on below its own beginning."""
    text = line.lstrip(" *")
    indent = " " * (len(line) - len(text))
    begun = line[: len(indent)]
    for word in text.split(" "):
        if len(begun) + len(word) >= WIDTH and begun.strip(" *"):
            yield begun.rstrip()
            begun = indent
        begun += f"{word} "
    yield begun.rstrip()


def _rendered(path: str, values: Mapping[str, Any], *, autoescape: bool) -> str:
    # The engine keeps compiled templates; the backend's own would escape what is no HTML, too.
    template = engines["django"].engine.get_template(path)  # type: ignore[attr-defined]
    return str(template.render(Context(dict(values), autoescape=autoescape)))
