"""Every place where the canary may come out: pages, the admin, answers of the API, files and mails."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from django.contrib import admin
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client as Browser

from accounts.api_keys import create_api_key
from accounts.models import ApiKey, Client, Membership, Organization, User
from accounts.tenancy import all_organizations, organization_scope
from emails.delivery import deliver_all
from emails.models import OutboxEmail
from proofs.bad_input.canary import CANARY, alive_in_csv, alive_in_html, alive_in_text
from tests.factories import MembershipFactory, UserFactory
from tests.gates.rows import tenant_models

PAGES = (
    "/client/dashboard/success",
    "/client/dashboard/success/events?part=events",
    "/client/preferences",
    "/client/feedback",
)
API = ("clients", "tasks", "feedback", "churn", "insights", "alerts", "milestones", "milestone-definitions", "scores")
IMPORTS = {
    "success/task": ("client", "title", "status"),
    "success/churn": ("client", "churned_on", "reason"),
    "emails/consent": ("client", "category", "agreed"),
}
PAGES_OF_A_CLIENT = ("overview", "weekly-mail", "consent", "record-consent", "mark-as-churned")


class Shown(NamedTuple):
    place: str
    name: str
    text: str
    found: list[str]


def surfaces(organization: Organization, client: Client, *, is_long: bool) -> Iterator[Shown]:
    """Without `is_long` the admin as its owner only: an operator has the same pages for all organizations."""
    owner = MembershipFactory.create(organization=organization, role=Membership.Role.OWNER).user
    operator = UserFactory.create(is_staff=True, is_superuser=True)
    for user in (owner, operator) if is_long else (owner,):
        yield from of_admin(user, organization)
        yield from of_files(user, organization)
    if client.user:
        yield from of_pages("page", signed_in(client.user), PAGES)
    yield from of_api(organization, client)
    yield from of_import_report(organization)
    yield from of_mails()


def signed_in(user: User) -> Browser:
    browser = Browser()
    browser.force_login(user)
    return browser


def of_pages(place: str, browser: Browser, addresses: Iterable[str]) -> Iterator[Shown]:
    for address in addresses:
        response = browser.get(address)
        text = response.getvalue().decode(errors="replace")
        is_html = "html" in response.headers.get("Content-Type", "")
        found = alive_in_html(text) if is_html else alive_in_text(text)
        yield Shown(place, address, text, found + (["header"] if "X-Canary" in response.headers else []))


def of_admin(user: User, organization: Organization) -> Iterator[Shown]:
    addresses = ["/admin/", "/admin/success/churn/backtest/", "/admin/health/alert/precision/"]
    for model in admin.site._registry:
        if model in tenant_models():
            base = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
            own = {"pk": organization.pk} if model is Organization else {"organization": organization}
            with all_organizations():
                rows = list(model._default_manager.filter(**own).order_by("-pk").values_list("pk", flat=True)[:2])
            pages = ["change", "history", "delete", *(PAGES_OF_A_CLIENT if model is Client else ())]
            addresses += [f"{base}/", f"{base}/add/", f"{base}/?q=%3Ccanary%20onx%3D1%3E"]
            addresses += [f"{base}/{row}/{page}/" for row in rows for page in pages]
    yield from of_pages("admin", signed_in(user), addresses)


def of_files(user: User, organization: Organization) -> Iterator[Shown]:
    """What may be downloaded, and what a preview says of a harmful file."""
    browser = signed_in(user)
    fields = {f"taskresource_{name}": "on" for name in ("client", "title", "status", "due_on", "external_id")}
    response = browser.post("/admin/success/task/export/", {"format": "0", "resource": "0", **fields})
    yield Shown("CSV", "tasks", response.getvalue().decode(), alive_in_csv(response.getvalue().decode()))
    for name, header in IMPORTS.items():
        sheet = SimpleUploadedFile("rows.csv", harmful_sheet(header), "text/csv")
        values = {"format": "0", "import_file": sheet, "organization": str(organization.pk)}
        text = browser.post(f"/admin/{name}/import/", values).getvalue().decode()
        yield Shown("preview", name, text, alive_in_html(text))


def harmful_sheet(header: Sequence[str]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows([header, [CANARY] * len(header)])
    return text.getvalue().encode()


def of_api(organization: Organization, client: Client) -> Iterator[Shown]:
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
        yield Shown("problem", f"{method} tasks", text, alive_in_text(text) if is_json else alive_in_html(text))


def of_import_report(organization: Organization) -> Iterator[Shown]:
    """The rows of a file that could not be taken, as a file for a spreadsheet."""
    with TemporaryDirectory() as folder:
        source, report = Path(folder, "events.ndjson"), Path(folder, "rejected.csv")
        source.write_text('{"event": "=1+1canary", "userId": 1e400}\n=1+1canary\n{"=1+1canary": 1}\n')
        call_command("import_events", str(source), organization=organization.slug, report=report,
                     stdout=StringIO(), stderr=StringIO())  # fmt: skip
        text = report.read_text()
    yield Shown("CSV", "rejected events", text, alive_in_csv(text))


def of_mails() -> Iterator[Shown]:
    """Of the weekly chain, the checks and the digests; as queued, and as handed over."""
    with all_organizations():
        OutboxEmail.objects.filter(status=OutboxEmail.Status.PENDING).update(next_attempt_at=datetime.now(UTC))
        queued = list(OutboxEmail.objects.exclude(kind="gate").values_list("kind", "subject", "text", "html"))
    for kind, subject, text, html in queued:
        found = ["header"] if "\n" in subject or "\r" in subject else []
        yield Shown("mail", kind, subject + text + html, found + alive_in_text(subject + text) + alive_in_html(html))
    deliver_all(seconds=20)
    for message in getattr(mail, "outbox", []):
        content = message.message().as_bytes()
        found = ["header"] if "X-Canary" in message_from_bytes(content) else []
        yield Shown("mail handed over", message.subject, content.decode(errors="replace"), found)
