"""What mail providers tell, posted as they post it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import OperationalError, connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category
from emails.consent import record_consent
from emails.models import Consent, Contact, MailActivity, MailPreference, OutboxEmail, Suppression
from emails.models.preferences import Source
from tests.emails import providers
from tests.emails.providers import BASIC, brevo, mailgun, post, post_mailgun, post_sendgrid, postmark, resend, sendgrid

SENT = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
AT = datetime(2026, 11, 16, 9, 20, tzinfo=UTC)
NOW = datetime(2026, 11, 16, 9, 21, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

pytestmark = pytest.mark.filterwarnings("ignore:django-anymail has dropped official support for SendGrid")


@pytest.fixture(autouse=True)
def _configured(settings: Settings) -> None:
    settings.ANYMAIL = {"SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": providers.sendgrid_public_key()}
    settings.ANYMAIL_WEBHOOK_SECRET = []


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def with_secret(settings: Settings) -> None:
    settings.ANYMAIL_WEBHOOK_SECRET = ["old:secret", providers.SECRET]


@pytest.fixture
def with_mailgun(settings: Settings) -> None:
    settings.ANYMAIL = {"MAILGUN_WEBHOOK_SIGNING_KEY": providers.MAILGUN_KEY}


def mail_of(organization: Organization | None, **fields: Any) -> OutboxEmail:
    values: dict[str, Any] = {
        "kind": "weekly-success", "key": str(uuid4()), "to_address": "ada@example.com", "category": "weekly",
        "uid": uuid4(), "status": "sent", "sent_at": SENT, "queued_at": SENT, "next_attempt_at": SENT,
    }  # fmt: skip
    with all_organizations():
        return OutboxEmail.objects.create(organization=organization, **values | fields)


@pytest.fixture
def mail(client_of_acme: Client, outsider: Organization) -> OutboxEmail:
    """To a client who agreed to everything; the outsider sent to the same address."""
    mail_of(outsider)
    with organization_scope(client_of_acme.organization_id):
        for category in Category:
            record_consent(client_of_acme, category=category, is_given=True, source=Source.STAFF, at=SENT)
    return mail_of(client_of_acme.organization, client=client_of_acme)


def named(mail: OutboxEmail) -> dict[str, str]:
    return {"organization": str(mail.organization_id), "uid": mail.uid.hex}


def kept() -> list[tuple[Any, ...]]:
    with all_organizations():
        columns = ("organization_id", "email_id", "kind", "source", "at", "is_automatic", "link", "detail")
        return list(MailActivity.objects.order_by("id").values_list(*columns))


def stopped() -> list[tuple[Any, ...]]:
    with all_organizations():
        columns = ("organization_id", "address", "reason", "at", "lifted_at")
        return list(Suppression.objects.order_by("id").values_list(*columns))


def agreed(client: Client) -> set[str]:
    with all_organizations():
        return set(MailPreference.objects.filter(client=client, is_agreed=True).values_list("category", flat=True))


def test_mailgun_tells_of_delivery(mail: OutboxEmail, with_mailgun: None) -> None:
    status = {"code": 250, "message": "OK", "description": "", "attempt-no": 1}
    event = mailgun("delivered", named(mail), timestamp=AT.timestamp(), **{"delivery-status": status})
    assert [post_mailgun(event).status_code, post_mailgun(event).status_code] == [200, 200]
    assert kept() == [(mail.organization_id, mail.pk, "delivered", "provider", AT, False, "", "OK")]
    assert stopped() == []


def test_mailgun_tells_of_failures_that_pass_and_that_do_not(mail: OutboxEmail, with_mailgun: None) -> None:
    full = {"code": 452, "message": "4.2.2 over quota", "description": ""}
    temporary = mailgun(
        "failed", named(mail), timestamp=AT.timestamp(), severity="temporary", reason="generic",
        **{"delivery-status": full},
    )  # fmt: skip
    assert post_mailgun(temporary, token="a" * 50).status_code == 200
    assert stopped() == []
    gone = {"code": 550, "message": "5.1.1 No such mailbox", "description": ""}
    permanent = mailgun(
        "failed", named(mail), timestamp=AT.timestamp(), severity="permanent", reason="bounce",
        **{"delivery-status": gone},
    )  # fmt: skip
    assert post_mailgun(permanent, token="b" * 50).status_code == 200
    assert stopped() == [(mail.organization_id, "ada@example.com", "bounced", AT, None)]
    assert [(kind, detail) for _, _, kind, *_, detail in kept()] == [
        ("deferred", "4.2.2 over quota"),
        ("bounced", "5.1.1 No such mailbox"),
    ]


def test_postmark_tells_of_a_bounce(mail: OutboxEmail, with_secret: None) -> None:
    bounce = postmark(
        "Bounce", named(mail), ID=901542550, Type="HardBounce", TypeCode=1, Name="Hard bounce",
        Description="The server was unable to deliver your message.", Details="smtp;550 5.1.1 user unknown",
        Email="ada@example.com", BouncedAt="2026-11-16T09:20:00Z", Inactive=True, CanActivate=True,
    )  # fmt: skip
    assert post("postmark", bounce).status_code == 200
    said = "The server was unable to deliver your message. – smtp;550 5.1.1 user unknown"
    assert kept() == [(mail.organization_id, mail.pk, "bounced", "provider", AT, False, "", said)]
    assert stopped() == [(mail.organization_id, "ada@example.com", "bounced", AT, None)]


def test_postmark_tells_of_opens_and_clicks(mail: OutboxEmail, with_secret: None) -> None:
    client = {"Name": "Firefox", "Company": "Mozilla", "Family": "Firefox"}
    opened = postmark(
        "Open", named(mail), FirstOpen=True, Client=client, UserAgent=FIREFOX, ReceivedAt="2026-11-16T09:20:00Z",
        Recipient="ada@example.com", Geo={"IP": "192.0.2.1"},
    )  # fmt: skip
    clicked = postmark(
        "Click", named(mail), ClickLocation="HTML", Client=client, UserAgent="Barracuda Sentinel (EE)",
        OriginalLink="https://success.example/client/dashboard/success?x=1", ReceivedAt="2026-11-16T09:20:00Z",
        Recipient="ada@example.com",
    )  # fmt: skip
    for event in (opened, clicked, opened, clicked):
        assert post("postmark", event).status_code == 200
    page = "https://success.example/client/dashboard/success"
    assert kept() == [
        (mail.organization_id, mail.pk, "opened", "provider", AT, False, "", ""),
        (mail.organization_id, mail.pk, "clicked", "provider", AT, True, page, "Security scanner"),
    ]


def test_brevo_tells_of_an_unsubscription_and_only_its_category_ends(
    mail: OutboxEmail, client_of_acme: Client, with_secret: None
) -> None:
    event = brevo("unsubscribe", named(mail), milliseconds=int(AT.timestamp() * 1000))
    assert [post("brevo", event).status_code for _ in range(2)] == [200, 200]
    assert [kind for _, _, kind, *_ in kept()] == ["unsubscribed"]
    assert agreed(client_of_acme) == {"reminders", "feedback"}
    with all_organizations():
        words = Consent.objects.filter(is_given=False).values_list("client_id", "category", "source", "at")
        assert list(words) == [(client_of_acme.pk, "weekly", "provider", AT)]
    assert stopped() == []


def test_an_unsubscription_from_a_mail_of_no_category_ends_them_all(
    client_of_acme: Client, mail: OutboxEmail, with_secret: None
) -> None:
    invitation = mail_of(client_of_acme.organization, client=client_of_acme, category="")
    post("brevo", brevo("unsubscribe", named(invitation), milliseconds=int(AT.timestamp() * 1000)))
    assert agreed(client_of_acme) == set()


def test_brevo_tells_of_opens_by_apples_proxy(mail: OutboxEmail, with_secret: None) -> None:
    post("brevo", brevo("unique_proxy_open", named(mail), milliseconds=int(AT.timestamp() * 1000)))
    assert kept() == [(mail.organization_id, mail.pk, "opened", "provider", AT, True, "", "Mail proxy")]


def test_resend_tells_of_a_complaint_and_nothing_more_is_sent(
    mail: OutboxEmail, client_of_acme: Client, with_secret: None
) -> None:
    event = resend("email.complained", named(mail), created_at="2026-11-16T09:20:00.000Z")
    assert post("resend", event, headers={**BASIC, "svix-id": "msg_1"}).status_code == 200
    assert kept() == [(mail.organization_id, mail.pk, "complained", "provider", AT, False, "", "")]
    assert stopped() == [(mail.organization_id, "ada@example.com", "complained", AT, None)]
    assert agreed(client_of_acme) == set()


def test_sendgrid_tells_of_many_events_at_once(mail: OutboxEmail, client_of_acme: Client) -> None:
    seconds = int(AT.timestamp())
    events = [
        sendgrid("processed", named(mail), timestamp=seconds, sg_event_id="1"),
        sendgrid("deferred", named(mail), timestamp=seconds, sg_event_id="2", response="400 try again", attempt="1"),
        sendgrid("delivered", named(mail), timestamp=seconds, sg_event_id="3", response="250 OK"),
        sendgrid("open", named(mail), timestamp=seconds, sg_event_id="4", useragent=FIREFOX, sg_machine_open=True),
        sendgrid("bounce", named(mail), timestamp=seconds, sg_event_id="5", type="blocked", status="5.7.1", reason="x"),
        sendgrid("dropped", named(mail), timestamp=seconds, sg_event_id="6", reason="Bounced Address"),
    ]
    assert post_sendgrid(events).status_code == 200
    # What stops the sending is kept by itself, before the rest.
    assert [(kind, automatic) for _, _, kind, _, _, automatic, *_ in kept()] == [
        ("rejected", False), ("deferred", False), ("delivered", False), ("opened", True), ("bounced", False),
    ]  # fmt: skip
    assert stopped() == [(mail.organization_id, "ada@example.com", "bounced", AT, None)]
    assert agreed(client_of_acme) == set(Category.values)


def test_a_provider_that_will_not_send_because_of_complaints_says_so(
    mail: OutboxEmail, client_of_acme: Client, with_secret: None
) -> None:
    change = postmark(
        "SubscriptionChange", named(mail), ChangedAt="2026-11-16T09:20:00Z", Origin="Recipient", SuppressSending=True,
        SuppressionReason="SpamComplaint", Recipient="ada@example.com",
    )  # fmt: skip
    assert post("postmark", change).status_code == 200
    assert stopped() == [(mail.organization_id, "ada@example.com", "complained", AT, None)]
    assert agreed(client_of_acme) == set()


def test_a_bounce_told_again_does_not_stop_what_staff_have_let_go_on(mail: OutboxEmail, with_secret: None) -> None:
    bounce = postmark("Bounce", named(mail), ID=1, Type="HardBounce", BouncedAt="2026-11-16T09:20:00Z")
    post("postmark", bounce)
    with all_organizations():
        Suppression.objects.update(lifted_at=NOW)
    assert post("postmark", bounce).status_code == 200
    assert stopped() == [(mail.organization_id, "ada@example.com", "bounced", AT, NOW)]


def test_what_was_handed_over_stays_sent_whatever_became_of_it(
    mail: OutboxEmail, client_of_acme: Client, with_secret: None
) -> None:
    with all_organizations():
        contact = Contact.objects.create(
            organization=client_of_acme.organization, client=client_of_acme, channel="email", kind="weekly-success",
            key="k", category="weekly", priority=1, is_budgeted=True, decided_at=SENT, due_at=SENT, status="sent",
            settled_at=SENT,
        )  # fmt: skip
        OutboxEmail.objects.filter(pk=mail.pk).update(contact=contact)
    post("postmark", postmark("Bounce", named(mail), ID=1, Type="HardBounce", BouncedAt="2026-11-16T09:20:00Z"))
    with all_organizations():
        assert Contact.objects.get().status == "sent"
        assert OutboxEmail.objects.get(pk=mail.pk).status == "sent"


@pytest.mark.parametrize(
    ("event", "status"),
    [("Delivery", "sent"), ("Open", "sent"), ("HardBounce", "sent"), ("BadEmailAddress", "uncertain")],
)
def test_a_mail_in_doubt_of_which_the_provider_tells_was_sent(
    organization: Organization, with_secret: None, event: str, status: str
) -> None:
    mail = mail_of(organization, status="uncertain", sent_at=None, doubtful_since=SENT, error="lost")
    told = {"RecordType": event} if event in {"Delivery", "Open"} else {"RecordType": "Bounce", "Type": event, "ID": 1}
    assert post("postmark", postmark("", named(mail)) | told).status_code == 200
    with all_organizations():
        after = OutboxEmail.objects.get(pk=mail.pk)
        assert (after.status, after.sent_at) == (status, NOW if status == "sent" else None)


def test_a_mail_is_found_by_the_providers_own_id(mail: OutboxEmail, with_secret: None) -> None:
    with all_organizations():
        OutboxEmail.objects.filter(pk=mail.pk).update(provider_id="883953f4-6105-42a2-a16a-77a8eac79483")
    post("postmark", postmark("Delivery", {}, DeliveredAt="2026-11-16T09:20:00Z", Details="OK"))
    assert [(of, kind) for _, of, kind, *_ in kept()] == [(mail.pk, "delivered")]


def test_a_mail_is_found_by_our_message_id(mail: OutboxEmail, with_mailgun: None) -> None:
    headers = {"headers": {"to": "ada@example.com", "message-id": f"{mail.uid.hex}@success.example"}}
    post_mailgun(mailgun("delivered", {}, timestamp=AT.timestamp(), message=headers))
    assert [(of, kind) for _, of, kind, *_ in kept()] == [(mail.pk, "delivered")]


def test_an_id_that_two_mails_have_says_nothing_of_either(
    mail: OutboxEmail, outsider: Organization, with_secret: None
) -> None:
    with all_organizations():
        OutboxEmail.objects.update(provider_id="883953f4-6105-42a2-a16a-77a8eac79483")
    assert post("postmark", postmark("Delivery", {}, DeliveredAt="2026-11-16T09:20:00Z")).status_code == 200
    assert kept() == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"organization": "{other}", "uid": "{uid}"},
        {"organization": "{own}", "uid": "00000000000000000000000000000000"},
        {"organization": "", "uid": "{uid}"},
        {"organization": "-1", "uid": "{uid}"},
        {"organization": "9" * 40, "uid": "{uid}"},
        {"organization": "٣", "uid": "{uid}"},
        {"organization": "{own}", "uid": "no-uuid\x00"},
        {"organization": ["{own}"], "uid": {"a": 1}},
        [],
        None,
    ],
)
def test_events_of_mails_that_are_not_here_are_taken_and_passed_over(
    mail: OutboxEmail, outsider: Organization, with_secret: None, metadata: Any
) -> None:
    facts = {"{own}": str(mail.organization_id), "{other}": str(outsider.pk), "{uid}": mail.uid.hex}
    if isinstance(metadata, dict):
        metadata = {
            key: facts.get(value, value) if isinstance(value, str) else value for key, value in metadata.items()
        }
    bounce = postmark("Bounce", {}, ID=1, Type="HardBounce", BouncedAt="2026-11-16T09:20:00Z") | {"Metadata": metadata}
    assert post("postmark", bounce).status_code == 200
    assert (kept(), stopped()) == ([], [])


def test_a_mail_to_operators_has_no_activity(db: None, with_secret: None) -> None:
    mail = mail_of(None, provider_id="883953f4-6105-42a2-a16a-77a8eac79483")
    assert post("postmark", postmark("Delivery", {"organization": "", "uid": mail.uid.hex})).status_code == 200
    assert post("postmark", postmark("Delivery", {})).status_code == 200
    assert kept() == []


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("0001-01-01T00:00:00Z", SENT),
        ("9999-12-31T23:59:59Z", NOW),
        ("2026-11-16T09:20:00", AT),
        ("2026-11-16T10:20:00+01:00", AT),
        ("0001-01-01T00:00:00+14:00", NOW),
        (None, NOW),
    ],
)
def test_events_happen_between_the_queueing_of_their_mail_and_now(
    mail: OutboxEmail, with_secret: None, told: str | None, at: datetime
) -> None:
    fields = {} if told is None else {"DeliveredAt": told}
    assert post("postmark", postmark("Delivery", named(mail), **fields)).status_code == 200
    assert [when for *_, when, _automatic, _link, _detail in kept()] == [at]


def test_what_a_provider_says_is_kept_as_far_as_it_can_be(mail: OutboxEmail, with_secret: None) -> None:
    said = "a\x00b\ud800 😀 " + "x" * 5000
    bounce = postmark("Bounce", named(mail), ID="\x00" + "9" * 500, Type="HardBounce", Details=said, Description=None)
    assert post("postmark", bounce).status_code == 200
    assert [detail for *_, detail in kept()] == [("ab 😀 " + "x" * 5000)[:500]]


def test_a_click_within_seconds_of_sending_is_a_machines(mail: OutboxEmail, with_secret: None) -> None:
    event = postmark("Click", named(mail), UserAgent=FIREFOX, OriginalLink="https://a.example/")
    post("postmark", event | {"ReceivedAt": "2026-11-16T08:00:03Z"})
    post("postmark", event | {"ReceivedAt": "2026-11-16T08:00:30Z"})
    assert [automatic for *_, automatic, _link, _detail in kept()] == [True, False]


def test_forged_signatures_are_refused(mail: OutboxEmail, settings: Settings) -> None:
    settings.ANYMAIL |= {"MAILGUN_WEBHOOK_SIGNING_KEY": providers.MAILGUN_KEY}
    event = mailgun("complained", named(mail), timestamp=AT.timestamp())
    bounce = sendgrid("bounce", named(mail), timestamp=1, type="bounce")
    answers = [
        post_mailgun(event, key="another-key"),
        post_mailgun(event, token="ü"),
        post("mailgun", {"signature": [], "event-data": event}, headers={}),
        post("mailgun", {"event-data": event}, headers={}),
        post("mailgun", [], headers={}),
        post("mailgun", b"\xff\xfe", headers={}),
        post("mailgun", "", headers={}),
        post_sendgrid([bounce], key=ec.generate_private_key(ec.SECP256R1())),
        post("sendgrid", [bounce], headers={}),
        post(
            "sendgrid",
            [bounce],
            headers={"X-Twilio-Email-Event-Webhook-Signature": "=", "X-Twilio-Email-Event-Webhook-Timestamp": "ü"},
        ),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "not_signed")] * len(answers)
    assert (kept(), stopped()) == ([], [])


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Basic aG9va3M6d3Jvbmc=", 403),
        ("Basic =", 403),
        ("Basic", 403),
        ("Basic \x00 !!", 403),
        ("Bearer hooks:correct-horse", 403),
        (None, 401),
    ],
)
def test_who_does_not_know_the_secret_is_refused(
    mail: OutboxEmail, with_secret: None, authorization: str | None, status: int
) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    bounce = postmark("Bounce", named(mail), ID=1, Type="HardBounce")
    assert post("postmark", bounce, headers=headers).status_code == status
    assert (kept(), stopped()) == ([], [])


@pytest.mark.parametrize("secret", [[], [""], "", None])
@pytest.mark.parametrize("provider", ["postmark", "brevo", "resend", "mailgun", "sparkpost", "mailjet", "amazon_ses"])
def test_without_a_secret_they_are_closed(db: None, settings: Settings, provider: str, secret: Any) -> None:
    settings.ANYMAIL = {}
    settings.ANYMAIL_WEBHOOK_SECRET = secret
    for authorization in ("Basic Og==", "Basic =", "Basic bm9uZQ==", "Basic Tm9uZQ=="):
        answer = post(provider, {}, headers={"Authorization": authorization})
        assert (answer.status_code, answer.json()["code"]) == (403, "webhooks_closed")


def test_a_mandrill_without_its_key_is_closed(db: None, settings: Settings) -> None:
    settings.ANYMAIL = {}
    answer = Browser().post(
        "/anymail/mandrill/tracking/", {"mandrill_events": "[]"}, headers={"X-Mandrill-Signature": "x"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["postmark/inbound/", "mailgun/inbound_mime/", "mandrill/", "x/tracking/"])
def test_only_the_events_of_known_providers_are_taken(db: None, with_secret: None, path: str) -> None:
    assert Browser().post(f"/anymail/{path}", "{}", content_type="application/json", headers=BASIC).status_code == 404


def test_nothing_is_told_by_reading(db: None, with_secret: None) -> None:
    ask = Browser().generic
    statuses = [ask(method, "/anymail/postmark/tracking/").status_code for method in ("GET", "PUT", "DELETE", "HEAD")]
    assert statuses == [405, 405, 405, 200]


@pytest.mark.parametrize(
    "body", ["", "[", "[]", "null", "7", '"x"', b"\xff\xfe\x00", "[" * 100_000, {"Type": "x", "FromFull": {}}]
)
def test_what_cannot_be_read_is_refused_or_passed_over(mail: OutboxEmail, with_secret: None, body: Any) -> None:
    assert post("postmark", body).status_code in {200, 400}
    assert kept() == []


def test_a_broken_event_of_a_batch_costs_no_other(mail: OutboxEmail) -> None:
    good = sendgrid("delivered", named(mail), timestamp=int(AT.timestamp()), sg_event_id="1")
    broken: list[Any] = [
        None, 7, "x", [], {}, {"event": []}, {"event": None},
        good | {"timestamp": "not a time"}, good | {"timestamp": 10**30}, good | {"timestamp": [], "sg_event_id": "2"},
    ]  # fmt: skip
    assert post_sendgrid([*broken, good, *broken]).status_code == 200
    assert [kind for _, _, kind, *_ in kept()] == ["delivered"]


def test_an_event_that_cannot_be_kept_is_asked_for_again_and_costs_no_other(
    mail: OutboxEmail, client_of_acme: Client
) -> None:
    """As if the consent of one client could not be written just now."""
    gone = mail_of(client_of_acme.organization, client=client_of_acme, to_address="bob@example.com")
    seconds = int(AT.timestamp())
    events = [
        sendgrid("spamreport", named(gone), timestamp=seconds, sg_event_id="1"),
        sendgrid("bounce", named(mail), timestamp=seconds, sg_event_id="2", type="bounce", status="5.1.1"),
        sendgrid("open", named(mail), timestamp=seconds, sg_event_id="3", useragent=FIREFOX),
    ]

    def consent_fails(execute: Any, sql: str, *arguments: Any) -> Any:
        if "emails_consent" in sql:
            raise ValueError("no consent today")
        return execute(sql, *arguments)

    with connection.execute_wrapper(consent_fails):
        answer = post_sendgrid(events)
    assert (answer.status_code, answer.json()["failed"]) == (500, 1)
    assert [(of, kind) for _, of, kind, *_ in kept()] == [(mail.pk, "bounced"), (mail.pk, "opened")]
    assert [address for _, address, *_ in stopped()] == ["ada@example.com"]
    assert post_sendgrid(events).status_code == 200
    assert [(of, kind) for _, of, kind, *_ in kept()] == [
        (mail.pk, "bounced"), (mail.pk, "opened"), (gone.pk, "complained"),
    ]  # fmt: skip
    assert [address for _, address, *_ in stopped()] == ["ada@example.com", "bob@example.com"]


def test_without_the_database_it_is_to_be_told_again(mail: OutboxEmail, with_secret: None) -> None:
    def unreachable(execute: Any, sql: str, *arguments: Any) -> Any:
        if "SAVEPOINT" in sql:
            return execute(sql, *arguments)
        raise OperationalError

    with connection.execute_wrapper(unreachable):
        answer = post("postmark", postmark("Delivery", named(mail)))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_the_number_of_queries_does_not_grow_with_the_events(organization: Organization) -> None:
    seconds, counts = int(AT.timestamp()), []
    for size in (1, 30):
        events = [
            sendgrid("open", named(mail_of(organization)), timestamp=seconds, sg_event_id=f"{size}.{number}")
            for number in range(size)
        ]
        with CaptureQueriesContext(connection) as queries:
            assert post_sendgrid(events).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(kept()) == 31


def test_opens_of_one_mail_are_kept_so_often_and_no_more(mail: OutboxEmail) -> None:
    for batch in range(3):
        events = [
            sendgrid("open", named(mail), timestamp=int(AT.timestamp()), sg_event_id=f"{batch}.{number}")
            for number in range(60)
        ]
        assert post_sendgrid(events).status_code == 200
    assert len(kept()) == 120
    bounce = sendgrid("bounce", named(mail), timestamp=int(AT.timestamp()), sg_event_id="b", type="bounce")
    post_sendgrid([bounce])
    assert len(kept()) == 121


def test_provider_and_organization_are_all_that_is_logged(
    mail: OutboxEmail, with_secret: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    post(
        "postmark", postmark("Bounce", {}, ID=77, Type="HardBounce", Email="ada@example.com", Details="ada@example.com")
    )
    assert "mail_event_of_unknown_mail" in caplog.text
    assert "ada@" not in caplog.text
