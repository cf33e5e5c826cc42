from success import client_admin
from success.admin import policies, scores, tasks

__all__ = ["client_admin", "policies", "scores", "tasks"]
