from health.models.alerts import Alert, AlertEntry
from health.models.notes import ClientNote
from health.models.notices import NoticePreference
from health.models.operator_alerts import OperatorAlert
from health.models.policies import HealthPolicy, Holiday

__all__ = [
    "Alert",
    "AlertEntry",
    "ClientNote",
    "HealthPolicy",
    "Holiday",
    "NoticePreference",
    "OperatorAlert",
]
