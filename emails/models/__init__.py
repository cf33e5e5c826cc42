from emails.models.activity import MailActivity
from emails.models.contacts import Contact, ContactPolicy
from emails.models.outbox import OutboxEmail
from emails.models.preferences import Consent, MailPreference, Suppression

__all__ = ["Consent", "Contact", "ContactPolicy", "MailActivity", "MailPreference", "OutboxEmail", "Suppression"]
