"""An alert in one sentence, from its evidence: what was measured, and since when; and who took a step with it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from health.models import Alert

Evidence = Mapping[str, Any]


def sentence_of(alert: Alert) -> str:
    """In the active language; times in the active timezone."""
    text = SENTENCES[Alert.Matter(alert.matter)](alert.evidence)
    # A time such as "2 p.m." brings its own.
    return f"{text.rstrip('.')}."


def who_took(name: str, api_key: str) -> str:
    """The name of a member, an API key, or a key in a member's name; empty when a check did."""
    by_key = _("API key %(key)s") % {"key": api_key} if api_key else ""
    if not (name and by_key):
        return name or by_key
    return _("%(name)s, by %(key)s") % {"name": name, "key": by_key}


def _silence(evidence: Evidence) -> str:
    if evidence.get("lastActivityAt"):
        return _("No activity since %(time)s.") % {"time": _time(evidence["lastActivityAt"])}
    return _("No activity since it was added on %(time)s.") % {"time": _time(evidence["silentSince"])}


def _tasks(evidence: Evidence) -> str:
    return _("A task in progress has not been updated since %(time)s.") % {"time": _time(evidence["updatedAt"])}


def _score(evidence: Evidence) -> str:
    return _("The score fell from %(before)d on %(from)s to %(now)d on %(to)s.") % {
        "before": evidence["scoreBefore"],
        "from": _day(evidence["periodEndBefore"]),
        "now": evidence["score"],
        "to": _day(evidence["periodEnd"]),
    }


def _churn(evidence: Evidence) -> str:
    return _(
        "Score %(now)d on %(day)s after %(before)d the week before; it declined by %(change)d and by %(earlier)d."
    ) % {
        "now": evidence["score"],
        "day": _day(evidence["periodEnd"]),
        "before": evidence["scoreBefore"],
        "change": -evidence["change"],
        "earlier": -evidence["changeBefore"],
    }


SENTENCES: Mapping[Alert.Matter, Callable[[Evidence], str]] = {
    Alert.Matter.SILENCE: _silence,
    Alert.Matter.TASKS: _tasks,
    Alert.Matter.SCORE: _score,
    Alert.Matter.CHURN: _churn,
}


def _time(text: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(text)), "DATETIME_FORMAT")


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text))
