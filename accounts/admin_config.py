from django.contrib.admin.apps import AdminConfig


class MainstayAdminConfig(AdminConfig):
    default_site = "accounts.admin_site.MainstayAdminSite"
