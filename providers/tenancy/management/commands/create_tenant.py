"""Make a tenant: `manage.py create_tenant SLUG --name N [--timezone Africa/Cairo]`; again changes nothing."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from providers.tenancy import people
from providers.tenancy.models import Tenant


class Command(BaseCommand):
    """Make a tenant, once."""

    help = "Make a tenant; one that exists is left as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("slug", help="first word of its addresses")
        parser.add_argument("--name", required=True)
        parser.add_argument("--timezone", default="UTC", help="IANA name, such as Africa/Cairo")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the tenant unless it exists. Raises: CommandError."""
        slug = options["slug"]
        if Tenant.objects.filter(slug=slug).exists():
            self.stdout.write(f"{slug} exists")
            return
        try:
            people.create_tenant(slug, name=options["name"], time_zone=options["timezone"])
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from fault
        self.stdout.write(f"{slug} made")
