"""Fill an empty demo with three tenants, people of every role, and credentials for the simulated providers."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.core.management import call_command
from django.db.models import QuerySet

from providers.models import Credential
from providers.simulator.faces import FACES
from providers.simulator.server import Simulator
from providers.tenancy.models import Membership, Role, Tenant

WORLD, SEED = "demo", 7
PASSWORD = "see-every-balance"  # printed on the terminal; the demo listens on loopback alone


@dataclass(frozen=True, kw_only=True)
class DemoTenant:
    """One company: its people by role, and its credentials by name and the simulator's slot."""

    slug: str
    name: str
    zone: str
    people: tuple[tuple[Role, str], ...]
    credentials: tuple[tuple[str, str], ...]


TENANTS = (
    DemoTenant(
        slug="meridian",
        name="Meridian Trading",
        zone="Africa/Cairo",
        people=(
            (Role.ADMIN, "Nour Haddad"),
            (Role.ANALYST, "Samir Aziz"),
            (Role.VIEWER, "Lena Fischer"),
            (Role.AUDITOR, "Omar Khalil"),
        ),
        credentials=(
            ("Treasury", "payman"),
            ("Collections", "payiano"),
            ("Wallets", "swipelux"),
            ("Sandbox", "payiano_sandbox"),
        ),
    ),
    DemoTenant(
        slug="harbour",
        name="Harbour Logistics",
        zone="Europe/Berlin",
        people=((Role.ADMIN, "Greta Lang"), (Role.VIEWER, "Tom Reuter")),
        credentials=(("Freight", "payman_other"), ("Wallets", "swipelux_other")),
    ),
    DemoTenant(
        slug="nile",
        name="Nile Retail Group",
        zone="Africa/Cairo",
        people=((Role.ADMIN, "Dina Mansour"), (Role.ANALYST, "Karim Fouad")),
        credentials=(("Stores", "payiano_other"),),
    ),
)


def email(tenant: DemoTenant, *, role: Role) -> str:
    """Name a demo person's address after the role, so that it can be guessed."""
    return f"{role.lower()}@{tenant.slug}.example"


def fill(simulator_url: str) -> list[tuple[Credential, str]]:
    """Make what is missing; what is there, and what people changed since, stays.

    Returns the credentials made now, with their slots in the simulator.
    """
    made: list[tuple[Credential, str]] = []
    world = Simulator(WORLD, seed=SEED)
    for tenant in TENANTS:
        if not Tenant.objects.filter(slug=tenant.slug).exists():
            call_command(
                "create_tenant", tenant.slug, name=tenant.name, timezone=tenant.zone, stdout=quiet()
            )
        for role, name in tenant.people:
            _add_person(tenant, role=role, name=name)
        for name, slot in tenant.credentials:
            known = _stored(tenant, name=name, slot=slot)
            if not known.exists():
                _add_credential(tenant, name=name, slot=slot, world=world, url=simulator_url)
                made.append((known.select_related("tenant").get(), slot))
    return made


def quiet() -> io.StringIO:
    """Swallow what a command says when all goes well."""
    return io.StringIO()


def _add_person(tenant: DemoTenant, *, role: Role, name: str) -> None:
    address = email(tenant, role=role)
    if Membership.unscoped.filter(tenant__slug=tenant.slug, user__email=address).exists():
        return
    arguments = ["--tenant", tenant.slug, "--role", role, "--name", name, "--password-stdin"]
    with standard_input(f"{PASSWORD}\n"):
        call_command("create_user", address, *arguments, stdout=quiet())


def _stored(tenant: DemoTenant, *, name: str, slot: str) -> QuerySet[Credential]:
    provider = slot.partition("_")[0]
    found: QuerySet[Credential] = Credential.unscoped.filter(
        tenant__slug=tenant.slug, provider=provider, name=name
    )
    return found


def _add_credential(
    tenant: DemoTenant, *, name: str, slot: str, world: Simulator, url: str
) -> None:
    provider, _, kind = slot.partition("_")
    settings = {
        "base_url": url + FACES[provider].prefix,
        "interval": "60",
        "requests_per_second": "20",
        **{key: ",".join(values) for key, values in world.settings.get(slot, {}).items()},
    }
    arguments = ["--tenant", tenant.slug, "--provider", provider, "--name", name, "--secrets-stdin"]
    arguments += ["--environment", "sandbox" if kind == "sandbox" else "live"]
    for key, value in settings.items():
        arguments += ["--set", f"{key}={value}"]
    with standard_input("".join(f"{key}={value}\n" for key, value in world.secrets[slot].items())):
        call_command("add_credential", *arguments, stdout=quiet())


@contextmanager
def standard_input(text: str) -> Iterator[None]:
    """Let a command read `text` where an operator would type or pipe a secret."""
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def move(simulator_url: str) -> None:
    """Point the demo's credentials to the simulator's new port, when the old one was taken."""
    host = urlsplit(simulator_url).netloc
    for credential in Credential.unscoped.filter(settings__base_url__startswith="http://127.0.0.1"):
        address = urlsplit(credential.settings["base_url"])
        if address.netloc != host:
            credential.settings["base_url"] = urlunsplit(address._replace(netloc=host))
            credential.save(update_fields=["settings"])
