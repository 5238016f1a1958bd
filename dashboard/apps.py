"""Register the system checks of the project."""

from django.apps import AppConfig

from dashboard import checks


class DashboardConfig(AppConfig):
    """Run the start-up checks with every command, and the rest with `check --deploy`."""

    name = "dashboard"

    def ready(self) -> None:
        """Register the checks, and stop every process whose links upward lead nowhere."""
        checks.register_all()
        checks.refuse_broken_links()
