"""One text that would do harm as script, formula, header, template or log line, in every text field of every tenant's
table; then every page, mail, file, answer and log line is searched for one that does. Imported with Django set up.
"""

import csv
import io
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from html.parser import HTMLParser
from typing import Any

from django.contrib import admin
from django.core import mail
from django.db import DatabaseError, models, transaction
from django.test import Client as Browser

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Membership, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from config.logging import logging_settings
from emails.categories import Category
from emails.consent import record_consent
from emails.delivery import deliver_all
from emails.models import Consent, OutboxEmail
from emails.models.preferences import Source
from jobs.definitions import Spread, WorkUnit, all_jobs
from tests.factories import MembershipFactory, OrganizationFactory, UserFactory
from tests.gates.rows import make_rows, tenant_models

FORGED = "2026-01-01 00:00:00 [error] canary"
CANARY = (
    '=1+1<canary onx="1">"\'><script>canary()</script>{% firstof "canary-" %}{% firstof "alive" %}{{ 1|add:1 }}%(a)s{0}'
    f"\r\nX-Canary: 1\r\n{FORGED}"
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Words of the program's own, which nobody types.
OWN_WORDS = {
    *("timezone", "language", "slug", "kind", "key", "channel", "source", "job", "period", "base_type", "matter"),
    *("to_address", "address", "email", "status", "category", "frequency", "trigger", "call", "plan", "prefix"),
}
PAGES = (
    "/client/dashboard/success",
    "/client/dashboard/success/events?part=events",
    "/client/preferences",
    "/client/feedback",
)
API = ("clients", "tasks", "feedback", "churn", "insights", "alerts", "milestones", "milestone-definitions", "scores")


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
        if self.is_script and "<script>canary()" in data.replace("\\u003C", "<"):
            return
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


def work() -> bool:
    """Print the figures; True when none is live."""
    logs = captured_logs()
    organization = OrganizationFactory.create(slug="acme")
    planted = plant(organization)
    looked: Counter[str] = Counter()
    live: list[str] = []
    for place, name, text, found in surfaces(organization):
        looked[place] += 1
        looked[f"{place} with one"] += "canary" in text
        live += [f"{what} in {place} {name}" for what in found]
    for kind, stream in logs.items():
        lines = stream.getvalue().splitlines()
        looked[f"lines of {kind} log"] += len(lines)
        live += [f"log line in {kind}: {line[:80]}" for line in lines if line.startswith(FORGED)]
    counts = ", ".join(f"{place}: {count:,}" for place, count in sorted(looked.items()))
    print(f"bad_input: canaries in {planted} text fields; looked in {counts}: {len(live)} live")
    for line in live[:20]:
        print(f"bad_input: LIVE {line}")
    return not live and looked["admin with one"] > 0 and looked["mail with one"] > 0


def captured_logs() -> dict[str, io.StringIO]:
    """All that is logged from now on, as in production and as plain lines."""
    streams = {"JSON": io.StringIO(), "plain": io.StringIO()}
    for name, stream in streams.items():
        formatter = logging_settings(json=name == "JSON", level="INFO")["formatters"]["lines"]
        options = {key: value for key, value in formatter.items() if key != "()"}
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter["()"](**options))
        logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("django").setLevel(logging.INFO)
    return streams


def plant(organization: Organization) -> int:
    """In every field that takes it; how many."""
    make_rows(organization)
    planted = 0
    for model in tenant_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField) and not field.choices:
                planted += field.name not in OWN_WORDS and is_planted(model, field, organization)
    return planted


def is_planted(model: Any, field: Any, organization: Organization) -> bool:
    value = CANARY[: field.max_length or None]
    own = {"pk": organization.pk} if model is Organization else {"organization": organization}
    try:
        with all_organizations(), transaction.atomic():
            rows = model._default_manager.filter(**own)
            newest = rows.order_by("-pk").values("pk")[:1]
            rows.filter(pk__in=newest).update(**{field.name: value})
    except DatabaseError:
        return False
    return True


def surfaces(organization: Organization) -> Iterator[tuple[str, str, str, list[str]]]:
    """Kind of place, name, text, and what is live in it."""
    client = a_client(organization)
    owner = MembershipFactory.create(
        organization=organization, role=Membership.Role.OWNER, user__email="owner@example.com"
    ).user
    yield from of_admin(owner, organization)
    yield from of_admin(UserFactory.create(is_staff=True, is_superuser=True), organization)
    if client.user:
        yield from of_pages("page", signed_in(client.user), PAGES)
    yield from of_api(organization, client)
    yield from of_exports(owner)
    yield from of_mails(organization)


