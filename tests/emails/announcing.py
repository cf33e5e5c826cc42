"""A job that queues one mail for each organization and week, for the tests about work that was lost."""

from collections.abc import Mapping

from emails.outbox import Mail, queue_mails
from jobs.definitions import CatchUp, Job, Spread, WorkUnit
from jobs.periods import Every
from tests.emails.outgoing import mail


def announce(unit: WorkUnit) -> Mapping[str, int]:
    queued: Mail = mail(
        organization_id=unit.organization_id, kind="announcement", key=unit.period.key, due_at=unit.as_of,
        queued_at=unit.as_of,
    )  # fmt: skip
    return {"processed": queue_mails([queued])}


def hand_over(seconds: float) -> None:
    raise AssertionError("Nothing may be handed over while lost work is done.")


announcements = Job(
    name="announcements",
    title="Announcements",
    every=Every.WEEK,
    work=announce,
    spread=Spread.ORGANIZATION,
    catch_up=CatchUp.NEWEST,
    carry_on=hand_over,
)
