from emails.admin import activity, consents, contact_policies, contacts, outbox, suppressions

__all__ = ["activity", "consents", "contact_policies", "contacts", "outbox", "suppressions"]
