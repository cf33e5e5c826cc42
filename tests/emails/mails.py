"""A context for each mail that does not come from the weekly chain."""

from types import SimpleNamespace
from typing import Any

ALERT = SimpleNamespace(get_kind_display="Zero activity", get_severity_display="Critical")
LINE = SimpleNamespace(
    alert=ALERT,
    client="Ada <i>Lovelace</i>",
    sentence="No activity since Nov. 13, 2026, 9 a.m.",
    link="https://mainstay.example/admin/health/alert/4/change/",
    tone="critical",
)
OF_ORGANIZATION: dict[str, Any] = {"organization_name": "Acme", "is_simulated": True}
ACCESS = OF_ORGANIZATION | {"username": "ada", "link": "https://mainstay.example/x", "days": 7}
NOTICE = OF_ORGANIZATION | {"lines": [LINE, LINE], "count": 2, "more": 3, "open": [("Critical", 3), ("Warning", 1)]}
LATE = SimpleNamespace(kind="job_late", evidence={"period": "2026-11-16", "dueAt": "2026-11-16T07:00"})

MAILS: dict[str, dict[str, Any]] = {
    "client_invitation": ACCESS,
    "password_link": ACCESS,
    "critical_alerts": NOTICE,
    "alert_digest": NOTICE,
    "operator_alert": {"finding": LATE, "job": SimpleNamespace(title="Success <score>")},
}
ALL = sorted(MAILS)
