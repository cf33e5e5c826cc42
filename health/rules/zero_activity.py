from health.models import Alert
from health.rules.definition import Level, Rule
from health.rules.silence import LAST_ACTIVITY

# No event for three days.
ZERO_ACTIVITY = Rule(
    kind=Alert.Kind.ZERO_ACTIVITY,
    levels=(Level(severity=Alert.Severity.CRITICAL, raises="silent_since <= zero_if_since"),),
    evidence=LAST_ACTIVITY,
)
