"""The console as its pages show it."""

from typing import Any

from django.test import Client as Browser

from accounts.models import User
from accounts.tenancy import all_organizations
from health.models import Alert, AlertEntry

LIST = "/admin/health/alert/"
STEP = f"{LIST}step/"


def page_of(alert: Alert) -> str:
    return f"{LIST}{alert.pk}/change/"


def listed(browser: Browser, **parameters: Any) -> list[int]:
    """The ids on the list, in its order."""
    response = browser.get(LIST, parameters)
    assert response.status_code == 200
    return [alert.pk for alert in response.context["cl"].result_list]


def counts(browser: Browser, **parameters: Any) -> dict[str, int | None]:
    """By the views' titles."""
    return {str(view["title"]): view["count"] for view in browser.get(LIST, parameters).context["alert_views"]}


def take(browser: Browser, step: str, *alerts: Any, **values: Any) -> Any:
    """The answer to a step; alerts or what is sent as their ids."""
    ids = ",".join(str(alert.pk if isinstance(alert, Alert) else alert) for alert in alerts)
    return browser.post(STEP, {"step": step, "alerts": ids, "next": LIST, "note": "", **values})


def choose(browser: Browser, action: str, *alerts: Alert, **values: Any) -> Any:
    """The answer to a bulk action of the list."""
    return browser.post(LIST, {"action": action, "_selected_action": [alert.pk for alert in alerts], **values})


def told(response: Any) -> list[str]:
    """The messages that this answer adds."""
    return [str(message) for message in response.wsgi_request._messages._queued_messages]


def state(alert: Alert) -> dict[str, Any]:
    """What members have made of it."""
    names = ("owner", "acknowledged_by", "snoozed_until", "resolved_by", "resolution", "verdict")
    with all_organizations():
        row: dict[str, Any] = Alert.objects.values(*names).get(pk=alert.pk)
    return {name: value for name, value in row.items() if value not in (None, "")}


def steps_of(alert: Alert) -> list[tuple[str, str]]:
    """Step and note of the members' entries in the log."""
    with all_organizations():
        entries = AlertEntry.objects.filter(alert=alert, actor__isnull=False).order_by("id")
        return list(entries.values_list("step", "note"))


def username(browser: Browser) -> str:
    return str(user_of(browser).username)


def user_of(browser: Browser) -> User:
    return User.objects.get(pk=browser.session["_auth_user_id"])
