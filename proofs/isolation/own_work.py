"""What an organization's people and programs do with their own rows, by pages, forms, addresses, links and commands.

Nothing of it may bring them, or change, something of another organization's; most code is reached in this way only.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.test import Client as Browser

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from proofs.bad_input.crawled import Form, Page
from proofs.bad_input.world import links_of, quarantine_event
from telemetry.models import QuarantinedEvent
from tests.factories import UserFactory
from tests.gates.rows import MONDAY, TODAY, tenant_models
from tests.gates.test_outsiders import PAGES, SAMPLES, Asker, Sample, ids_of, session_of

OF_A_CLIENT = ("overview", "weekly-mail", "consent", "record-consent", "mark-as-churned", "show-overview")
ANSWERS: dict[str, dict[str, Any]] = {
    "mail-preferences": {"weekly": "on"}, "mail-unsubscribe": {"List-Unsubscribe": "One-Click"},
    "feedback-link": {"rating": "9", "comment": "good"}, "client-invitation": {},
}  # fmt: skip
# Each names a client of the own organization, and one that only others have.
SHEETS = {
    "import_tasks": "client,title,external_id\n{own},Call,task-1\n{foreign},Call,task-1\n",
    "import_churn": f"client,churned_on\n{{own}},{TODAY}\n{{foreign}},{TODAY}\n",
    "import_consents": f"client,category,agreed,given_at\n{{own}},weekly,yes,{TODAY}\n{{foreign}},weekly,yes,{TODAY}\n",
    # Nothing of others: it would make an own client of that name.
    "import_events": f"userId,event,timestamp\n{{own}},login,{TODAY}\n",
}
Ask = Callable[[], tuple[int, bytes]]


def asked_of_own(
    outsider: Organization, owner: Asker, key: Asker, *, foreign: Mapping[str, str]
) -> Iterator[tuple[str, str, Ask]]:  # fmt: skip
    """Name, method and what asks."""
    ids = ids_of(outsider)
    with all_organizations():
        client = Client.objects.get(organization=outsider, external_id=ids["client"])
        client.user = UserFactory.create()
        client.email = "own@example.com"
        client.save()
        # The gate's row holds no message that could be replayed.
        QuarantinedEvent.objects.filter(organization=outsider).delete()
        links = links_of(outsider, client)
    quarantine_event(outsider)
    seated = Asker(session=session_of(client.user), own=ids["client"])
    for name, samples in SAMPLES.items():
        for number, sample in enumerate(samples):
            for method in ("GET", *sample.bodies):
                who = seated if name in PAGES else key
                yield f"own {method} {name} {number}", method, partial(who.ask, sample, method, ids)
    for address in ("dashboard/success", "dashboard/success/events?part=events", "feedback", "preferences"):
        yield f"own /client/{address}", "GET", partial(seated.ask, Sample(f"/client/{address}"), "GET", ids)
    for name, path in links.items():
        yield f"own link {name}", "GET", partial(asked, Browser, "GET", path, {})
        if name in ANSWERS:
            yield f"own answer {name}", "POST", partial(asked, Browser, "POST", path, ANSWERS[name])
    for address in own_pages(outsider):
        yield f"own {address}", "GET", partial(asked, partial(signed_in, owner), "GET", address, {})
        yield f"own forms of {address}", "POST", partial(sent, owner, address)


def own_pages(outsider: Organization) -> Iterator[str]:
    for model in admin.site._registry:
        if model not in tenant_models():
            continue
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}"
        own = {"pk": outsider.pk} if model is Organization else {"organization": outsider}
        with all_organizations():
            row = model._default_manager.filter(**own).latest("pk").pk
        yield from (f"{base}/", f"{base}/add/", f"{base}/{row}/change/")
        if model is Client:
            yield from (f"{base}/{row}/{page}/" for page in OF_A_CLIENT)


def signed_in(owner: Asker) -> Browser:
    browser = Browser(raise_request_exception=False)
    browser.cookies[settings.SESSION_COOKIE_NAME] = owner.session
    return browser


def asked(browser: Callable[[], Browser], method: str, address: str, data: Mapping[str, Any]) -> tuple[int, bytes]:
    one = browser()
    response = one.get(address, data) if method == "GET" else one.post(address, data)
    return response.status_code, response.getvalue()


def sent(owner: Asker, address: str) -> tuple[int, bytes]:
    """Every form of a page as it stands; the worst status, and all that came back."""
    browser, page = signed_in(owner), Page()
    page.feed(browser.get(address).getvalue().decode(errors="replace"))
    answers = [browser.post(form.action or address, fields_of(form)) for form in page.forms if is_own(form)]
    return max([200, *(each.status_code for each in answers)]), b"".join(each.getvalue() for each in answers)


def is_own(form: Form) -> bool:
    return form.method == "POST" and form.can_be_sent and "log" not in form.action


def fields_of(form: Form) -> dict[str, Any]:
    return {name: value for name, value in form.fields.items() if name and not isinstance(value, bytes)}


def commands(outsider: Organization, *, foreign: str, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    with organization_scope(outsider.pk):
        own = Client.objects.filter(organization=outsider).latest("pk").external_id
    for name, text in SHEETS.items():
        sheet = folder / f"{name}.csv"
        sheet.write_text(text.format(own=own, foreign=foreign))
        yield f"command {name}", _command(outsider, [name, str(sheet)])
    period = ["--period-end", MONDAY.isoformat()]
    for arguments in (
        ["score", *period], ["score", *period, "--client", own], ["check_health"], ["check_health", "--client", own],
        ["check_health", "--client", foreign], ["backtest"], ["rebuild_activity"], ["rebuild_activity", "--check"],
        ["preview_mail", own, "--output", str(folder)], ["preview_mail", foreign, "--output", str(folder)],
    ):  # fmt: skip
        yield f"command {' '.join(arguments)}", _command(outsider, arguments)


def _command(outsider: Organization, arguments: Sequence[str]) -> Callable[[], object]:
    return partial(call_command, *arguments, f"--organization={outsider.slug}", stdout=StringIO(), stderr=StringIO())
