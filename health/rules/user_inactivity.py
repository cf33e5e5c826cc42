from health.models import Alert
from health.rules.definition import Level, Rule
from health.rules.silence import LAST_ACTIVITY

# No activity for 21 days, and for 45.
USER_INACTIVITY = Rule(
    kind=Alert.Kind.USER_INACTIVITY,
    levels=(
        Level(severity=Alert.Severity.WARNING, raises="silent_since <= long_if_since"),
        Level(severity=Alert.Severity.CRITICAL, raises="silent_since <= very_long_if_since"),
    ),
    evidence=LAST_ACTIVITY,
)
