"""Add a credential: secrets come as `field=value` lines on standard input, never as arguments."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from providers.connectors import CONNECTORS
from providers.connectors.base import SettingsError, Verdict
from providers.models import Environment
from providers.sealing import SealingError
from providers.services import credentials
from providers.services.drafts import Draft, Entered, check, check_environment
from providers.services.verification import probe
from providers.tenancy.management.stdin import text_of
from providers.tenancy.models import Tenant


class Command(BaseCommand):
    """Check, test and save a credential, then print its id."""

    help = "Add a provider credential to a tenant, after one test read; prints its id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments; a secret never is one."""
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--provider", required=True, choices=list(CONNECTORS))
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--environment", default=Environment.LIVE, type=str.upper, choices=Environment.values
        )
        parser.add_argument(
            "--set", nargs="+", action="extend", default=[], metavar="key=value", dest="set"
        )
        parser.add_argument(
            "--secrets-stdin",
            action="store_true",
            help="read field=value lines from standard input",
        )
        parser.add_argument("--no-test", action="store_true", help="save without reading once")

    def handle(self, *args: Any, **options: Any) -> None:
        """Save and print the id. Raises: CommandError, with nothing saved."""
        try:
            draft = check(_entered(options))
            self._warn_of_environment(draft)
            verdict = None if options["no_test"] else self._test(draft)
            saved = credentials.create(draft, actor=None, now=timezone.now(), verdict=verdict)
        except (SettingsError, SealingError) as fault:
            raise CommandError(str(fault)) from None
        self.stdout.write(saved.public_id)

    def _warn_of_environment(self, draft: Draft) -> None:
        try:
            check_environment(draft)
        except SettingsError as fault:
            self.stderr.write(f"Warning: {fault}")

    def _test(self, draft: Draft) -> Verdict:
        """Read once. Raises: CommandError, naming the part that failed."""
        finding = probe(draft)
        if not finding.verdict.ok:
            step = finding.verdict.steps[-1]
            raise CommandError(f"The test failed at {step.name}: {step.detail}")
        for other in finding.also_through:
            self.stderr.write(f"Warning: this is already read through {other.name}.")
        return finding.verdict


@sensitive_variables()
def _entered(options: dict[str, Any]) -> Entered:
    tenant = Tenant.objects.filter(slug=options["tenant"]).first()
    if tenant is None:
        raise CommandError(f"There is no tenant {options['tenant']}.")
    lines = text_of(sys.stdin.read).splitlines() if options["secrets_stdin"] else []
    return Entered(
        tenant=tenant,
        provider=options["provider"],
        environment=options["environment"],
        name=options["name"],
        settings=dict(_pair(text, what=f"--set {text}") for text in options["set"]),
        secrets=dict(
            _pair(line, what=f"line {number} of standard input")
            for number, line in enumerate(lines, 1)
            if line.strip()
        ),
    )


def _pair(text: str, *, what: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise CommandError(f"Expected key=value: {what}.")
    return name.strip(), value.strip()
