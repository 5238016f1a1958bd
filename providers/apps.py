"""Register the providers app: credentials, runs, and the connectors that read balances."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """Name the app `providers`."""

    name = "providers"
    default_auto_field = "django.db.models.BigAutoField"
