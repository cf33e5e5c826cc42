from success import client_admin
from success.admin import feedback, insights, milestones, policies, scores, tasks

__all__ = ["client_admin", "feedback", "insights", "milestones", "policies", "scores", "tasks"]
