"""Enter credentials as an admin would, against the simulator."""

import json
from datetime import UTC, datetime
from typing import Any

from providers.models import Credential
from providers.services import credentials
from providers.services.drafts import Draft, Entered, check
from providers.services.secrets import settings_of
from providers.tenancy.models import Tenant

NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 10, 45, tzinfo=UTC)


def one_held(credential: Credential) -> frozenset[str]:
    """Hold one reference that no key of the simulator opens."""
    return frozenset({"01-ours-alone"})


def enter(tenant: Tenant, simulator: Any, slot: str = "payiano", **changes: Any) -> Entered:
    """Fill the form for a slot of the simulator; `changes` replace fields, `settings` join."""
    provider = slot.partition("_")[0]
    settings = {"base_url": simulator.base_url(slot), **simulator.settings.get(slot, {})}
    fields: dict[str, Any] = {
        "provider": provider,
        "environment": "SANDBOX" if slot.endswith("_sandbox") else "LIVE",
        "name": slot,
        "secrets": simulator.secrets[slot],
    }
    settings |= changes.pop("settings", {})
    return Entered(tenant=tenant, settings=settings, **(fields | changes))


# What a provider may call a company, and what can be kept of it.
NAMES = [("N" * 255, "N" * 200), ("a\x00b", "a\ufffdb"), ("a\ud800b", "a\ufffdb")]


def call_company(simulator: Any, slot: str, name: str) -> None:
    """Have a provider call the company behind a key by this name."""
    told: dict[str, Any]
    if slot == "payiano":
        path, told = "/app/whoami", {"app": {"id": "01-acme", "name": name}}
    else:
        path, told = "/me", {"agentId": "agt-acme", "handle": "acme", "name": name}
    simulator.fault("body", path=path, text=json.dumps(told), status=200)


def edit(saved: Credential, **changes: Any) -> Draft:
    """Edit a saved credential, the secrets left empty unless given."""
    settings = {**settings_of(saved), **changes.pop("settings", {})}
    fields: dict[str, Any] = {
        "provider": saved.provider,
        "environment": saved.environment,
        "name": saved.name,
        "secrets": {},
    }
    return check(Entered(tenant=saved.tenant, saved=saved, settings=settings, **(fields | changes)))


def save(tenant: Tenant, simulator: Any, slot: str = "payiano", **changes: Any) -> Credential:
    """Save a credential for a slot, without a test."""
    draft = check(enter(tenant, simulator, slot, **changes))
    return credentials.create(draft, actor=None, now=NOW)