def a_client(organization: Organization) -> Client:
    """One who sees it all: everything of the organization is this client's."""
    now = datetime.now(UTC)
    with all_organizations():
        client: Client = Client.objects.filter(organization=organization).latest("pk")
        client.name, client.email, client.user = CANARY[:255], "canary@example.com", UserFactory.create()
        client.external_id = CANARY[:255]
        client.save()
        for model in tenant_models():
            if model not in {Client, Consent} and any(field.name == "client" for field in model._meta.fields):
                for row in model._default_manager.filter(organization=organization).values_list("pk", flat=True):
                    is_moved(model, row, client)
        record_consent(client, category=Category.WEEKLY, is_given=True, source=Source.STAFF, at=now - timedelta(days=1))
        Membership.objects.filter(organization=organization).update(role=Membership.Role.OWNER)
        User.objects.filter(memberships__organization=organization).update(email="member@example.com")
    return client


def is_moved(model: Any, row: Any, client: Client) -> bool:
    try:
        with transaction.atomic():
            model._default_manager.filter(pk=row).update(client=client)
    except DatabaseError:
        return False
    return True


def signed_in(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


def of_pages(place: str, browser: Browser, addresses: Any) -> Iterator[tuple[str, str, str, list[str]]]:
    for address in addresses:
        response = browser.get(address)
        text = response.getvalue().decode(errors="replace")
        found = alive_in_html(text) if "html" in response.headers.get("Content-Type", "") else alive_in_text(text)
        yield place, address, text, found + (["header"] if "X-Canary" in response.headers else [])


def of_admin(user: User, organization: Organization) -> Iterator[tuple[str, str, str, list[str]]]:
    addresses = ["/admin/"]
    for model in admin.site._registry:
        if model in tenant_models():
            base = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
            own = {"pk": organization.pk} if model is Organization else {"organization": organization}
            with all_organizations():
                rows = list(model._default_manager.filter(**own).order_by("-pk").values_list("pk", flat=True)[:2])
            addresses += [f"{base}/", f"{base}/add/", f"{base}/?q=%3Ccanary%20onx%3D1%3E"]
            addresses += [f"{base}/{row}/{page}/" for row in rows for page in ("change", "history", "delete")]
    yield from of_pages("admin", signed_in(user), addresses)


def of_api(organization: Organization, client: Client) -> Iterator[tuple[str, str, str, list[str]]]:
    with organization_scope(organization.pk):
        secret = create_api_key(organization, kind=ApiKey.Kind.SECRET, name="proof").secret
    browser = Browser(headers={"Authorization": f"Bearer {secret}"})
    yield from of_pages("API", browser, [f"/api/v1/{name}" for name in API])
    # Said back in refusals.
    for address in ("clients?limit={}", "clients/{}", "tasks?status={}", "alerts?status={}", "scores?periodEnd={}"):
        yield from of_pages("problem", browser, [f"/api/v1/{address.format('%0D%0AX-Canary:1<canary onx=1>')}"])
    for method in ("post", "patch"):
        body = {"clientId": CANARY, "externalId": CANARY, "title": CANARY * 9, "status": CANARY}
        response = getattr(browser, method)("/api/v1/tasks", body, content_type="application/json")
        text = response.getvalue().decode()
        is_json = "json" in response.headers["Content-Type"]
        yield "problem", f"{method} tasks", text, alive_in_text(text) if is_json else alive_in_html(text)


def of_exports(owner: User) -> Iterator[tuple[str, str, str, list[str]]]:
    browser = signed_in(owner)
    response = browser.post("/admin/success/task/export/", {"format": "0", "resource": "0"})
    if "csv" not in response.headers.get("Content-Type", ""):
        fields = {f"taskresource_{name}": "on" for name in ("client", "title", "status", "due_on", "external_id")}
        response = browser.post("/admin/success/task/export/", {"format": "0", "resource": "0", **fields})
    text = response.getvalue().decode()
    yield "CSV" if "csv" in response.headers.get("Content-Type", "") else "form", "tasks", text, alive_in_csv(text)


def of_mails(organization: Organization) -> Iterator[tuple[str, str, str, list[str]]]:
    """Of the weekly chain, the checks and the digests; as queued, and as handed over."""
    now = datetime.now(UTC)
    for job in all_jobs():
        if job.spread is not Spread.INSTALLATION:
            unit = WorkUnit(
                organization=organization.pk,
                period=job.every.period_of(now),
                first_client=None,
                last_client=None,
                as_of=now,
                begun_at=now,
                parameters={},
            )
            with organization_scope(organization.pk):
                job.work(unit)
    with all_organizations():
        OutboxEmail.objects.filter(status=OutboxEmail.Status.PENDING).update(next_attempt_at=now)
        queued = list(OutboxEmail.objects.exclude(kind="gate").values_list("kind", "subject", "text", "html"))
    for kind, subject, text, html in queued:
        found = ["header"] if "\n" in subject or "\r" in subject else []
        yield "mail", kind, subject + text + html, [*found, *alive_in_text(subject + text), *alive_in_html(html)]
    deliver_all(seconds=20)
    for message in getattr(mail, "outbox", []):
        content = message.message().as_bytes()
        found = ["header"] if "X-Canary" in message_from_bytes(content) else []
        yield "mail handed over", message.subject, content.decode(errors="replace"), found
