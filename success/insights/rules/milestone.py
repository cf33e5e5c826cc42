from success.insights.rule import SUCCESS_PAGE, Rule, priority
from success.models import Insight

# What is counted is activity, in whatever application it happened; the client's tasks here may be others.
MILESTONE = Rule(
    kind=Insight.Kind.MILESTONE,
    holds="tasks_completed > 0",
    priority=priority(Insight.Priority.NORMAL),
    evidence={"tasksCompleted": "tasks_completed"},
    action=f"{SUCCESS_PAGE}#why",
)
