"""Make closings that are due at once, as after a long stand-still; workers make them by themselves."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from balances.closings import making
from providers.schedule import database_now
from providers.tenancy.models import Tenant


class Command(BaseCommand):
    """Close every business day that has ended and was not closed yet, tenant by tenant."""

    help = "Make the daily closings that are due, from the first reading on; those made stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whose days are closed."""
        parser.add_argument("--tenant", help="the tenant's slug; without it, all tenants")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per tenant. Raises: CommandError, for an unknown tenant."""
        tenants = Tenant.objects.order_by("slug")
        if options["tenant"]:
            tenants = tenants.filter(slug=options["tenant"])
        if options["tenant"] and not tenants:
            raise CommandError(f"There is no tenant {options['tenant']!r}.")
        for tenant in tenants:
            made = making.make(tenant, now=database_now())
            told = f"{len(made)} days closed, {made[0]} to {made[-1]}" if made else "nothing to do"
            self.stdout.write(f"{tenant.slug}: {told}")
