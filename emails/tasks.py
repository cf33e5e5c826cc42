from celery import shared_task

from emails import delivery

SECONDS = 50


@shared_task(name="emails.deliver_all")
def deliver_all() -> int:
    return delivery.deliver_all(seconds=SECONDS)
