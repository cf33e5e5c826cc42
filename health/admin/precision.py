"""The page that says how good each rule is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.admin import AdminSite
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.admin_access import EVERY_MEMBER, has_role
from accounts.admin_versions import organization_asked_for
from accounts.models import Organization
from health.models import Alert
from health.precision.churn import alert_lead_times, alert_rules
from health.precision.verdicts import DAYS, Verdicts, verdicts
from success.backtest.figures import HorizonFigures
from success.backtest.intervals import Interval
from success.backtest.judging import backtest
from success.backtest.lead_time import LeadTimes
from success.backtest.wording import NOT_ENOUGH, counted, percent, percents
from success.churn import version_of_marks

HORIZON = 60
REMEMBERED_SECONDS = 3600
MOST_ORGANIZATIONS = 500
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    figures: HorizonFigures
    leads: Mapping[str, LeadTimes]


def precision_view(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """GET: `organization` (an id, operators only; else all together)."""
    if not has_role(request, EVERY_MEMBER):
        raise PermissionDenied
    chosen = organization_asked_for(request)
    of = chosen.pk if chosen else None
    judged = _judged(of, as_of=timezone.localdate(timezone=chosen.timezone if chosen else None))
    context = site.each_context(request) | {
        "title": _("Precision of alerts"),
        "organizations": Organization.objects.order_by("name")[:MOST_ORGANIZATIONS]
        if request.user.is_superuser
        else [],
        "chosen": chosen,
        "days": DAYS,
        "horizon": HORIZON,
        "verdict_rows": [_verdict_row(each) for each in verdicts(of, as_of=timezone.now())],
        "churn_rows": [_churn_row(kind, judged) for kind in Alert.Kind],
        "size": judged.figures.size,
    }
    return TemplateResponse(request, "admin/health/precision.html", context)


def _judged(organization_id: int | None, *, as_of: date) -> Judged:
    """It takes seconds where there is much history, and changes slowly."""
    key = f"health-precision:{organization_id or 'all'}:{as_of}:{version_of_marks(organization_id)}"
    judged: Judged | None = cache.get(key)
    if judged is None:
        result = backtest(organization_id, as_of=as_of, horizons=(HORIZON,), rules=alert_rules())
        judged = Judged(result.horizons[0], alert_lead_times(organization_id, as_of=as_of))
        cache.set(key, judged, REMEMBERED_SECONDS)
    return judged


def _verdict_row(of: Verdicts) -> Row:
    interval = of.interval
    return (
        str(of.kind.label),
        f"{of.alerts:,}",
        _("%(useful)s of %(judged)s") % {"useful": f"{of.useful:,}", "judged": f"{of.judged:,}"},
        percent(of.share) if of.is_enough else _("not enough verdicts"),
        percents(Interval(interval.low, interval.high)) if interval else "–",
    )


def _churn_row(kind: Alert.Kind, judged: Judged) -> Row:
    leads = judged.leads[kind]
    rule = judged.figures.rules.get(kind)
    warned = f"{leads.warned:,} of {leads.warned + leads.unwarned:,}"
    lead = f"{leads.median:.0f}" if leads.median is not None and leads.median_interval else NOT_ENOUGH
    if rule is None:
        return (str(kind.label), "–", NOT_ENOUGH, "–", NOT_ENOUGH, "–", warned, lead)
    precision, recall = rule.precision, rule.recall
    shares = (counted(precision), percent(precision.share), percents(precision.interval))
    return (str(kind.label), *shares, percent(recall.share), percents(recall.interval), warned, lead)
