"""How often and when clients may be contacted: which version counts, and how a new one comes to be."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Organization, User
from accounts.policy_versions import add_version, version_in_force
from emails.models import ContactPolicy

VALUES = ("weekly_cap", "send_from_hour", "send_until_hour", "business_days_only")


def policy_in_force(organization_id: int) -> ContactPolicy:
    """The organization's newest version, else the newest platform default."""
    return version_in_force(ContactPolicy, organization_id)


def create_policy(
    organization: Organization | None, *, created_by: User | None, note: str = "", **values: Any
) -> ContactPolicy:
    """Add a version (None: of the platform default) and its audit entry; values left out keep their default.

    In force from the next decision on; what is planned keeps its time unless that falls into quiet hours. Raises
    ValidationError when the values are not valid. Needs the organization's scope, or that of all of them for the
    platform default.
    """
    policy = ContactPolicy(organization=organization, note=note, created_by=created_by, **values)
    return add_version(policy, name="contact_policy", values=VALUES)


def sentence_of(policy: ContactPolicy) -> str:
    """What the policy means, for those who set it."""
    often = ngettext("at most %(count)d message a week", "at most %(count)d messages a week", policy.weekly_cap)
    facts = {
        "days": _("Monday to Friday") if policy.business_days_only else _("Every day"),
        "from": policy.send_from_hour,
        "until": policy.send_until_hour,
        "often": often % {"count": policy.weekly_cap},
    }
    if policy.send_from_hour == 0 and policy.send_until_hour == 24:
        return _("%(days)s, at any hour, %(often)s.") % facts
    return _("%(days)s between %(from)d:00 and %(until)d:00 in the client's timezone, %(often)s.") % facts
