"""What the figures mean, in sentences."""

from success.backtest.figures import FEWEST_CLIENTS, Difference, HorizonFigures, Share
from success.backtest.intervals import Interval
from success.backtest.rules import AT_RISK, RECENCY

NOT_ENOUGH = "not enough data"


def summary(figures: HorizonFigures) -> list[str]:
    """What was seen, how well the at-risk band told it, and whether silence alone would have told it better."""
    if not figures.size.is_enough:
        return [_missing(figures)]
    return [line for line in (_precision(figures), _recall(figures), _lead(figures), _rival(figures)) if line]


def _missing(figures: HorizonFigures) -> str:
    size = figures.size
    return (
        f"Not enough data: {size.churned_clients:,} clients left within {figures.days} days of a score and"
        f" {size.retained_clients:,} did not; at least {FEWEST_CLIENTS} of either are needed."
    )


def _precision(figures: HorizonFigures) -> str:
    precision = figures.rules[AT_RISK].precision
    if precision.interval is None:
        return (
            f"Too few clients had an at-risk score to say how many of them leave within {figures.days} days:"
            f" {precision.clients:,}."
        )
    base = figures.size.churned / figures.size.observations
    return (
        f"Of {precision.of:,} at-risk scores, {precision.hits:,} were followed by churn within {figures.days} days:"
        f" {percent(precision.share)} ({percents(precision.interval)}, {precision.clients:,} clients). Of all scores it"
        f" was {percent(base)}."
    )


def _recall(figures: HorizonFigures) -> str:
    recall = figures.rules[AT_RISK].recall
    return (
        f"Of the scores that were followed by churn, {recall.hits:,} of {recall.of:,} at risk: {percent(recall.share)}"
        f" ({percents(recall.interval)}, {recall.clients:,} clients who left)."
    )


def _lead(figures: HorizonFigures) -> str:
    leads = figures.lead_times
    everybody = leads.warned + leads.unwarned
    text = f"At risk up to the end: {leads.warned:,} of {everybody:,} clients who left"
    if leads.median_interval is None or leads.quartiles is None:
        return f"{text}; not enough to say for how long."
    return (
        f"{text}, for {leads.median:.0f} days in the middle (half of them for {leads.quartiles.low:.0f}–"
        f"{leads.quartiles.high:.0f} days)."
    )


def _rival(figures: HorizonFigures) -> str:
    difference = figures.difference
    if difference is None:
        return ""
    score, recency = figures.areas["score"], figures.areas["recency"]
    return (
        f"Of 100 pairs of a score that was followed by churn and one that was not, the score ranks"
        f" {score.area * 100:.0f} rightly, days without activity {recency.area * 100:.0f}: {verdict(difference)}."
    )


def verdict(difference: Difference) -> str:
    points = f"{abs(difference.difference) * 100:.1f} points"
    reach = f"{signed(difference.interval.low)} to {signed(difference.interval.high)}"
    if difference.interval.low > 0:
        return f"the score is better by {points} ({reach})"
    if difference.interval.high < 0:
        return f"silence alone is better by {points} ({reach})"
    return f"no difference that could not be chance ({reach} points)"


def same_rate(figures: HorizonFigures) -> str:
    """How the rule by silence was made comparable."""
    if figures.cut is None:
        return ""
    of = figures.rules[RECENCY].precision.of
    days = "1 day" if figures.cut == 1 else f"{figures.cut:,} days"
    return f"{days} without activity or more, which raises {of:,} alarms"


def percent(share: float | None) -> str:
    return NOT_ENOUGH if share is None else f"{share * 100:.{0 if share >= 0.1 else 1}f} %"


def percents(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    places = 0 if interval.low >= 0.1 else 1
    return f"{interval.low * 100:.{places}f}–{interval.high * 100:.{places}f} %"


def counted(share: Share) -> str:
    return f"{share.hits:,} of {share.of:,}"


def signed(share: float) -> str:
    return f"{share * 100:+.1f}".replace("-", "−")
