"""Why a component of a score was not measured."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from success.models import Component, Score


def why_not_measured(component: Component, score: Score) -> str:
    """A sentence for a component that has no value."""
    policy = score.policy
    if component == Component.ACTIVATION:
        return _("There are no onboarding tasks, and the launch kit was never viewed.")
    if component == Component.SATISFACTION:
        return _("There was no feedback in the last 180 days.")
    if component == Component.MOMENTUM:
        return _no_momentum(score)
    text = ngettext(
        "The client is younger than %(count)d day and has done nothing yet.",
        "The client is younger than %(count)d days and has done nothing yet.",
        policy.new_client_days,
    )
    return text % {"count": policy.new_client_days}


def _no_momentum(score: Score) -> str:
    policy = score.policy
    if score.age_days < policy.momentum_client_days:
        text = ngettext(
            "The client is younger than %(count)d day.",
            "The client is younger than %(count)d days.",
            policy.momentum_client_days,
        )
        return text % {"count": policy.momentum_client_days}
    text = ngettext(
        "Fewer than %(count)d event in two weeks are too few to tell a direction.",
        "Fewer than %(count)d events in two weeks are too few to tell a direction.",
        policy.momentum_events,
    )
    return text % {"count": policy.momentum_events}
