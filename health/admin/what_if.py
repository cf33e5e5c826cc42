"""The panel on the page of a new health policy that says what its levels would have done. Nothing is saved."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.admin_versions import organization_of
from health.models import HealthPolicy
from health.policies import policy_in_force
from health.what_if.replaying import WhatIfTookTooLongError, replay
from health.what_if.wording import NOTES, rows, sentences

BUTTON = "_what_if"


def asks_what_if(request: HttpRequest) -> bool:
    return request.method == "POST" and BUTTON in request.POST


def form_that_is_only_shown(form: Any) -> Any:
    """The admin saves a form that says it is valid. This one never does, but keeps its values and its errors."""

    class ShownForm(form):  # type: ignore[misc]
        def is_valid(self) -> bool:
            super().is_valid()
            return False

    ShownForm.__name__ = form.__name__
    return ShownForm


def what_if_panel(request: HttpRequest, form: Any) -> dict[str, Any]:
    """What the template shows; nothing where the levels themselves are refused."""
    if form.errors:
        return {}
    organization = organization_of(request, form.cleaned_data)
    if organization is None:
        return {"refusal": _("Choose an organization to see what these levels would have done there.")}
    policy: HealthPolicy = form.instance
    try:
        result = replay(organization, [policy, policy_in_force(organization.pk)], as_of=timezone.now())
    except WhatIfTookTooLongError:
        return {
            "refusal": _("There is too much history to replay while you wait. The levels can be saved all the same.")
        }
    return {"organization": organization, "sentences": sentences(result), "rows": rows(result), "notes": NOTES}
