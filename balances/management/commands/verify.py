"""Check what must always hold, and name what does not."""

from typing import Any

from django.core.management.base import BaseCommand

from balances.invariants import INVARIANTS
from balances.results import snapshot

LONGEST_SECONDS = 3600


class Command(BaseCommand):
    """Check every invariant; print each break; exit 1 when there is one."""

    help = "Check the invariants of the stored data; exit status 1 names each break."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run all checks on one state of the data, while workers go on writing."""
        with snapshot(seconds=LONGEST_SECONDS):
            breaks = [f"{each.name}: {found}" for each in INVARIANTS for found in each.check()]
        for each in breaks:
            self.stdout.write(each)
        if breaks:
            self.stderr.write(f"{len(breaks)} breaks of {len(INVARIANTS)} invariants.")
            raise SystemExit(1)
        self.stdout.write(f"All {len(INVARIANTS)} invariants hold.")
