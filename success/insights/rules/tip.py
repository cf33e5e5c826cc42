from success.insights.rule import SUCCESS_PAGE, Rule, priority
from success.models import Insight

# 75 % or more in whole numbers. Low: it stands there each week until the last task is done.
TIP = Rule(
    kind=Insight.Kind.TIP,
    holds="onboarding_done < onboarding_tasks AND 4 * onboarding_done >= 3 * onboarding_tasks",
    priority=priority(Insight.Priority.LOW),
    evidence={"onboardingDone": "onboarding_done", "onboardingTasks": "onboarding_tasks"},
    action=f"{SUCCESS_PAGE}#tasks",
)
