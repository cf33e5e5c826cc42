from uuid import UUID

import pytest
from pytest_django import Settings

from emails.categories import Category
from emails.preference_links import preferences_url, unsubscribe_url
from emails.tracking.links import Tracked, page_of, tracked

UID = UUID("0f0e0d0c-0b0a-5908-8706-050403020100")
NAME = "7.0f0e0d0c0b0a59088706050403020100"
OWN = f"https://success.example/mail/c/{NAME}"
PICTURE = (
    f'<img src="https://success.example/mail/o/{NAME}.gif" width="1" height="1" alt="" style="display:block;border:0">'
)


@pytest.fixture(autouse=True)
def _address(settings: Settings) -> None:
    settings.BASE_URL = "https://success.example"
    settings.MAIL_TRACKING = "on"


def of(html: str) -> Tracked:
    return tracked(html, organization_id=7, uid=UID)


def test_links_lead_by_way_of_our_own_and_are_numbered_by_target() -> None:
    html = (
        '<body><a class="b" href="https://a.example/?x=1&amp;y=&quot;2&quot;#z" style="c">A</a>'
        "<p><a href='http://b.example/it'>B</a><!--[if mso]><a href=\"http://b.example/it\">B</a><![endif]--></body></html>"
    )
    assert of(html) == Tracked(
        f'<body><a class="b" href="{OWN}/0" style="c">A</a>'
        f'<p><a href="{OWN}/1">B</a><!--[if mso]><a href="{OWN}/1">B</a><![endif]-->{PICTURE}</body></html>',
        ('https://a.example/?x=1&y="2"#z', "http://b.example/it"),
    )


@pytest.mark.parametrize(
    "anchor",
    [
        '<a href="https://success.example/mail/preferences/abc">p</a>',
        '<a href="https://success.example/mail/unsubscribe/abc?x=1">u</a>',
        '<a data-untracked href="https://a.example/">p</a>',
        '<a href="https://a.example/" data-untracked="">p</a>',
        '<a href="mailto:help@a.example?subject=https://a.example">m</a>',
        '<a href="tel:+49301234">t</a>',
        '<a href="#top">t</a>',
        '<a href="/relative">r</a>',
        '<a href="javascript:alert(1)">j</a>',
        '<a href="https://[broken/">b</a>',
        '<a href="https://">b</a>',
        '<a href="https://a.example/\0">b</a>',
        f'<a href="https://a.example/{"x" * 2000}">long</a>',
        f'<a href="https://a.example/{"ü" * 400}">long once it is encoded</a>',
        '<a name="https://a.example/">n</a>',
        '<abbr href="https://a.example/">no anchor</abbr>',
        '<img src="https://a.example/picture.png">',
        '<p>https://a.example/ as a text, href="https://a.example/"</p>',
    ],
)
def test_what_is_no_link_to_follow_stays_as_it_is(anchor: str) -> None:
    assert of(anchor) == Tracked(anchor + PICTURE, ())


def test_links_of_any_letters_are_kept_as_they_were_meant() -> None:
    html = '<a href="https://bücher.example/straße/😀?q=%C3%BC&#x27;">x</a>'
    assert of(html).links == ("https://bücher.example/straße/😀?q=%C3%BC'",)


def test_a_page_that_only_begins_like_ours_is_another() -> None:
    assert of('<a href="https://success.example.evil/mail/x">x</a>').links == ("https://success.example.evil/mail/x",)


def test_only_clicks_are_followed_when_the_installation_says_so(settings: Settings) -> None:
    settings.MAIL_TRACKING = "clicks"
    assert of('<a href="https://a.example/">x</a>') == Tracked(f'<a href="{OWN}/0">x</a>', ("https://a.example/",))


def test_nothing_is_followed_when_the_installation_says_so(settings: Settings) -> None:
    settings.MAIL_TRACKING = "off"
    html = '<a href="https://a.example/">x</a></body>'
    assert of(html) == Tracked(html, ())


def test_a_mail_without_html_has_nothing_to_follow() -> None:
    assert of("") == Tracked("", ())


@pytest.mark.parametrize(
    ("link", "page"),
    [
        (
            "https://a.example/client/dashboard/success?week=2026-11-16#top",
            "https://a.example/client/dashboard/success",
        ),
        ("https://a.example/feedback/Kx81b-J2m4n6p8q0r2/rate?rating=9", "https://a.example/feedback/…/rate"),
        ("https://a.example/a-long-title-of-an-article", "https://a.example/a-long-title-of-an-article"),
        ("https://ada:secret@a.example:8443/x", "https://a.example:8443/x"),
        ("https://a.example/ada@b.example", "https://a.example/…"),
        ("https://a.example", "https://a.example"),
        ("https://[broken/", ""),
        ("mailto:ada@a.example", ""),
        ("", ""),
    ],
)
def test_of_a_click_only_the_page_is_kept(link: str, page: str) -> None:
    assert page_of(link) == page


def test_links_by_which_clients_manage_their_mail_are_not_tracked() -> None:
    html = "".join(f'<a href="{url}">x</a>' for url in (preferences_url(7, 1), unsubscribe_url(7, 1, Category.WEEKLY)))
    assert of(html) == Tracked(html + PICTURE, ())
