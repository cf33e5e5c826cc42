from success.insights.rule import APPLICATION, Rule, priority
from success.models import Insight

# Silence is what loses clients, so it comes first of all; a single active day is worth a word, no more.
RECOMMENDATION = Rule(
    kind=Insight.Kind.RECOMMENDATION,
    holds="active_days < 2",
    priority=(
        f"CASE WHEN events = 0 THEN {priority(Insight.Priority.HIGH)} ELSE {priority(Insight.Priority.NORMAL)} END"
    ),
    evidence={"activeDays": "active_days", "events": "events", "eventsBefore": "events_before"},
    action=APPLICATION,
)
