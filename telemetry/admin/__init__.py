"""The admin pages of the telemetry app, a file for each model."""

from telemetry.admin import event_names, events, imports, quarantine

__all__ = ["event_names", "events", "imports", "quarantine"]
