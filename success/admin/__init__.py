from success import client_admin
from success.admin import churn, feedback, insights, milestones, policies, scores, tasks

__all__ = ["churn", "client_admin", "feedback", "insights", "milestones", "policies", "scores", "tasks"]
