from emails.admin import activity, contact_policies, contacts, outbox

__all__ = ["activity", "contact_policies", "contacts", "outbox"]
