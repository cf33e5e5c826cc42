from celery import current_app, shared_task
from django.conf import settings
from django.utils import timezone

from emails import delivery
from emails.claiming import due_emails

SECONDS = 50
SEND_DUE = "emails.send_due"
# What one worker gets through in its time, by a provider that takes a quarter of a second.
SHARE = 500


@shared_task(name="emails.deliver_all")
def deliver_all() -> int:
    """What the clock fires: ask as many other workers as there is work for, and take part."""
    further = settings.MAIL_WORKERS - 1
    shares = -(-due_emails(now=timezone.now(), most=SHARE * (further + 1)) // SHARE)
    for _ in range(min(further, shares - 1)):
        # Older than a minute it would only be in the way of the next.
        current_app.send_task(SEND_DUE, expires=60)
    return delivery.deliver_all(seconds=SECONDS)


@shared_task(name=SEND_DUE)
def send_due() -> int:
    return delivery.deliver_all(seconds=SECONDS)
