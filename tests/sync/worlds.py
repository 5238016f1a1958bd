"""Connect a tenant to the simulated providers, and compare what we hold with what is there."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils import timezone

from balances.models import Balance
from providers.models import Credential
from providers.services import credentials
from providers.services.drafts import Entered, check
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant

PROVIDERS = ("payman", "payiano", "swipelux")
Figures = dict[tuple[str, str], tuple[Decimal | None, Decimal | None]]


def connect(
    tenant: Tenant, simulator: Simulator, slot: str, *, name: str = "", **settings: Any
) -> Credential:
    """Save a credential for one of the simulator's slots, without a test read."""
    provider, _, kind = slot.partition("_")
    entered = Entered(
        tenant=tenant,
        provider=provider,
        environment="SANDBOX" if kind == "sandbox" else "LIVE",
        name=name or slot,
        settings={
            "base_url": simulator.base_url(slot),
            "requests_per_second": "50",
            **simulator.settings.get(slot, {}),
            **settings,
        },
        secrets=simulator.secrets[slot],
    )
    return credentials.create(check(entered), actor=None, now=timezone.now())


def held(credential: Credential) -> Figures:
    """Return what we hold of a credential, by reference and currency."""
    found = Balance.unscoped.filter(account__credential=credential, missing_since=None)
    rows = found.values_list("account__external_ref", "currency", "available", "pending")
    return {(ref, currency): (available, pending) for ref, currency, available, pending in rows}


def truth(simulator: Simulator, slot: str) -> Figures:
    """Return what the provider would say now."""
    return dict(_told(simulator, slot))


def _told(
    simulator: Simulator, slot: str
) -> Iterator[tuple[tuple[str, str], tuple[Decimal | None, Decimal | None]]]:
    for place, figures in simulator.truth(slot).items():
        yield place, (figures["available"], figures["pending"])
