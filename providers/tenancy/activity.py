"""Append to the activity log, in the transaction of what is recorded."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import timezone

from providers.tenancy.models import ActivityEntry, Tenant, User

LABEL_LENGTH = 200


def record(
    tenant: Tenant,
    *,
    action: str,
    actor: User | AnonymousUser | None = None,
    obj: models.Model | None = None,
    label: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> ActivityEntry:
    """Write who did what to which object; call it inside the `atomic()` that does it.

    `action` reads `noun.verb` (`credential.pause`). `obj` is named by kind, public id and `label` (its own
    text by default). `before` and `after` take plain values, decimals and times, and never a secret.
    Time: `now` is the caller's clock.
    Raises: TypeError, for a value that is not plain.
    """
    person = actor if isinstance(actor, User) else None
    entry = ActivityEntry(
        tenant=tenant,
        at=now or timezone.now(),
        actor=person,
        actor_email=person.email if person else "",
        action=action,
        object_type=(obj._meta.model_name or "") if obj else "",
        object_ref=str(getattr(obj, "public_id", "") or "") if obj else "",
        object_label=(label or (str(obj) if obj else ""))[:LABEL_LENGTH],
        before=_plain(before or {}),
        after=_plain(after or {}),
        reason=reason,
    )
    entry.save(force_insert=True)
    return entry


def _plain(value: Any) -> Any:
    """Turn a value into what JSON holds exactly: amounts and times become text."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"the activity log takes plain values, not {type(value).__name__}")
