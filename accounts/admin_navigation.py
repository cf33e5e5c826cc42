"""The admin's sidebar, from settings.ADMIN_NAVIGATION: each entry names a model or a page of the admin."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.admin_access import has_role
from accounts.models import Membership

Entry = dict[str, Any]


def navigation(request: HttpRequest) -> list[Entry]:
    """Groups of the links that this person may follow; a group without any is left out."""
    groups: list[Entry] = [
        {
            # gettext("") would be the catalogue's head.
            "title": group["title"] and _(group["title"]),
            "separator": bool(group["title"]),
            "items": [link for entry in group["items"] if (link := _link(entry, request))],
        }
        for group in settings.ADMIN_NAVIGATION
    ]
    links = [link for group in groups for link in group["items"]]
    current = _current([link["link"] for link in links], request.path)
    for link in links:
        # Said here, for Unfold would mark every link whose path is part of the page's.
        link["active"] = link["link"] == current
    return [group for group in groups if group["items"]]


def _current(addresses: list[str], page: str) -> str | None:
    """The nearest of the addresses above a page; the home page is above none but itself."""
    above = [
        address
        for address in addresses
        if page == address or (page.startswith(address) and address != reverse("admin:index"))
    ]
    return max(above, key=len, default=None)


def _link(entry: Entry, request: HttpRequest) -> Entry | None:
    address = _of_model(entry["model"], request) if "model" in entry else _of_page(entry, request)
    if not address:
        return None
    link: Entry = {"title": _(entry["title"]), "icon": entry["icon"], "link": address}
    # Unfold would show the path of a callback that has nothing to say.
    if text := import_string(entry["badge"])(request) if "badge" in entry else "":
        link |= {"badge": text, "badge_variant": entry["badge_variant"]}
    return link


def _of_model(label: str, request: HttpRequest) -> str | None:
    model = apps.get_model(label)
    model_admin = admin.site._registry.get(model)  # noqa: SLF001 - its public twin makes a list of all for each call
    if model_admin is None or not model_admin.has_view_or_change_permission(request):
        return None
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")  # noqa: SLF001


def _of_page(entry: Entry, request: HttpRequest) -> str | None:
    roles = [Membership.Role(role) for role in entry.get("roles", Membership.Role)]
    if not has_role(request, roles):
        return None
    try:
        return reverse(entry["page"])
    except NoReverseMatch:
        return None
