from emails.admin import activity, outbox

__all__ = ["activity", "outbox"]
