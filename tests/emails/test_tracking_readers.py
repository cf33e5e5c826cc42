import pytest
from django.test import RequestFactory

from emails.tracking.readers import Reader, reader_by, reader_of

PERSON = Reader()
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5"
    " Mobile/15E148 Safari/604.1"
)
CUBOT = (
    "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"


@pytest.mark.parametrize("agent", [FIREFOX, IPHONE, OUTLOOK, CUBOT, "Thunderbird/128.0", "x" * 100_000])
def test_programs_that_people_read_mail_with_are_people(agent: str) -> None:
    assert reader_by(agent) == PERSON


@pytest.mark.parametrize(("agent", "name"), [(GMAIL, "Gmail"), (YAHOO, "Yahoo Mail")])
def test_proxies_that_fetch_when_a_mail_is_displayed_stand_for_people(agent: str, name: str) -> None:
    assert reader_by(agent) == Reader(name, is_automatic=False)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0", "Apple Mail Privacy Protection"),
        ("Barracuda Sentinel (EE)", "Security scanner"),
        ("Mozilla/5.0 (compatible; Mimecast URL Protection)", "Security scanner"),
        ("Mozilla/5.0 ProofPoint URL Defense", "Security scanner"),
        ("CiscoSecureEmail/15.0", "Security scanner"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Robot"),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "Robot"),
        ("facebookexternalhit/1.1", "Robot"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0 Safari/537.36", "Robot"),
        ("python-requests/2.32.0", "Robot"),
        ("curl/8.5.0", "Robot"),
        ("Apache-HttpClient/4.5.13 (Java/11)", "Robot"),
        ("", "Program without a name"),
        ("   ", "Program without a name"),
    ],
)
def test_machines_that_say_so_are_machines(agent: str, name: str) -> None:
    assert reader_by(agent) == Reader(name, is_automatic=True)


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Purpose": "prefetch;prerender"}, {"purpose": "prefetch"}, {"X-PURPOSE": "preview"}, {"X-Moz": "prefetch"}],
)
def test_what_is_fetched_ahead_was_followed_by_nobody(headers: dict[str, str]) -> None:
    request = RequestFactory().get("/", headers={"User-Agent": FIREFOX, **headers})
    assert reader_of(method="GET", headers=request.headers) == Reader("Fetched ahead", is_automatic=True)


def test_who_only_asks_whether_a_page_is_there_does_not_read_it() -> None:
    assert reader_of(method="HEAD", headers={"User-Agent": FIREFOX}) == Reader(
        "Only asked whether it is there", is_automatic=True
    )


def test_a_browser_that_asks_for_a_page_is_a_person() -> None:
    assert reader_of(method="GET", headers={"User-Agent": FIREFOX}) == PERSON
