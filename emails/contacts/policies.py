"""How often and when clients may be contacted: which version counts, and how a new one comes to be."""

from typing import Any

from django.db import connection
from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record_audit
from accounts.models import Organization, User
from emails.models import ContactPolicy

PLATFORM = 0
VALUES = ("weekly_cap", "send_from_hour", "send_until_hour", "business_days_only")
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('contact_policy:' || %s, 0))"


def policy_in_force(organization_id: int) -> ContactPolicy:
    """The organization's newest version, else the newest platform default."""
    return (
        ContactPolicy.objects.filter(Q(organization_id=organization_id) | Q(organization=None))
        .order_by(F("organization").asc(nulls_last=True), "-version")[:1]
        .get()
    )


def create_policy(
    organization: Organization | None, *, created_by: User | None, note: str = "", **values: Any
) -> ContactPolicy:
    """Add a version (None: of the platform default) and its audit entry; values left out keep their default.

    In force from the next decision on; what is planned keeps its time unless that falls into quiet hours. Raises
    ValidationError when the values are not valid. Needs the organization's scope, or that of all of them for the
    platform default.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [organization.pk if organization else PLATFORM])
    newest = ContactPolicy.objects.filter(organization=organization).order_by("-version").first()
    policy = ContactPolicy(
        organization=organization,
        version=newest.version + 1 if newest else 1,
        note=note,
        created_by=created_by,
        **values,
    )
    policy.full_clean()
    policy.save(force_insert=True)
    record_audit(
        "contact_policy.created",
        subject=policy,
        organization=organization,
        actor=created_by,
        changes=changed_values(newest, policy),
    )
    return policy


def changed_values(before: ContactPolicy | None, after: ContactPolicy) -> dict[str, Any]:
    """The values in which two versions differ, as [old, new]; without an older one, against the defaults."""
    before = before or ContactPolicy()
    return {
        name: [getattr(before, name), getattr(after, name)]
        for name in VALUES
        if getattr(before, name) != getattr(after, name)
    }


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
