from typing import Any

from celery import current_app, shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from emails import delivery
from emails.claiming import due_emails
from emails.states import CLAIM_SECONDS, is_any_claimed
from jobs.trying_again import TRIES_AGAIN

SECONDS = 50
# Older than a minute a message would only be in the way of the next.
EXPIRES_SECONDS = 60
SEND_DUE = "emails.send_due"
# What one worker gets through in its time, by a provider that takes a quarter of a second.
SHARE = 500


@shared_task(name="emails.deliver_all", **TRIES_AGAIN)
def deliver_all() -> int:
    """What the clock fires: ask as many other workers as there is work for, and take part."""
    further = settings.MAIL_WORKERS - 1
    shares = -(-due_emails(now=timezone.now(), most=SHARE * (further + 1)) // SHARE)
    for _ in range(min(further, shares - 1)):
        current_app.send_task(SEND_DUE, expires=EXPIRES_SECONDS)
    if is_any_claimed():
        # Their senders may be dead. If so, the mails can be taken up before the next minute.
        current_app.send_task(SEND_DUE, countdown=CLAIM_SECONDS + 1, expires=EXPIRES_SECONDS)
    return delivery.deliver_all(seconds=SECONDS)


@shared_task(name=SEND_DUE, **TRIES_AGAIN)
def send_due() -> int:
    return delivery.deliver_all(seconds=SECONDS)


@shared_task(name="emails.deliver_left", **TRIES_AGAIN)
def deliver_left() -> int:
    """What a worker that starts asks for: it does not wait for the next minute to take over what a dead one left."""
    is_paused = not PeriodicTask.objects.filter(task=deliver_all.name, enabled=True).exists()
    return 0 if is_paused else deliver_all()


@worker_ready.connect
def deliver_at_once(sender: Any, **kwargs: Any) -> None:
    deliver_left.apply_async(expires=EXPIRES_SECONDS)
