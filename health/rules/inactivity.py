from health.models import Alert
from health.rules.definition import Level, Rule
from health.rules.silence import LAST_ACTIVITY

# No event for 48 hours.
INACTIVITY = Rule(
    kind=Alert.Kind.INACTIVITY,
    levels=(Level(severity=Alert.Severity.WARNING, raises="silent_since <= inactive_if_since"),),
    evidence=LAST_ACTIVITY,
)
