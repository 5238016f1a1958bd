"""Register the balances app and give each database connection what exact money needs."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from balances.fields import register_functions


class BalancesConfig(AppConfig):
    """Name the app `balances`; SQLite connections learn exact sums as they open."""

    name = "balances"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register SQLite's exact functions on every new connection."""
        connection_created.connect(register_functions, dispatch_uid="balances.exact_functions")
