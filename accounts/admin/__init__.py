"""The admin pages of the accounts app, a file for each model."""

from django.contrib import admin
from django.contrib.auth.models import Group

from accounts.admin import api_keys, audit_log, members, organizations, users

__all__ = ["api_keys", "audit_log", "members", "organizations", "users"]

# Roles are a member's place in an organization; Django's groups would be a second, silent way to give rights.
if admin.site.is_registered(Group):
    admin.site.unregister(Group)
