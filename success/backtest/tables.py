"""The figures as rows of text, the same for the page and the command."""

from success.backtest.figures import HorizonFigures, Share
from success.backtest.rules import AT_RISK, ATTENTION_OR_WORSE, BANDS, RECENCY
from success.backtest.wording import NOT_ENOUGH, counted, percent, percents, same_rate, signed

Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]
BAND_NAMES = {"at_risk": "At risk", "attention": "Needs attention", "good": "Good", "excellent": "Excellent"}
RULE_NAMES = {AT_RISK: "At risk", ATTENTION_OR_WORSE: "Needs attention or worse"}


def areas_table(figures: HorizonFigures) -> Table:
    """Of two scores, one followed by churn, how often it is the one that ranks as riskier."""
    rows: list[tuple[str, ...]] = [
        (name, f"{area.area:.3f}", f"{area.interval.low:.3f}–{area.interval.high:.3f}")
        for name, key in (("Score", "score"), ("Days without activity", "recency"))
        if (area := figures.areas.get(key))
    ]
    if figures.difference:
        gap = figures.difference
        rows.append(
            ("Difference, points", signed(gap.difference), f"{signed(gap.interval.low)} to {signed(gap.interval.high)}")
        )
    size = figures.size
    title = (
        f"Ranking (AUC): {size.observations:,} weekly scores of {size.clients:,} clients,"
        f" {size.churned:,} of them, of {size.churned_clients:,} clients, followed by churn"
    )
    return title, ("Ranking by", "AUC", "95 %"), rows or [("Score, days without activity", NOT_ENOUGH, "–")]


def rules_table(figures: HorizonFigures) -> Table:
    """Precision and recall of each rule, and how many of each band left."""
    header = ("Rule", "Followed by churn", "Precision", "95 %", "Clients", "Recall", "95 %")
    names = RULE_NAMES | {RECENCY: same_rate(figures).capitalize() or "Days without activity"}
    own = {*names, *BANDS}
    rows = [_rule_row(names.get(key, key), figures, key) for key in [*names, *(set(figures.rules) - own)]]
    rows += [_band_row(figures, band) for band in BANDS]
    return "Alarms, and what became of each band", header, [row for row in rows if row]


def leads_table(figures: HorizonFigures) -> Table:
    leads = figures.lead_times
    interval, quartiles = leads.median_interval, leads.quartiles
    row = (
        "Days at risk before leaving",
        f"{leads.warned:,} of {leads.warned + leads.unwarned:,}",
        f"{leads.median:.0f}" if interval and leads.median is not None else NOT_ENOUGH,
        f"{interval.low:.0f}–{interval.high:.0f}" if interval else "–",
        f"{quartiles.low:.0f}–{quartiles.high:.0f}" if interval and quartiles else "–",
    )
    return "Lead time", ("", "Clients warned", "Median", "95 %", "Middle half"), [row]


def _rule_row(name: str, figures: HorizonFigures, key: str) -> tuple[str, ...]:
    if key not in figures.rules:
        return ()
    precision, recall = figures.rules[key].precision, figures.rules[key].recall
    return (name, *_share(precision), f"{precision.clients:,}", percent(recall.share), percents(recall.interval))


def _band_row(figures: HorizonFigures, band: str) -> tuple[str, ...]:
    if band not in figures.rules:
        return ()
    rate = figures.rules[band].precision
    return (f"Band: {BAND_NAMES[band]}", *_share(rate), f"{rate.clients:,}", "", "")


def _share(share: Share) -> tuple[str, str, str]:
    return counted(share), percent(share.share), percents(share.interval)
