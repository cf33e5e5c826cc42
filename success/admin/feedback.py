"""What clients said, with the figures of it above the list."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import TenantModelAdmin
from success.admin.feedback_panel import panel_of
from success.feedback.giving import SCALES, checked_comment, give_feedback
from success.models import Feedback

LINE_LENGTH = 160


class FeedbackForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_comment(self) -> str:
        try:
            return checked_comment(self.cleaned_data["comment"])
        except ValidationError as error:
            raise ValidationError(error.messages) from None

    def clean_given_at(self) -> Any:
        given_at = self.cleaned_data["given_at"]
        if given_at > timezone.now():
            raise ValidationError(_("It has not come yet."))
        return given_at


@admin.register(Feedback)
class FeedbackAdmin(TenantModelAdmin):
    """What a client said stays as it was said."""

    form = FeedbackForm
    list_before_template = "success/admin_feedback_figures.html"
    list_display = ("client", "answer", "said", "channel", "given_at", "organization")
    list_filter = ("kind", "channel", "rating")
    list_select_related = ("client", "organization")
    list_per_page = 50
    search_fields = ("comment", "client__name", "client__external_id")
    search_help_text = _("Search by comment, or the client's name or external id")
    autocomplete_fields = ("client",)
    ordering = ("-given_at", "-id")
    fields = ("client", "kind", "rating", "comment", "given_at")

    class Media:
        css = {"all": ("admin_theme/feedback.css",)}

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return (*self.fields, "channel") if obj else self.fields

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        panel = panel_of(self.get_queryset(request), as_of=timezone.now())
        response: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "feedback_panel": panel})
        return response

    def save_model(self, request: HttpRequest, obj: Feedback, form: Any, change: bool) -> None:
        said = form.cleaned_data
        given = give_feedback(
            said["client"],
            kind=Feedback.Kind(said["kind"]),
            rating=said["rating"],
            comment=said["comment"],
            channel=Feedback.Channel.STAFF,
            at=said["given_at"],
        )
        obj.pk, obj.organization_id = given.pk, given.organization_id

    @display(description=_("answer"), ordering="rating")
    def answer(self, feedback: Feedback) -> str:
        return f"{feedback.get_kind_display()} {feedback.rating} / {SCALES[Feedback.Kind(feedback.kind)][-1]}"

    @display(description=_("comment"))
    def said(self, feedback: Feedback) -> str:
        comment = feedback.comment
        return comment if len(comment) <= LINE_LENGTH else f"{comment[:LINE_LENGTH].rstrip()}…"
