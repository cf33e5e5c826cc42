from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save, pre_save


class TelemetryConfig(AppConfig):
    name = "telemetry"

    def ready(self) -> None:
        from accounts.models import Organization
        from accounts.signals import organization_chosen
        from telemetry import product_events, timezones

        user_logged_in.connect(product_events.track_sign_in, dispatch_uid="telemetry.sign_in")
        organization_chosen.connect(product_events.track_chosen_organization, dispatch_uid="telemetry.organization")
        pre_save.connect(timezones.note_timezone, sender=Organization, dispatch_uid="telemetry.timezone_before")
        post_save.connect(timezones.follow_timezone, sender=Organization, dispatch_uid="telemetry.timezone_after")
