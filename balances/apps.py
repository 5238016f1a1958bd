"""Register the balances app and give each database connection what exact money needs."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models import Func
from django.db.models.expressions import CombinedExpression

from balances.fields import guard
from balances.sqlite import register_functions


class BalancesConfig(AppConfig):
    """Name the app `balances`; SQLite connections learn exact sums as they open, queries refuse inexact ones."""

    name = "balances"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register SQLite's exact functions on every new connection, and guard what computes."""
        connection_created.connect(register_functions, dispatch_uid="balances.exact_functions")
        for expressions in (CombinedExpression, Func):
            guard(expressions)
