"""Health checks in the plain way: one client after the other, a handful of ORM queries each."""

from datetime import date, datetime, timedelta

from accounts.models import Client
from health.models import Alert, AlertEntry, HealthPolicy
from success.models import Score, Task
from telemetry.models import ClientActivity

Found = tuple[Alert.Kind, int, dict[str, object]] | None
WEEK = timedelta(days=7)


def check_client(client: Client, *, policy: HealthPolicy, as_of: datetime) -> None:
    """Every rule by the book, one query for each question."""
    found: dict[Alert.Matter, Found] = {
        Alert.Matter.SILENCE: _silence(client, policy, as_of),
        Alert.Matter.TASKS: _stalled(client, policy, as_of),
        Alert.Matter.SCORE: _drop(client, policy),
        Alert.Matter.CHURN: _risk(client, policy),
    }
    for matter, finding in found.items():
        _follow(client, matter, finding, as_of)


def _silence(client: Client, policy: HealthPolicy, as_of: datetime) -> Found:
    activity = ClientActivity.objects.filter(organization_id=client.organization_id, client=client).first()
    last_at = activity.last_at if activity else None
    silent = as_of - (last_at or client.created_at)
    evidence: dict[str, object] = {"lastActivityAt": last_at.isoformat() if last_at else None}
    if silent >= timedelta(days=policy.user_inactivity_high_days):
        return Alert.Kind.USER_INACTIVITY, Alert.Severity.CRITICAL, evidence
    if silent >= timedelta(days=policy.user_inactivity_days):
        return Alert.Kind.USER_INACTIVITY, Alert.Severity.WARNING, evidence
    if silent >= timedelta(hours=policy.zero_activity_hours):
        return Alert.Kind.ZERO_ACTIVITY, Alert.Severity.CRITICAL, evidence
    if silent >= timedelta(hours=policy.inactivity_hours):
        return Alert.Kind.INACTIVITY, Alert.Severity.WARNING, evidence
    return None


def _stalled(client: Client, policy: HealthPolicy, as_of: datetime) -> Found:
    task = (
        Task.objects.filter(
            organization_id=client.organization_id,
            client=client,
            status=Task.Status.IN_PROGRESS,
            updated_at__lte=as_of - timedelta(hours=policy.stalled_hours),
        )
        .order_by("updated_at")
        .first()
    )
    return (Alert.Kind.TASK_STALLED, Alert.Severity.WARNING, {"task": task.pk}) if task else None


def _drop(client: Client, policy: HealthPolicy) -> Found:
    newest = _newest(client)
    older = _newest(client, up_to=newest.period_end - WEEK) if newest else None
    if not newest or not older or newest.overall is None or older.overall is None:
        return None
    dropped = older.overall - newest.overall
    if dropped < policy.drop_points:
        return None
    severity = Alert.Severity.CRITICAL if dropped >= policy.drop_critical_points else Alert.Severity.WARNING
    return Alert.Kind.SCORE_DROP, severity, {"score": newest.overall, "scoreBefore": older.overall}


def _risk(client: Client, policy: HealthPolicy) -> Found:
    scores = Score.objects.filter(organization_id=client.organization_id, client=client, period_end__iso_week_day=1)
    week = scores.order_by("-period_end").first()
    if not week or week.overall is None or week.overall >= policy.risk_below:
        return None
    before = scores.filter(period_end=week.period_end - WEEK).first()
    if not before or not _declines(client, week) or not _declines(client, before):
        return None
    return Alert.Kind.CHURN_RISK, Alert.Severity.CRITICAL, {"score": week.overall}


def _newest(client: Client, *, up_to: date = date.max) -> Score | None:
    return (
        Score.objects.filter(organization_id=client.organization_id, client=client, period_end__lte=up_to)
        .select_related("policy")
        .order_by("-period_end")
        .first()
    )


def _declines(client: Client, score: Score) -> bool:
    older = _newest(client, up_to=score.period_end - WEEK)
    if not older or older.overall is None or score.overall is None:
        return False
    return score.overall - older.overall <= -score.policy.trend_points


def _follow(client: Client, matter: Alert.Matter, found: Found, as_of: datetime) -> None:
    alert = Alert.objects.filter(
        organization_id=client.organization_id, client=client, matter=matter, resolved_at=None
    ).first()
    if found and not alert:
        kind, severity, evidence = found
        alert = Alert.objects.create(
            organization_id=client.organization_id, client=client, matter=matter, kind=kind, severity=severity,
            evidence=evidence, opened_at=as_of, changed_at=as_of,
        )  # fmt: skip
        _log(alert, AlertEntry.Step.OPENED, as_of)
    elif found and alert and (alert.kind, alert.severity) != found[:2]:
        alert.kind, alert.severity, alert.evidence = found
        alert.changed_at = as_of
        alert.save()
        _log(alert, AlertEntry.Step.ESCALATED, as_of)
    elif alert and not found:
        alert.resolved_at = alert.ended_at = as_of
        alert.resolution = Alert.Resolution.CONDITION_ENDED
        alert.save()
        _log(alert, AlertEntry.Step.RESOLVED, as_of)


def _log(alert: Alert, step: AlertEntry.Step, as_of: datetime) -> None:
    AlertEntry.objects.create(
        organization_id=alert.organization_id, alert=alert, step=step, at=as_of,
        after={"kind": alert.kind, "severity": alert.severity},
    )  # fmt: skip
