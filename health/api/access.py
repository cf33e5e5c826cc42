"""The alert that a request names, and the member whose name it is in."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import Organization, User
from accounts.problems import Problem
from health.api.representation import WITH
from health.models import Alert
from health.models.alerts import AlertQuerySet
from success.api.access import ClientAPIView


class AlertAPIView(ClientAPIView):
    """About alerts, for a secret key of their organization."""

    def alert(self, alert_id: str, *, as_of: datetime) -> Any:
        """As it is shown; 404 where there is none that this key may see."""
        return self.row(shown_alerts(as_of=as_of), alert_id)


def shown_alerts(*, as_of: datetime) -> AlertQuerySet:
    return Alert.objects.with_status(as_of=as_of).with_keys().select_related(*WITH)


def member_called(called: str, organization: Organization, *, field: str) -> User:
    """The member of this user name, else of this email address; a 400 that names the field where there is not one."""
    members = User.objects.filter(memberships__organization=organization, is_active=True)
    found = list(members.filter(Q(username=called) | Q(email__iexact=called)))
    named = [user for user in found if user.username == called] or found
    if len(named) != 1:
        sentence = f"{field}: there is not one member who is called so. Give a member's user name or email address."
        raise Problem(400, f"unknown_{field}", sentence)
    return named[0]
