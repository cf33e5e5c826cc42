from health.models import Alert
from health.rules.definition import Level, Rule

# The task in progress that waits longest for an update; ties fall to the older task.
TASKS = """
SELECT DISTINCT ON (task.client_id) task.client_id, task.id AS task_id, task.updated_at AS untouched_since
FROM success_task AS task
JOIN accounts_client AS client ON client.organization_id = task.organization_id AND client.id = task.client_id
WHERE task.status = 'in_progress' AND {watched}
ORDER BY task.client_id, task.updated_at, task.id
"""

# A task in progress with no update for 72 hours.
TASK_STALLED = Rule(
    kind=Alert.Kind.TASK_STALLED,
    levels=(Level(severity=Alert.Severity.WARNING, raises="untouched_since <= stalled_if_since"),),
    evidence={"task": "task_id", "updatedAt": "untouched_since"},
)
