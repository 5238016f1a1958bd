"""Check what an admin entered for a credential, before anything is asked or saved."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.connectors import CONNECTORS
from providers.connectors.base import Connector, FieldGroup, SettingsError, Values
from providers.connectors.base import Secret as Veiled
from providers.connectors.fields import parse_secrets
from providers.errors import HostRefused
from providers.http import allowed_origin
from providers.models import Credential, Secret
from providers.rows import Environment
from providers.services.secrets import open_secrets, settings_of
from providers.tenancy.models import Tenant

logger = logging.getLogger(__name__)

WHOLE_FORM = "__all__"
NAME_LENGTH = 80


@dataclass(frozen=True, kw_only=True)
class Entered:
    """Hold the raw entries for one credential; `saved` is the one being edited."""

    tenant: Tenant
    provider: str
    environment: str
    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    saved: Credential | None = None

    @property
    def connector(self) -> Connector:
        """Return who speaks to this provider."""
        return CONNECTORS[self.provider]

    @property
    def world(self) -> Environment:
        """Return the environment, which a saved credential never leaves."""
        return Environment(self.saved.environment if self.saved else self.environment)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Hold a checked credential that is not saved yet.

    `settings` are plain values as stored, the schedule among them. `secrets` are those entered
    anew; a saved one that was left empty is kept, unless scheme, host or port moved.
    """

    tenant: Tenant
    connector: Connector
    environment: Environment
    name: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, Veiled]
    saved: Credential | None = None
    has_moved: bool = False

    @property
    def is_replacing(self) -> bool:
        """Tell whether a saved secret would be replaced."""
        return self.saved is not None and bool(self.secrets)

    @property
    def names_address(self) -> bool:
        """Tell whether the base URL is new, or other than the saved one."""
        stored = settings_of(self.saved) if self.saved is not None else {}
        return bool(self.settings["base_url"] != stored.get("base_url"))

    @property
    def asks_otherwise(self) -> bool:
        """Tell whether what is asked, or with which key, differs from what was saved."""
        if self.saved is None or self.secrets:
            return True
        stored = settings_of(self.saved)
        return any(
            self.settings[each.name] != stored.get(each.name, each.default)
            for each in self.connector.fields
            if not each.is_secret and each.group is not FieldGroup.SCHEDULE
        )

    def values(self) -> Values:
        """Return what the connector reads, saved secrets opened where none was entered.

        Raises: SealingError.
        """
        is_kept = self.saved is not None and not self.has_moved
        kept = open_secrets(self.saved) if self.saved is not None and is_kept else {}
        return self.connector.values(self.settings, secrets={**kept, **self.secrets})


def check(entered: Entered) -> Draft:
    """Check everything that can be checked without a request.

    Raises: SettingsError, with the faults of all fields at once.
    """
    faults: dict[str, str] = {}
    name = " ".join(entered.name.split())
    faults.update(_name_faults(entered, name=name))
    settings = _parse_settings(entered, faults=faults)
    has_moved = "base_url" not in faults and _check_address(entered, settings, faults=faults)
    secrets = _parse_secrets(entered, has_moved=has_moved, faults=faults)
    if faults:
        raise SettingsError(faults)
    return Draft(
        tenant=entered.tenant,
        connector=entered.connector,
        environment=entered.world,
        name=name,
        settings=settings,
        secrets={field: Veiled(value) for field, value in secrets.items()},
        saved=entered.saved,
        has_moved=has_moved,
    )


def check_environment(draft: Draft) -> None:
    """Compare the environment that the key or the address itself names with the credential's.

    An address that was saved is left alone: only a new one is judged.
    Raises: SettingsError, at the secret's field and at the base URL's.
    """
    faults: dict[str, str] = {}
    own = draft.environment
    named = draft.connector.environment_of(draft.secrets)
    if named not in (None, own):
        faults |= dict.fromkeys(draft.secrets, _wrong_key(named, own=own))
    served = draft.connector.world_of(draft.connector.values(draft.settings))
    if draft.names_address and served not in (None, own):
        right = draft.connector.default_base_url[own]
        faults["base_url"] = _wrong_address(served, own=own, right=right)
    if faults:
        raise SettingsError(faults)


