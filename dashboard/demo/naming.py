"""Give the demo's accounts the names an analyst would: two of the providers send none."""

from collections.abc import Iterable

from django.utils import timezone

from balances.lifecycle import rename_account
from balances.models import Account
from dashboard.demo import seed
from providers.models import Credential
from providers.simulator.server import Simulator
from providers.tenancy.models import Role, User


class Naming:
    """Name the accounts of new credentials as soon as a worker has read them, and never again."""

    def __init__(self, made: Iterable[tuple[Credential, str]]) -> None:
        """Take credentials with the simulator's slot each was made for."""
        self.waiting = list(made)
        self.companies = Simulator(seed.WORLD, seed=seed.SEED).world.companies

    def step(self) -> None:
        """Name what has come since the last step."""
        self.waiting = [pair for pair in self.waiting if not self._name(*pair)]

    def _name(self, credential: Credential, slot: str) -> bool:
        """Name the accounts of one credential; tell whether they were there."""
        accounts = list(Account.objects.for_tenant(credential.tenant).filter(credential=credential))
        known = self.companies[slot].accounts
        analyst = User.objects.filter(
            email__endswith=f"@{credential.tenant.slug}.example",
            memberships__role__in=(Role.ANALYST, Role.ADMIN),
        ).first()
        for account in accounts:
            name = known[account.external_ref].name if account.external_ref in known else ""
            if name and not account.name:
                rename_account(account, display_name=name, actor=analyst, now=timezone.now())
        return bool(accounts)
