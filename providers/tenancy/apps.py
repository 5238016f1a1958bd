"""Register the tenancy app, the floor every other app stands on."""

from django.apps import AppConfig


class TenancyConfig(AppConfig):
    """Name the app `tenancy`, as migrations and AUTH_USER_MODEL know it."""

    name = "providers.tenancy"
    label = "tenancy"
    default_auto_field = "django.db.models.BigAutoField"
