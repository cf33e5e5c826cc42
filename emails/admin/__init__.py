from emails.admin import outbox

__all__ = ["outbox"]
