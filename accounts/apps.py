from django.apps import AppConfig
from django.db.backends.signals import connection_created


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        from accounts import serving_role

        connection_created.connect(serving_role.refuse_privileged_role, dispatch_uid="accounts.serving_role")
