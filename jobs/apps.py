from celery.signals import beat_init, worker_init
from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        from jobs.right_clock import refuse_wrong_clock

        for starts in (worker_init, beat_init):
            starts.connect(refuse_wrong_clock, dispatch_uid="jobs.right_clock")
