"""What steps with alerts may say."""

from typing import Any

from rest_framework import serializers

from health.alert_steps import LONGEST_NOTE
from health.models import Alert
from success.api.client_fields import EMAIL_LENGTH
from success.api.fields import Strict, TextField, TimeField

MEMBER = "User name or email address of a member of the organization."


class StepBody(Strict):
    note = TextField(required=False, allow_blank=True, default="", max_length=LONGEST_NOTE, trim_whitespace=True)
    actor = TextField(
        required=False, allow_null=True, max_length=EMAIL_LENGTH, help_text=f"Who does it, if it is a person. {MEMBER}"
    )


class AssignBody(StepBody):
    owner = TextField(allow_null=True, max_length=EMAIL_LENGTH, help_text=f"{MEMBER} null: nobody.")


class SnoozeBody(StepBody):
    until = TimeField(allow_null=True, help_text="Within ten years. null: until its kind or severity change.")


class NoteBody(StepBody):
    note = TextField(max_length=LONGEST_NOTE, trim_whitespace=True)


class JudgeBody(StepBody):
    verdict = serializers.ChoiceField(choices=Alert.Verdict.choices, help_text="Whether it was good to know.")

    def validate_verdict(self, value: Any) -> Alert.Verdict:
        return Alert.Verdict(value)
