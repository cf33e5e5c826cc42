"""`{% load alert_badge %}{% alert_badge %}` on a staff page shows how many alerts are open."""

from typing import Any

from django import template

from health.badge import badge_of_request

register = template.Library()


@register.inclusion_tag("admin/health/badge.html", takes_context=True)
def alert_badge(context: template.Context) -> dict[str, Any]:
    return {"badge": badge_of_request(context["request"])}
