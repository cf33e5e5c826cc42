from success import client_admin
from success.admin import churn, consents, feedback, insights, milestones, policies, scores, tasks

__all__ = ["churn", "client_admin", "consents", "feedback", "insights", "milestones", "policies", "scores", "tasks"]
