"""Timeline entries in words, with where they lead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from emails.categories import Category, Frequency
from emails.kinds import title_of
from emails.models import Contact
from emails.models.preferences import Source
from health.models import Alert, AlertEntry
from health.timeline.entries import Entry
from health.wording import who_took
from success.models import Feedback, Insight, Score
from telemetry.event_types import EventType

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """`tone` is good, bad, warn or empty; `icon` a Material symbol; `address` is empty where nothing more is known.

    `day` is that of the active timezone. What stands for a whole day has no time to show.
    """

    at: datetime
    kind: str
    icon: str
    tone: str
    title: str
    detail: str
    actor: str
    address: str

    @property
    def day(self) -> date:
        return timezone.localdate(self.at)

    @property
    def has_time(self) -> bool:
        return self.kind not in OF_A_DAY


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    detail: str = ""
    tone: str = ""


def line_of(entry: Entry) -> Line:
    words = WRITERS[entry.kind](entry.facts)
    return Line(
        entry.at,
        entry.kind,
        ICONS[entry.kind],
        words.tone,
        words.title,
        words.detail,
        who_took(entry.facts.get("actor") or "", entry.facts.get("api_key", "")),
        reverse(PAGES[entry.kind], args=[entry.subject]) if entry.kind in PAGES else "",
    )


def _activity(facts: Facts) -> Words:
    total = facts["total"]
    counts = [(str(kind.label), facts[kind.value]) for kind in EventType if facts.get(kind.value)]
    if facts["unmapped"]:
        counts.append((_("Unmapped"), facts["unmapped"]))
    title = ngettext("%(count)d activity", "%(count)d activities", total) % {"count": total}
    return Words(title, ", ".join(f"{label} {count}" for label, count in counts))


def _alert(facts: Facts) -> Words:
    kind, severity = Alert.Kind(facts["kind"]).label, Alert.Severity(facts["severity"])
    step = AlertEntry.Step(facts["step"])
    raised = step in (AlertEntry.Step.OPENED, AlertEntry.Step.REOPENED, AlertEntry.Step.ESCALATED)
    tone = ("bad" if severity == Alert.Severity.CRITICAL else "warn") if raised else ""
    if step == AlertEntry.Step.RESOLVED:
        tone = "good"
    title = _("%(alert)s: %(step)s") % {"alert": kind, "step": str(step.label).lower()}
    return Words(title, facts["note"], tone)


def _note(facts: Facts) -> Words:
    return Words(_("Note"), facts["text"])


def _score(facts: Facts) -> Words:
    if facts["overall"] is None:
        return Words(_("Score: not measured"))
    band = Score.Band(facts["band"]).label if facts["band"] else _("no band")
    tone = {Score.Band.AT_RISK: "bad", Score.Band.ATTENTION: "warn"}.get(facts["band"], "")
    return Words(_("Score %(overall)d, %(band)s") % {"overall": facts["overall"], "band": band}, "", tone)


def _task_added(facts: Facts) -> Words:
    return Words(_("Task added"), facts["title"])


def _task_done(facts: Facts) -> Words:
    return Words(_("Task done"), facts["title"], "good")


def _feedback(facts: Facts) -> Words:
    title = _("Feedback: %(kind)s %(rating)d") % {
        "kind": Feedback.Kind(facts["kind"]).label,
        "rating": facts["rating"],
    }
    return Words(title, facts["comment"])


def _milestone(facts: Facts) -> Words:
    return Words(_("Milestone reached"), _(facts["title"]), "good")


def _insights(facts: Facts) -> Words:
    count = len(facts["kinds"])
    title = ngettext("%(count)d insight", "%(count)d insights", count) % {"count": count}
    kinds = ", ".join(str(Insight.Kind(kind).label) for kind in facts["kinds"])
    return Words(f"{title}, {_day(facts)}", kinds)


def _mail(facts: Facts) -> Words:
    """Why not, or what it says; of what is still to come, when."""
    status = Contact.Status(facts["status"])
    words = {"message": title_of(facts["kind"]), "state": str(status.label).lower()}
    title = _("%(message)s: %(state)s") % words
    if facts["channel"] != Contact.Channel.EMAIL:
        title = f"{title} ({Contact.Channel(facts['channel']).label})"
    if status == Contact.Status.SKIPPED:
        return Words(title, str(Contact.Reason(facts["reason"]).label))
    details = [*facts["subjects"]]
    if status == Contact.Status.PLANNED:
        due_at = timezone.localtime(datetime.fromisoformat(facts["due_at"]))
        details.insert(0, _("for %(time)s") % {"time": date_format(due_at, "DATETIME_FORMAT")})
    tone = {Contact.Status.FAILED: "bad", Contact.Status.UNCERTAIN: "warn"}.get(status, "")
    return Words(title, ", ".join(details), tone)


def _consent(facts: Facts) -> Words:
    """How it is known; of what is agreed to, how often where that is not the usual."""
    category, source = Category(facts["category"]).label, str(Source(facts["source"]).label)
    if not facts["is_given"]:
        return Words(_("%(category)s: not wanted") % {"category": category}, source, "warn")
    often = Frequency(facts["frequency"])
    is_usual = often == Frequency.EVERY_WEEK
    return Words(
        _("%(category)s: agreed to") % {"category": category},
        source if is_usual else f"{often.label}, {source}",
        "good",
    )


def _churn(facts: Facts) -> Words:
    return Words(_("Client left"), facts["reason"], "bad")


def _created(facts: Facts) -> Words:
    return Words(_("Client first known here"))


def _day(facts: Facts) -> str:
    return _("week to %(day)s") % {"day": date_format(date.fromisoformat(facts["day"]))}


WRITERS: Mapping[str, Callable[[Facts], Words]] = {
    "activity": _activity,
    "alert": _alert,
    "note": _note,
    "score": _score,
    "task_added": _task_added,
    "task_done": _task_done,
    "feedback": _feedback,
    "milestone": _milestone,
    "insights": _insights,
    "mail": _mail,
    "consent": _consent,
    "churn": _churn,
    "created": _created,
}
ICONS: Mapping[str, str] = {
    "activity": "bolt",
    "alert": "notifications",
    "note": "sticky_note_2",
    "score": "monitoring",
    "task_added": "add_task",
    "task_done": "task_alt",
    "feedback": "reviews",
    "milestone": "flag",
    "insights": "lightbulb",
    "mail": "mail",
    "consent": "how_to_reg",
    "churn": "logout",
    "created": "person_add",
}
OF_A_DAY = frozenset({"activity", "score", "milestone", "churn"})
PAGES: Mapping[str, str] = {
    "alert": "admin:health_alert_change",
    "score": "admin:success_score_change",
    "task_added": "admin:success_task_change",
    "task_done": "admin:success_task_change",
    "feedback": "admin:success_feedback_change",
    "mail": "admin:emails_contact_change",
    "consent": "admin:emails_consent_change",
}
