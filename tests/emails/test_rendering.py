import re
from datetime import UTC
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import translation

from emails.names import greeted, shown_name
from emails.rendering import Rendered, readable, render
from tests.emails.mails import ALL, MAILS

LINK = "https://mainstay.example/invitation/" + "x" * 60
# Drawn, not read: the preheader, the bars of the chart and the strip below the score.
DRAWN = {"1px"}


def invitation(language: str = "en", **changes: Any) -> Rendered:
    return render("client_invitation", MAILS["client_invitation"] | changes, language=language, timezone=UTC)


class Tags(HTMLParser):
    """All start tags, each with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag == name]


@pytest.fixture(params=ALL)
def mail(request: pytest.FixtureRequest) -> Rendered:
    return render(request.param, MAILS[request.param], language="en", timezone=UTC)


def test_markup_in_a_value_is_escaped_in_html_and_left_in_text() -> None:
    mail = invitation(organization_name="Finch & <b>Co</b>")
    assert "Finch &amp; &lt;b&gt;Co&lt;/b&gt; invites you" in mail.html
    assert "<b>" not in mail.html
    assert (mail.subject, "Finch & <b>Co</b> invites you to" in mail.text) == ("Finch & <b>Co</b> invites you", True)


def test_a_subject_stays_one_line() -> None:
    mail = invitation(organization_name="Finch\r\nBcc: all@example.org\n\n" + "x" * 500)
    assert mail.subject.startswith("Finch Bcc: all@example.org x")
    assert (len(mail.subject), "\n" in mail.subject) == (255, False)


@pytest.mark.parametrize(
    ("language", "code", "word"), [("de", "de", "lädt"), ("", "en", "invites"), ("tlh", "en", "invites")]
)
def test_mails_are_in_the_readers_language_and_leave_the_active_one(language: str, code: str, word: str) -> None:
    with translation.override("de" if code == "en" else "en"):
        active = translation.get_language()
        mail = invitation(language)
        assert translation.get_language() == active
    assert [word in part for part in (mail.subject, mail.text, mail.html)] == [True] * 3
    assert {name: Tags(mail.html).of("html")[0][name] for name in ("lang", "dir")} == {"lang": code, "dir": "ltr"}


def test_every_mail_loads_nothing_and_fits_what_gmail_shows(mail: Rendered) -> None:
    assert len(mail.html.encode()) < 60_000
    assert not re.search(r"\bsrc=|url\(|@import|<link|<script|<img|background=", mail.html)
    assert max(map(len, mail.html.splitlines())) < 998


def test_tables_are_for_looks_but_for_those_of_figures(mail: Rendered) -> None:
    of_looks = [table for table in Tags(mail.html).of("table") if table.get("role") == "presentation"]
    assert len(of_looks) >= len(Tags(mail.html).of("table")) - 1


def test_what_is_read_is_at_least_14_pixels_tall(mail: Rendered) -> None:
    sizes = set(re.findall(r"font-size: ?(\d+px)", mail.html)) - DRAWN
    assert min(int(size.removesuffix("px")) for size in sizes) >= 14


def test_styles_are_inlined_and_dark_mode_and_phones_kept(mail: Rendered) -> None:
    [style] = re.findall(r"<style>(.*?)</style>", mail.html, re.DOTALL)
    assert set(re.findall(r"@media[^{]+", style)) == {
        "@media (prefers-color-scheme: dark) ",
        "@media only screen and (max-width: 480px) ",
    }
    [body] = Tags(mail.html).of("body")
    assert "background-color: #f6f3ec" in (body["style"] or "")
    named = {meta["name"]: meta.get("content") for meta in Tags(mail.html).of("meta") if "name" in meta}
    assert (named["color-scheme"], named["supported-color-schemes"]) == ("light dark", "light dark")


def test_every_mail_says_why_it_came(mail: Rendered) -> None:
    _before, rule, after = mail.text.partition("\n--\n")
    assert rule
    words = " ".join(after.split())
    assert words.startswith(("You get this mail because", "It was not you?"))
    assert words.split(". ")[0] in " ".join(re.sub(r"<[^>]+>", " ", mail.html).split())


def test_text_is_wrapped_but_never_inside_of_a_link(mail: Rendered) -> None:
    long = [line for line in mail.text.splitlines() if len(line) > 72]
    assert [line for line in long if not re.fullmatch(r" *https?://\S+", line)] == []


def test_links_of_text_stand_on_lines_of_their_own(mail: Rendered) -> None:
    with_links = [line.strip() for line in mail.text.splitlines() if "://" in line]
    assert [line for line in with_links if " " in line] == []


def test_long_lines_go_on_below_their_beginning() -> None:
    text = f"Begin\n\n\n\n* {'word ' * 20}\n  {'more ' * 20}\n{LINK}{LINK}\n\n"
    assert readable(text).splitlines() == [
        "Begin",
        "",
        "* " + "word " * 13 + "word",
        "  " + "word " * 5 + "word",
        "  " + "more " * 13 + "more",
        "  " + "more " * 5 + "more",
        LINK + LINK,
    ]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Ada\r\nBcc: x\t Lovelace\0 ", "Ada Bcc: x Lovelace"),
        ("\u202eecalevoL\u202c \u2067adA\u2069", "ecalevoL adA"),
        ("x" * 10_000, "x" * 79 + "…"),
        ("=cmd|'/c calc'!A1", "=cmd|'/c calc'!A1"),
        ("👩‍👩‍👧 Łucja", "👩‍👩‍👧 Łucja"),
        ("", ""),
    ],
)
def test_names_are_one_short_line(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@pytest.mark.parametrize("name", ["Win at evil.example", "http://x", "www.win", "ada@example.org", "a/b", "a\\b"])
def test_nobody_is_greeted_by_a_link(name: str) -> None:
    assert greeted(name) == ""


def test_people_are_greeted_by_their_name() -> None:
    assert [greeted("Ada  Lovelace"), greeted("x" * 90)] == ["Ada Lovelace", "x" * 59 + "…"]
