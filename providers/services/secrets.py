"""Seal, open and rewrap the secrets of credentials; nowhere else are they in the clear."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from providers.connectors import CONNECTORS
from providers.connectors.base import Secret as Veiled
from providers.connectors.base import Values
from providers.models import Credential, Secret
from providers.sealing import VERSION, KeyRing, Place
from providers.tenancy.models import User

LONG_ENOUGH = 12


def ring() -> KeyRing:
    """Read the key ring the settings name. Raises: SealingError."""
    return KeyRing.parse(settings.SEALING_KEYS)


def values_of(credential: Credential) -> Values:
    """Return a credential's settings and opened secrets, as its connector wants them.

    Raises: SealingError, when a secret does not belong to this row or its key is gone.
    """
    return CONNECTORS[credential.provider].values(
        settings_of(credential), secrets=open_secrets(credential)
    )


def settings_of(credential: Credential) -> dict[str, object]:
    """Return all settings as a connector reads them, the schedule's columns among them."""
    schedule = {"interval": credential.interval, "stale_after": credential.stale_after}
    return {**credential.settings, **schedule}


@sensitive_variables()
def open_secrets(credential: Credential) -> dict[str, Veiled]:
    """Open every secret of a credential, by field. Raises: SealingError."""
    keys = ring()
    rows = Secret.objects.for_tenant(credential.tenant).filter(credential=credential)
    return {row.field: Veiled(keys.open(row.sealed, place=place_of(row))) for row in rows}


@sensitive_variables()
def put_secrets(
    credential: Credential, *, values: Mapping[str, str], actor: User | None, now: datetime
) -> None:
    """Seal values in place of those the credential has in the same fields."""
    keys = ring()
    for field, value in values.items():
        secret = Secret(tenant=credential.tenant, credential=credential, field=field)
        sealed = keys.seal(value, place=place_of(secret))
        Secret.objects.for_tenant(credential.tenant).update_or_create(
            tenant=credential.tenant,
            credential=credential,
            field=field,
            defaults={
                "sealed": sealed,
                "last_four": last_four(value),
                "set_by": actor,
                "set_at": now,
            },
        )


def destroy_secrets(credential: Credential) -> None:
    """Delete every secret of a credential; only the provider can make it known again."""
    Secret.objects.for_tenant(credential.tenant).filter(credential=credential).delete()


def last_four(value: str) -> str:
    """Return what people may see of a value: its end, and nothing of one too short to spare it."""
    return value[-4:] if len(value) >= LONG_ENOUGH else ""


@sensitive_variables()
def rewrap_secrets() -> int:
    """Seal again, under the first key, whatever another key sealed; return how many.

    Each row is replaced only if nobody changed it meanwhile, so that a run may be killed, started
    again, or run beside people who replace secrets. Raises: SealingError.
    """
    keys = ring()
    rewrapped = 0
    old = Secret.unscoped.exclude(sealed__startswith=f"{VERSION}.{keys.kid}.")
    for pk in list(old.values_list("pk", flat=True)):
        row = Secret.unscoped.select_related("credential").get(pk=pk)
        place = place_of(row)
        sealed = keys.seal(keys.open(row.sealed, place=place), place=place)
        rewrapped += Secret.unscoped.filter(pk=row.pk, sealed=row.sealed).update(sealed=sealed)
    return rewrapped


def place_of(secret: Secret) -> Place:
    """Name the one place where a secret opens."""
    return Place(
        tenant=secret.tenant_id, credential=secret.credential.public_id, field=secret.field
    )
