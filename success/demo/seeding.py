"""One simulated organization from its keys to its scores."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.models import ApiKey, Organization
from accounts.tenancy import all_organizations, organization_scope
from success.demo.cast import DemoClient, DemoOrganization, clients_of
from success.demo.churn import mark_those_who_left
from success.demo.consent import record_demo_consent
from success.demo.credentials import Known, OrganizationCredentials
from success.demo.delivery import send_messages
from success.demo.history import impossible_messages, messages_of
from success.demo.logins import ensure_client_login, ensure_key, ensure_members, ensure_organization
from success.demo.milestones import add_milestones
from success.demo.onboarding import add_onboarding
from success.demo.scores import check_health, score_today, work_through_weeks

Say = Callable[[str], None]


class DemoSeed:
    """What is made is the same whenever it runs: the past is told from the day on which the demo was first made."""

    def __init__(self, demo: DemoOrganization, *, now: datetime) -> None:
        self.demo = demo
        self.now = now
        self.zone = ZoneInfo(demo.timezone)
        self.today = now.astimezone(self.zone).date()
        with all_organizations():
            self.organization: Organization = ensure_organization(demo)
        self.anchor = self.organization.created_at.astimezone(self.zone).date()
        self.clients: list[DemoClient] = clients_of(demo, anchor=self.anchor)

    def access(self, known: Known) -> OrganizationCredentials:
        with all_organizations():
            return OrganizationCredentials(
                slug=self.demo.slug,
                timezone=self.demo.timezone,
                write_key=ensure_key(self.organization, ApiKey.Kind.WRITE, known, as_of=self.now),
                secret_key=ensure_key(self.organization, ApiKey.Kind.SECRET, known, as_of=self.now),
                staff_login=ensure_members(self.organization, self.demo, known),
                client_login=ensure_client_login(self.organization, self.demo, self.clients[0], known),
            )

    def send_past(self, *, base_url: str, write_key: str) -> dict[str, int]:
        messages = (
            message
            for client in self.clients
            for message in messages_of(client, anchor=self.anchor, until=self.today, zone=self.zone)
        )
        counts = send_messages(messages, base_url=base_url, write_key=write_key)
        counts += send_messages(impossible_messages(self.clients[1]), base_url=base_url, write_key=write_key)
        return dict(counts)

    def add_onboarding(self) -> None:
        with organization_scope(self.organization.pk):
            add_onboarding(self.organization, self.clients, anchor=self.anchor)

    def mark_churned(self) -> None:
        with organization_scope(self.organization.pk):
            mark_those_who_left(self.organization, self.clients, anchor=self.anchor, at=self.now)

    def record_consent(self) -> None:
        with organization_scope(self.organization.pk):
            record_demo_consent(self.organization, self.clients, anchor=self.anchor)

    def compute_scores(self, say: Say) -> None:
        for run in work_through_weeks(self.organization, today=self.today, now=self.now):
            say(f"  {run.job} of the week to {run.period}: {run.get_status_display()}, {run.counts}")
        score_today(self.organization, self.clients[0].external_id, today=self.today, computed_at=self.now)

    def add_milestones(self) -> int:
        with organization_scope(self.organization.pk):
            return add_milestones(self.organization, today=self.today, now=self.now)

    def open_alerts(self) -> int:
        return int(check_health(self.organization, now=self.now).counts.get("opened", 0))
