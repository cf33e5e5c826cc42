"""Scores in the admin, each with its receipt."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin_access import NotWrittenByHand, TenantModelAdmin
from success.client_admin import ARROWS, BAND_COLOURS, newest_week
from success.differences import difference
from success.models import Score
from success.receipts import receipt_of
from success.scores import score_before, standing

WEEKS = 26
EVERY_DAY = "all"


class PeriodFilter(admin.SimpleListFilter):
    """The newest week, unless another one is asked for: no list of all scores there ever were."""

    title = _("period end")
    parameter_name = "period_end"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.newest = newest_week()
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        weeks = [self.newest - timedelta(weeks=n) for n in range(WEEKS)] if self.newest else []
        return [(week.isoformat(), date_format(week)) for week in weeks] + [(EVERY_DAY, _("Every day"))]

    def choices(self, changelist: Any) -> Any:
        _all, *weeks = super().choices(changelist)
        for choice, (value, _label) in zip(weeks, self.lookup_choices, strict=True):
            yield choice | {"selected": value == (self.value() or self._default())}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Score]) -> QuerySet[Score]:
        if self.value() == EVERY_DAY:
            return queryset
        asked = self._day(self.value()) or self.newest
        return queryset.filter(period_end=asked) if asked else queryset

    def _default(self) -> str:
        return self.newest.isoformat() if self.newest else EVERY_DAY

    def _day(self, text: str | None) -> date | None:
        try:
            return parse_date(text or "")
        except ValueError:
            return None


@admin.register(Score)
class ScoreAdmin(NotWrittenByHand, TenantModelAdmin):
    list_display = ("client", "period_end", "score", "trend", "coverage_percent", "policy", "organization")
    list_filter = (PeriodFilter, "band")
    list_per_page = 50
    search_fields = ("client__name", "client__email", "client__external_id")
    search_help_text = _("Search by the client's name, email or external id")
    ordering = ("-period_end", "overall", "id")
    fields = ("client", "period_end", "score", "trend", "coverage_percent", "policy", "computed_at", "receipt")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Score]:
        scores: QuerySet[Score] = super().get_queryset(request).with_comparison()  # type: ignore[attr-defined]
        return scores.select_related("client", "organization", "policy__organization")

    @display(description=_("score"), label=BAND_COLOURS, ordering="overall")
    def score(self, score: Score) -> tuple[str, str] | None:
        if score.overall is None:
            return None
        return score.band, f"{score.overall} {score.get_band_display()}".strip()

    @display(description=_("trend"))
    def trend(self, score: Score) -> str | None:
        now = standing(score)
        if now.trend is None:
            return None
        return format_html("{}\u00a0{}", ARROWS[now.trend], f"{now.change:+d}")

    @display(description=_("coverage"), ordering="coverage")
    def coverage_percent(self, score: Score) -> str:
        return f"{score.coverage} %"

    @display(description=_("receipt"))
    def receipt(self, score: Score) -> str:
        before = score_before(score)
        context = {"receipt": receipt_of(score), "difference": difference(before, score) if before else None}
        return render_to_string("success/admin_receipt.html", context)
