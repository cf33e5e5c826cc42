"""A step that a member takes with one alert or many."""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import User
from health import alerts
from health.alert_steps import LONGEST_NOTE, Outcome
from health.alerts import LONGEST_SNOOZE
from health.models import Alert

MOST_ALERTS = 5_000
MORNING = time(9)


class Step(TextChoices):
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    ASSIGN = "assign", _("Assign")
    SNOOZE = "snooze", _("Snooze")
    WAKE = "wake", _("End the snooze")
    RESOLVE = "resolve", _("Resolve")
    REOPEN = "reopen", _("Reopen")
    NOTE = "note", _("Add a note")
    USEFUL = "useful", _("Useful")
    NOISE = "noise", _("Noise")


class Until(TextChoices):
    HOUR = "hour", _("For an hour")
    TOMORROW = "tomorrow", _("Until tomorrow, 9:00")
    MONDAY = "monday", _("Until Monday, 9:00")
    WEEK = "week", _("For a week")
    CHANGE = "change", _("Until it changes")
    TIME = "time", _("Until the time below")


class AlertIdsField(forms.CharField):
    """Ids with commas between them: one field, as thousands would be too many for a form."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.HiddenInput, **kwargs)

    def to_python(self, value: Any) -> Any:
        texts = [text for text in (super().to_python(value) or "").split(",") if text]
        if len(texts) > MOST_ALERTS or not all(text.isascii() and text.isdigit() for text in texts):
            raise ValidationError(gettext("Choose between 1 and %d alerts.") % MOST_ALERTS)
        return [int(text[:20]) for text in texts]


class StepForm(forms.Form):
    step = forms.ChoiceField(choices=Step.choices, widget=forms.HiddenInput)
    alerts = AlertIdsField()
    owner = forms.ModelChoiceField(
        User.objects.none(), label=_("Give to"), required=False, empty_label=_("Nobody"), widget=UnfoldAdminSelectWidget
    )
    until = forms.ChoiceField(
        label=_("Snooze"), choices=Until.choices, required=False, initial=Until.TOMORROW, widget=UnfoldAdminSelectWidget
    )
    until_time = forms.DateTimeField(
        label=_("Time"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=LONGEST_NOTE, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, members: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = members  # type: ignore[attr-defined]
        self.fields["owner"].label_from_instance = name_of  # type: ignore[attr-defined]
        for name in OF_OTHER_STEPS.get(self.chosen_step, ()):
            del self.fields[name]

    @property
    def chosen_step(self) -> str:
        return str(self.data.get("step") or self.initial.get("step") or "")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        step = cleaned.get("step")
        if step == Step.NOTE and not cleaned.get("note", "").strip():
            self.add_error("note", gettext("Write the note."))
        if step == Step.SNOOZE and cleaned.get("until") == Until.TIME and not cleaned.get("until_time"):
            self.add_error("until_time" if "until_time" in self.fields else None, gettext("Say until when."))
        if cleaned.get("until_time") and cleaned["until_time"] > timezone.now() + LONGEST_SNOOZE:
            self.add_error("until_time", gettext("Choose a time within the next ten years."))
        return cleaned

    def take(self, *, actor: User, at: datetime) -> Outcome:
        """Of a valid form. Raises UnableToSnoozeError."""
        return TAKE[Step(self.cleaned_data["step"])](self.cleaned_data, actor, at)


# Fields that a step has no use for.
OF_OTHER_STEPS: Mapping[str, tuple[str, ...]] = {
    Step.ACKNOWLEDGE: ("owner", "until", "until_time"),
    Step.ASSIGN: ("until", "until_time"),
    Step.SNOOZE: ("owner",),
    Step.WAKE: ("owner", "until", "until_time"),
    Step.RESOLVE: ("owner", "until", "until_time"),
    Step.REOPEN: ("owner", "until", "until_time"),
    Step.NOTE: ("owner", "until", "until_time"),
    Step.USEFUL: ("owner", "until", "until_time", "note"),
    Step.NOISE: ("owner", "until", "until_time", "note"),
}


def name_of(user: User) -> str:
    return user.get_full_name() or user.get_username()


def end_of(cleaned: Mapping[str, Any], at: datetime) -> datetime | None:
    """When the snooze ends, mornings in the active timezone; None is until it changes."""
    now = timezone.localtime(at)

    def morning_in(days: int) -> datetime:
        return datetime.combine(now.date() + timedelta(days=days), MORNING, now.tzinfo)

    ends: Mapping[str, datetime | None] = {
        Until.HOUR: at + timedelta(hours=1),
        Until.TOMORROW: morning_in(1),
        Until.MONDAY: morning_in(7 - now.weekday()),
        Until.WEEK: at + timedelta(days=7),
        Until.CHANGE: None,
        Until.TIME: cleaned.get("until_time"),
    }
    return ends[cleaned.get("until") or Until.TOMORROW]


def _verdict(verdict: Alert.Verdict) -> Callable[[dict[str, Any], User, datetime], Outcome]:
    return lambda asked, actor, at: alerts.judge_alerts(asked["alerts"], verdict=verdict, actor=actor, at=at)


TAKE: Mapping[Step, Callable[[dict[str, Any], User, datetime], Outcome]] = {
    Step.ACKNOWLEDGE: lambda asked, actor, at: alerts.acknowledge_alerts(
        asked["alerts"], actor=actor, at=at, note=asked["note"]
    ),
    Step.ASSIGN: lambda asked, actor, at: alerts.assign_alerts(
        asked["alerts"], owner=asked["owner"], actor=actor, at=at, note=asked["note"]
    ),
    Step.SNOOZE: lambda asked, actor, at: alerts.snooze_alerts(
        asked["alerts"], until=end_of(asked, at), actor=actor, at=at, note=asked["note"]
    ),
    Step.WAKE: lambda asked, actor, at: alerts.wake_alerts(asked["alerts"], actor=actor, at=at, note=asked["note"]),
    Step.RESOLVE: lambda asked, actor, at: alerts.resolve_alerts(
        asked["alerts"], actor=actor, at=at, note=asked["note"]
    ),
    Step.REOPEN: lambda asked, actor, at: alerts.reopen_alerts(asked["alerts"], actor=actor, at=at, note=asked["note"]),
    Step.NOTE: lambda asked, actor, at: alerts.note_on_alerts(asked["alerts"], actor=actor, at=at, note=asked["note"]),
    Step.USEFUL: _verdict(Alert.Verdict.USEFUL),
    Step.NOISE: _verdict(Alert.Verdict.NOISE),
}
