from django.apps import AppConfig


class SuccessConfig(AppConfig):
    name = "success"

    def ready(self) -> None:
        from success import merging  # noqa: F401 - connects its receiver
        from success.client_access import preference_events  # noqa: F401 - connects its receiver
        from success.milestones import arrivals  # noqa: F401 - connects its receiver
