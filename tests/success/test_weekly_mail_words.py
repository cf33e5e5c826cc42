from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations
from emails.models import OutboxEmail
from success.dashboard.insights import insights_of
from telemetry.models import ClientActivity
from tests.factories import ClientFactory, OrganizationFactory
from tests.success.scored_clients import add_activity, add_score
from tests.success.told_clients import add_insight
from tests.success.weekly_mails import MONDAY, WEEK, agree, queue, the_mail, words

SUNDAY = WEEK - timedelta(days=1)


def mail_of(client: Client, **agreed: Any) -> OutboxEmail:
    agree([client], **agreed)
    queue(client.organization)
    return the_mail()


def read(mail: OutboxEmail) -> tuple[str, str]:
    """HTML and text, each in one line."""
    return tuple(" ".join(words(part).split()) for part in (mail.html, mail.text.replace("<", "&lt;")))  # type: ignore[return-value]


def assert_both_say(mail: OutboxEmail, *sentences: str) -> None:
    html, text = read(mail)
    assert [each for each in sentences if each not in html] == []
    assert [each for each in sentences if each not in text] == []


def scored(
    organization: Organization, before: int | None = None, client_fields: dict[str, Any] | None = None, **changes: Any
) -> Client:
    client: Client = ClientFactory.create(organization=organization, **client_fields or {})
    if before is not None:
        add_score(client, period_end=WEEK - timedelta(weeks=1), overall=before)
    add_score(client, period_end=WEEK, **changes)
    return client


def test_it_tells_the_score_its_band_and_where_it_goes(organization: Organization) -> None:
    mail = mail_of(scored(organization, before=50))
    assert mail.subject == "Your success score: 55 (+5)"
    assert_both_say(mail, "Needs attention", "Rising: +5 points since Nov. 9, 2026", "It rose by 5 points")
    assert 'class="band attention-band"' in mail.html
    assert "background-color: #fbecd0" in mail.html.split('attention-band"')[1].split(">")[0]


@pytest.mark.parametrize(
    ("before", "subject", "sentence"),
    [
        (None, "55", "No trend yet: that needs an earlier score."),
        (55, "55", "Stable: unchanged since Nov. 9, 2026"),
        (70, "55 (−15)", "Declining: −15 points since Nov. 9, 2026"),
    ],
)
def test_the_trend(organization: Organization, before: int | None, subject: str, sentence: str) -> None:
    mail = mail_of(scored(organization, before=before))
    assert mail.subject == f"Your success score: {subject}"
    assert_both_say(mail, sentence)


def test_a_first_score_says_what_it_is_made_of(organization: Organization) -> None:
    assert_both_say(mail_of(scored(organization)), "It is 55: Activation (18.82),", "Satisfaction was not measured.")


def test_a_score_without_a_band_says_so(organization: Organization) -> None:
    mail = mail_of(scored(organization, coverage=40, band=""))
    assert_both_say(mail, "40\u00a0% of the score's weight is measured. A band needs 50\u00a0%.".replace("\u00a0", " "))
    assert "No band yet" in words(mail.html)
    assert "Needs attention" not in words(mail.html) + mail.text


def test_full_coverage_needs_no_words(organization: Organization) -> None:
    html, text = read(mail_of(scored(organization, coverage=100)))
    assert ("weight is measured" in html, "weight is measured" in text) == (False, False)


@pytest.mark.parametrize(
    ("overall", "filled", "rest"), [(0, [], ["100%"]), (55, ["55%"], ["45%"]), (100, ["100%"], [])]
)
def test_the_strip_below_the_score(
    organization: Organization, overall: int, filled: list[str], rest: list[str]
) -> None:
    html = mail_of(scored(organization, overall=overall)).html
    cells = {name: [cell for cell in html.split("<td ") if f'class="{name}' in cell] for name in ("fill ", 'rest"')}
    widths = {name: [cell.split('width="')[1].split('"')[0] for cell in found] for name, found in cells.items()}
    assert (widths["fill "], widths['rest"']) == (filled, rest)


def test_without_a_number_nothing_is_made_up(organization: Organization) -> None:
    client = scored(organization, overall=None, band="", coverage=0)
    add_activity(client, {SUNDAY: 1})
    with all_organizations():
        ClientActivity.objects.create(organization=organization, client=client, first_at=MONDAY, last_at=MONDAY)
    mail = mail_of(client)
    assert mail.subject == "Your week, November 9 to November 15"
    assert_both_say(mail, "not measured", "Nothing is estimated in its place.", "Active days")
    assert "of 100" not in words(mail.html) + mail.text


def test_the_week_is_the_seven_days_before(organization: Organization) -> None:
    client = scored(organization)
    days = {WEEK - timedelta(days=back): 10**back for back in (0, 1, 4, 7, 8)}
    add_activity(client, days)
    html, text = read(mail_of(client))
    assert "November 9 to November 15" in html
    assert "Active days 3 of 7" in html
    assert "Active days: 3 of 7" in text


def test_the_chart_shows_each_day_and_numbers_as_long_as_they_fit(organization: Organization) -> None:
    client = scored(organization)
    add_activity(client, {WEEK - timedelta(days=7): 4, SUNDAY: 9_999})
    mail = mail_of(client)
    assert "4 0 0 0 0 0 9,999 Mon Tue Wed Thu Fri Sat Sun" in words(mail.html)
    bars = mail.html.split('class="bar"')[1:]
    assert [bar.split('height="')[1].split('"')[0] for bar in bars] == ["4", "2", "2", "2", "2", "2", "64"]