def _wrong_key(named: Environment | None, *, own: Environment) -> str:
    message = _(
        "This is a %(key)s key, and the credential is %(own)s. Make a credential for %(key)s."
    )
    return message % {"key": str(named).lower(), "own": own.lower()}


def _wrong_address(served: Environment | None, *, own: Environment, right: str) -> str:
    message = _(
        "This address serves %(served)s, and the credential is %(own)s. "
        "For %(own)s it is %(right)s; for this address make a credential for %(served)s."
    )
    return message % {"served": str(served).lower(), "own": own.lower(), "right": right}


def _parse_settings(entered: Entered, *, faults: dict[str, str]) -> dict[str, Any]:
    """Read the settings, or add what is wrong with them to the faults."""
    try:
        settings = entered.connector.parse_settings(entered.settings)
    except SettingsError as fault:
        faults.update(fault.errors)
        # The address is judged all the same, so that one answer names every fault.
        return {"base_url": entered.settings.get("base_url", "")}
    if settings["stale_after"] < 2 * settings["interval"]:
        minutes = -(-2 * settings["interval"] // 60)
        least = ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
        faults["stale_after"] = _("At least two sync intervals: %(least)s.") % {"least": least}
    return settings


def _parse_secrets(entered: Entered, *, has_moved: bool, faults: dict[str, str]) -> dict[str, str]:
    """Read the secrets that were entered; one already held may stay empty unless the host moved."""
    held = set() if entered.saved is None or has_moved else held_fields(entered.saved)
    given = {name: value for name, value in entered.secrets.items() if value.strip()}
    asked = tuple(
        each for each in entered.connector.fields if each.name in given or each.name not in held
    )
    try:
        return parse_secrets(asked, given, label=entered.connector.label)
    except SettingsError as fault:
        moved = _("The address moved to another host, so enter the secret again.")
        faults.update(
            {
                name: moved if has_moved and not given.get(name) else message
                for name, message in fault.errors.items()
            }
        )
        return {}


def held_fields(credential: Credential) -> set[str]:
    """Return the secret fields a credential has values for."""
    secrets = Secret.objects.for_tenant(credential.tenant).filter(credential=credential)
    return set(secrets.values_list("field", flat=True))


def _name_faults(entered: Entered, *, name: str) -> dict[str, str]:
    if not name:
        return {"name": _("Give this credential a name.")}
    if len(name) > NAME_LENGTH or not name.isprintable():
        return {"name": _("At most 80 printable characters.")}
    same = Credential.objects.for_tenant(entered.tenant).filter(
        provider=entered.provider, environment=entered.world, name=name
    )
    if same.exclude(pk=entered.saved.pk if entered.saved else None).exists():
        return {"name": _("Another credential of this provider has this name.")}
    return {}


def _check_address(
    entered: Entered, settings: Mapping[str, Any], *, faults: dict[str, str]
) -> bool:
    """Refuse a host that is not allowed; tell whether scheme, host or port left the saved ones."""
    connector = entered.connector
    url = _base_url(connector, settings, environment=entered.world)
    try:
        allowed_origin(url, allowed_hosts=allowed_hosts(connector))
    except HostRefused as fault:
        logger.warning("credential_host_refused", extra={"tenant": entered.tenant.slug})
        faults["base_url"] = _("Host not allowed: %(reason)s.") % {"reason": fault.detail}
    return entered.saved is not None and _is_elsewhere(url, _saved_url(entered.saved))


def _is_elsewhere(url: str, saved_url: str) -> bool:
    saved = urlsplit(saved_url)
    try:
        allowed_origin(url, allowed_hosts=(f"{saved.scheme}://{saved.netloc}",))
    except HostRefused:
        return True
    return False


def _saved_url(credential: Credential) -> str:
    connector = CONNECTORS[credential.provider]
    world = Environment(credential.environment)
    return _base_url(connector, settings_of(credential), environment=world)


def _base_url(
    connector: Connector, settings: Mapping[str, Any], *, environment: Environment
) -> str:
    return connector.base_url(connector.values(settings), environment=environment)


def allowed_hosts(connector: Connector) -> tuple[str, ...]:
    """Return what a base URL may name: the provider's own hosts, and those of the operator."""
    return (*connector.hosts, *django_settings.PROVIDER_HOSTS)
