"""The clock of `eight_weeks`: Beat's own scheduler and the broker's own messages, while the time is told by us."""

import json
from datetime import UTC, datetime, timedelta

import time_machine
from celery import current_app as app
from django.core import mail
from django.core.mail import EmailMessage
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler
from kombu.simple import SimpleQueue

from accounts.models import Client, Organization
from accounts.tenancy import all_organizations, organization_scope
from emails.categories import Category, Frequency
from emails.consent import record_consent
from emails.models import Contact, Suppression
from emails.models.preferences import Source
from emails.suppression import suppress
from jobs.models import JobRun
from jobs.schedule_sync import sync_schedules
from proofs.mail.eight_weeks import EACH, ORGANIZATIONS, SORTS, WEEKS
from telemetry.tracking import track_event

# The Sunday before the first of the eight Mondays.
BEGIN = datetime(2026, 11, 29, tzinfo=UTC)
FIRST_MONDAY = BEGIN + timedelta(days=1)
END = FIRST_MONDAY + timedelta(weeks=WEEKS)
WAKES = timedelta(minutes=30)
CHANGES_AT = FIRST_MONDAY + timedelta(weeks=2, days=3)
FREQUENCIES = {
    "weekly": Frequency.EVERY_WEEK,
    "every other week": Frequency.EVERY_OTHER_WEEK,
    "every four weeks": Frequency.EVERY_FOUR_WEEKS,
    "unsubscribes": Frequency.EVERY_WEEK,
    "bounces": Frequency.EVERY_WEEK,
    "no address": Frequency.EVERY_WEEK,
}


def populate() -> None:
    """Clients of every sort in every organization, half of them active lately."""
    for slug, zone in ORGANIZATIONS.items():
        organization = Organization.objects.create(name=slug, slug=slug, status="active", timezone=zone)
        with organization_scope(organization.pk):
            for sort in SORTS:
                for number in range(EACH):
                    add_client(organization, sort, number)


def add_client(organization: Organization, sort: str, number: int) -> None:
    name = f"{organization.slug}.{sort.replace(' ', '-')}.{number}"
    client = Client.objects.create(
        organization=organization, external_id=name, email="" if sort == "no address" else f"{name}@example.org"
    )
    track_event(client, "login")
    if sort in FREQUENCIES:
        agree(client, FREQUENCIES[sort])


def agree(client: Client, frequency: Frequency) -> None:
    record_consent(
        client, category=Category.WEEKLY, is_given=True, frequency=frequency, source=Source.STAFF, at=datetime.now(UTC)
    )


def change_minds() -> None:
    now = datetime.now(UTC)
    for organization in Organization.objects.all():
        with organization_scope(organization.pk):
            clients = Client.objects.filter(organization=organization)
            for client in clients.filter(external_id__contains=".unsubscribes."):
                record_consent(client, category=Category.WEEKLY, is_given=False, source=Source.ONE_CLICK, at=now)
            for client in clients.filter(external_id__contains=".bounces."):
                suppress(
                    organization.pk, client.email, reason=Suppression.Reason.BOUNCED, detail="550 no such user", at=now
                )
            for client in clients.filter(external_id__contains=".agrees."):
                agree(client, Frequency.EVERY_WEEK)


def be_active() -> None:
    for organization in Organization.objects.all():
        with organization_scope(organization.pk):
            for client in Client.objects.filter(organization=organization, external_id__endswith=".1"):
                track_event(client, "task_completed")


def slow_down() -> None:
    """What ticks every minute ticks every half an hour, as staff may decide: eight weeks have 80,640 minutes."""
    half_hourly, _ = CrontabSchedule.objects.get_or_create(
        minute="0,30", hour="*", day_of_week="*", day_of_month="*", month_of_year="*", timezone="UTC"
    )
    PeriodicTask.objects.filter(crontab__minute__in=["*", "*/5"]).update(crontab=half_hourly)


def work_off() -> None:
    """What a worker does: take the messages that there are, and run them."""
    with app.connection_for_read() as connection:
        queue = SimpleQueue(connection.channel(), app.conf.task_default_queue)
        while True:
            try:
                message = queue.get(block=False)
            except SimpleQueue.Empty:
                break
            args, kwargs, _embedded = message.payload
            app.tasks[message.headers["task"]].apply(args, kwargs, throw=True)
            message.ack()
        queue.close()


def run() -> None:
    app.loader.import_default_modules()
    mails: list[tuple[datetime, str]] = []
    wakes = 0
    with time_machine.travel(BEGIN - timedelta(days=60), tick=False) as clock:
        with all_organizations():
            populate()
        clock.move_to(BEGIN)
        sync_schedules()
        slow_down()
        scheduler = DatabaseScheduler(app=app)
        changed = False
        while (now := datetime.now(UTC)) < END:
            if not changed and now >= CHANGES_AT:
                with all_organizations():
                    change_minds()
                changed = True
            if now.hour == 12 and now.minute == 0:
                with all_organizations():
                    be_active()
            scheduler.tick()
            work_off()
            mails += [(now, address) for sent in outbox()[len(mails) :] for address in sent.to]
            wakes += 1
            clock.move_to(now + WAKES)
        tell(mails, wakes)


def outbox() -> list[EmailMessage]:
    """What was handed to the backend that keeps mails in memory; it makes its box with the first."""
    return getattr(mail, "outbox", [])


def tell(mails: list[tuple[datetime, str]], wakes: int) -> None:
    weekly = [
        [address for at, address in mails if (at - FIRST_MONDAY) // timedelta(weeks=1) == week] for week in range(WEEKS)
    ]
    with all_organizations():
        skips = [
            {
                reason: Contact.objects.filter(key=monday(week), status="skipped", reason=reason).count()
                for reason in Contact.objects.filter(key=monday(week), status="skipped").values_list(
                    "reason", flat=True
                )
            }
            for week in range(WEEKS)
        ]
        runs = list(JobRun.objects.filter(job="success-email").order_by("period").values_list("status", flat=True))
    others = sum(not address.endswith("@example.org") for _, address in mails)
    print(json.dumps({"mails": weekly, "skips": skips, "runs": runs, "wakes": wakes, "others": others}))


def monday(week: int) -> str:
    return (FIRST_MONDAY + timedelta(weeks=week)).date().isoformat()
