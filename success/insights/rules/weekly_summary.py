from success.insights.rule import SUCCESS_PAGE, Rule, priority
from success.models import Insight

# Everybody has one, every week: it must not stand before what is special about the week.
WEEKLY_SUMMARY = Rule(
    kind=Insight.Kind.WEEKLY_SUMMARY,
    holds="true",
    priority=priority(Insight.Priority.LOW),
    evidence={
        "activeDays": "active_days",
        "events": "events",
        "eventsBefore": "events_before",
        "contentGenerated": "content_generated",
        "visualsCreated": "visuals_created",
        "tasksCompleted": "tasks_completed",
        "overall": "overall",
        "change": "change",
        "trend": "trend",
    },
    action=f"{SUCCESS_PAGE}#why",
)
