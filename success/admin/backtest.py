"""The page of the backtest: a member's own organization, or for an operator one of them or all together."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext

from accounts.admin_access import EVERY_MEMBER, has_role
from accounts.models import Organization
from success.backtest.figures import Backtest, HorizonFigures
from success.backtest.judging import HORIZONS, backtest
from success.backtest.rules import AT_RISK, ATTENTION_OR_WORSE, RECENCY
from success.backtest.tables import BAND_NAMES, areas_table, leads_table, rules_table
from success.backtest.wording import summary
from success.charts.calibration import Rate, calibration
from success.charts.lead_times import lead_time_bars
from success.charts.roc import roc
from success.churn import version_of_marks

FIRST_SHOWN = 60
REMEMBERED_SECONDS = 90_000
MOST_ORGANIZATIONS = 500


@dataclass(frozen=True, slots=True)
class Computed:
    result: Backtest
    at: datetime


def backtest_view(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """GET: `organization` (an id, operators only) and `horizon` (days)."""
    if not has_role(request, EVERY_MEMBER):
        raise PermissionDenied
    organizations = _organizations(request)
    chosen = _chosen(request, organizations)
    as_of = timezone.localdate(timezone=chosen.timezone) if chosen else timezone.localdate()
    computed = _computed(chosen, as_of=as_of)
    figures = _of_horizon(computed.result, request.GET.get("horizon"))
    context = site.each_context(request) | {
        "title": gettext("Backtest"),
        "organizations": organizations if request.user.is_superuser else [],
        "chosen": chosen,
        "horizons": HORIZONS,
        "figures": figures,
        "computed": computed,
        "summary": summary(figures),
        "tables": [areas_table(figures), rules_table(figures), leads_table(figures)],
        **(_charts(figures) if figures.size.is_enough else {}),
    }
    return TemplateResponse(request, "admin/success/backtest.html", context)


def _organizations(request: HttpRequest) -> list[Organization]:
    if request.user.is_superuser:
        return list(Organization.objects.order_by("name")[:MOST_ORGANIZATIONS])
    return list(Organization.objects.filter(pk=request.seat.organization_id))  # type: ignore[attr-defined]


def _chosen(request: HttpRequest, organizations: list[Organization]) -> Organization | None:
    """None: all. What an operator asks for and is not there is all, too."""
    if not request.user.is_superuser:
        return organizations[0]
    asked = request.GET.get("organization", "")
    return next((each for each in organizations if str(each.pk) == asked), None)


def _computed(organization: Organization | None, *, as_of: date) -> Computed:
    """Of a million scores it takes seconds, but it changes with the day and with the marks only."""
    of = organization.pk if organization else None
    key = f"success-backtest:{of or 'all'}:{as_of}:{version_of_marks(of)}"
    computed: Computed | None = cache.get(key)
    if computed is None:
        computed = Computed(backtest(of, as_of=as_of), timezone.now())
        cache.set(key, computed, REMEMBERED_SECONDS)
    return computed


def _of_horizon(result: Backtest, asked: str | None) -> HorizonFigures:
    by_days = {str(figures.days): figures for figures in result.horizons}
    return by_days.get(asked or "", by_days[str(FIRST_SHOWN)])


def _charts(figures: HorizonFigures) -> dict[str, Any]:
    rates = [
        Rate(name, band, share.share, share.interval.low, share.interval.high, share.of)
        for band, name in BAND_NAMES.items()
        if (share := figures.rules[band].precision).share is not None and share.interval is not None
    ]
    return {
        "roc": roc(figures.curves["score"], figures.curves["recency"]),
        "calibration": calibration(rates),
        "lead_bars": lead_time_bars(figures.lead_times.days),
        "rules": {name: figures.rules[name] for name in (AT_RISK, ATTENTION_OR_WORSE, RECENCY)},
    }
