from success.insights.rule import SUCCESS_PAGE, Rule, priority
from success.models import Insight

ACHIEVEMENT = Rule(
    kind=Insight.Kind.ACHIEVEMENT,
    holds="content_generated + visuals_created > 0",
    priority=priority(Insight.Priority.NORMAL),
    evidence={"contentGenerated": "content_generated", "visualsCreated": "visuals_created"},
    action=f"{SUCCESS_PAGE}#why",
)
