from success import client_admin
from success.admin import feedback, policies, scores, tasks

__all__ = ["client_admin", "feedback", "policies", "scores", "tasks"]