def test_numbers_too_long_for_the_chart_are_left_out_of_it(organization: Organization) -> None:
    client = scored(organization)
    add_activity(client, {SUNDAY: 10_000})
    html = words(mail_of(client).html)
    assert "November 15 Mon Tue Wed" in " ".join(html.split())


def test_a_silent_week_has_a_sentence_and_no_chart(organization: Organization) -> None:
    mail = mail_of(scored(organization))
    assert_both_say(mail, "There was no activity on these days.")
    assert 'class="chart"' not in mail.html


def test_insights_are_the_first_three_of_the_page_word_for_word(organization: Organization) -> None:
    client = scored(organization)
    for kind, priority in (("tip", 1), ("weekly_summary", 1), ("milestone", 2), ("recommendation", 3)):
        add_insight(client, kind, period_end=WEEK, priority=priority, expires_at=MONDAY + timedelta(days=28))
    add_insight(client, "achievement", period_end=WEEK - timedelta(weeks=1), expires_at=MONDAY + timedelta(days=20))
    mail = mail_of(client)
    with all_organizations():
        board = insights_of(client, as_of=MONDAY)
    assert board.newest
    shown = [(each.title, each.body) for each in board.newest.insights[:3]]
    html, text = read(mail)
    assert " ".join(f"{title} {body}" for title, body in shown) in " ".join(
        html.replace("Recommendation ", "").replace("Milestone ", "").replace("Tip ", "").split()
    )
    assert " ".join(f"* {title} {body}" for title, body in shown) in text
    assert "New work from you" not in html + text


def test_dismissed_and_expired_insights_are_left_out(organization: Organization) -> None:
    client = scored(organization)
    add_insight(client, "milestone", period_end=WEEK, dismissed_at=MONDAY)
    add_insight(client, "tip", period_end=WEEK, expires_at=MONDAY)
    html, text = read(mail_of(client))
    assert ("Insights" in html, "Insights" in text) == (False, False)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("preferences", "because you chose the weekly summary of {} on your preferences page on Oct. 4, 2026."),
        ("api", "because you agreed to the weekly summary in the application of {} on Oct. 4, 2026."),
        ("staff", "because you agreed to the weekly summary; {} recorded that on Oct. 4, 2026."),
        ("import", "because you agreed to the weekly summary; {} recorded that on Oct. 4, 2026."),
    ],
)
def test_it_says_why_it_came(organization: Organization, source: str, sentence: str) -> None:
    """On the day of the recipient, who is in Berlin."""
    assert_both_say(mail_of(scored(organization), source=source), sentence.format(organization.name))


def test_the_days_of_the_recipient(organization: Organization) -> None:
    client = scored(organization, client_fields={"timezone": "America/New_York"})
    assert_both_say(mail_of(client), "on your preferences page on Oct. 3, 2026.")


def test_simulated_organizations_say_so(db: None) -> None:
    organization = OrganizationFactory.create(is_simulated=True)
    assert_both_say(mail_of(scored(organization)), "Simulated demo data", "This organization and its past are made up.")


def test_names_are_no_markup(db: None) -> None:
    organization = OrganizationFactory.create(name="<b>Acme</b>" + "x" * 150)
    mail = mail_of(scored(organization, client_fields={"name": "Ada <script>\r\nBcc: x \u202e=1+1"}))
    assert "Hello Ada &lt;script&gt; Bcc: x =1+1," in mail.html
    assert ("<script" in mail.html, "<b>" in mail.html, "\u202e" in mail.html + mail.text) == (False, False, False)
    assert "Hello Ada <script> Bcc: x =1+1," in mail.text
    assert len(mail.subject) < 120


def test_german_is_complete(organization: Organization) -> None:
    named = {"language": "de", "name": "Ada"}
    client = scored(organization, before=50, client_fields=named, coverage=40, band="")
    add_activity(client, {SUNDAY: 1_234})
    add_insight(client, "weekly_summary", period_end=WEEK, expires_at=MONDAY + timedelta(days=28))
    mail = mail_of(client)
    assert mail.subject == "Ihr Erfolgswert: 55 (+5)"
    assert_both_say(
        mail,
        "Guten Tag Ada,",
        "Steigend: +5 Punkte seit 9. November 2026",
        "40 % des Gewichts sind gemessen. Eine Einstufung braucht 50 %.",
        "9. November bis 15. November",
        "Hinweise",
        "Bitten Sie das Team von",
        "am 4. Oktober 2026 in Ihren Einstellungen ausgewählt haben.",
        "Auswählen, was Sie bekommen und wie oft",
        "Diese Mail nicht mehr bekommen",
    )
    html, text = read(mail)
    assert "Aktive Tage 1 von 7" in html
    assert "1.234" in html
    english = {"your", "the", "you", "what", "score", "week", "no", "more", "of", "and"}
    assert english & set(f"{html} {text}".lower().replace(organization.name.lower(), "").split()) == set()


def test_a_language_that_nobody_knows_is_the_installations(organization: Organization) -> None:
    assert_both_say(mail_of(scored(organization, client_fields={"language": "tlh"})), "Your success score")
