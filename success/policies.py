"""Which policy scores a period end, and how a new version comes to be."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from accounts.models import Organization, User
from accounts.policy_versions import add_version
from success.formula import POLICY
from success.models import Score, ScoringPolicy

PLATFORM = 0
VALUES = (*POLICY, "trend_points")
LOCK_NAME = "hashtextextended('success_policy:' || %s, 0)"


def policy_in_force(organization_id: int, *, period_end: date) -> ScoringPolicy:
    """The organization's newest version that had begun by then, else the newest such platform default."""
    return (
        ScoringPolicy.objects.filter(
            Q(organization_id=organization_id) | Q(organization=None), effective_on__lte=period_end
        )
        .order_by(F("organization").asc(nulls_last=True), "-version")[:1]
        .get()
    )


def hold_policies(organization_id: int) -> None:
    """Until the transaction ends no version can begin that should have scored what it is scoring."""
    with connection.cursor() as cursor:
        for key in (PLATFORM, organization_id):
            cursor.execute(f"SELECT pg_advisory_xact_lock_shared({LOCK_NAME})", [key])


def earliest_start_after(organization: Organization | None) -> date | None:
    """The newest period end that was scored: a new version begins after it. None: it may begin at any time.

    Waits for the scoring that is under way, and holds off any other until the transaction ends. None as
    organization means the platform, and needs the scope of all organizations.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({LOCK_NAME})", [organization.pk if organization else PLATFORM])
    scores = Score.objects.filter(organization=organization) if organization else Score.objects.all()
    newest: date | None = scores.aggregate(newest=Max("period_end"))["newest"]
    return newest


def check_start(organization: Organization | None, *, effective_on: date) -> None:
    """Raise ValidationError when scores that exist would no longer be what their policy makes of them."""
    newest = earliest_start_after(organization)
    if newest and effective_on <= newest:
        message = _("Scores up to %(date)s stand already: begin after that day.") % {"date": newest}
        raise ValidationError({"effective_on": message})


def create_policy(
    organization: Organization | None,
    *,
    effective_on: date,
    created_by: User | None,
    note: str = "",
    **values: int,
) -> ScoringPolicy:
    """Add a version (None: of the platform default) and its audit entry; values left out keep their default.

    Raises ValidationError when the values are not valid or the version would begin in the scored past.
    Needs the organization's scope, or that of all of them for the platform default.
    """
    check_start(organization, effective_on=effective_on)
    policy = ScoringPolicy(
        organization=organization, effective_on=effective_on, note=note, created_by=created_by, **values
    )
    return add_version(policy, name="scoring_policy", values=VALUES, begins={"effective_on": str(effective_on)})
