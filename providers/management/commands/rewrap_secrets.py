"""Seal every secret under the first key of the ring, so that an old key can be taken out of it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers.sealing import SealingError
from providers.services.secrets import rewrap_secrets


class Command(BaseCommand):
    """Rewrap what another key sealed; a run that was killed is started again."""

    help = "Seal every secret again under the first of SEALING_KEYS; run it before an old key is removed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rewrap, and say how many. Raises: CommandError, when a secret cannot be opened."""
        try:
            rewrapped = rewrap_secrets()
        except SealingError as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(f"{rewrapped} secrets sealed again")
