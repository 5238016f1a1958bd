"""Save, pause, resume and retire credentials, each with its line in the activity log."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from providers.connectors import CONNECTORS
from providers.connectors.base import SettingsError, Verdict
from providers.models import Credential
from providers.schedule import database_now, welcome_from
from providers.services.drafts import WHOLE_FORM, Draft
from providers.services.holdings import settle
from providers.services.secrets import (
    destroy_secrets,
    last_four,
    put_secrets,
    settings_of,
)
from providers.services.watching import close_all, watch
from providers.tenancy.activity import record
from providers.tenancy.models import User

SCHEDULE = ("interval", "stale_after")


def named(credential: Credential) -> str:
    """Return what people call a credential: its provider's label and its name."""
    connector = CONNECTORS.get(credential.provider)
    return f"{connector.label if connector else credential.provider} {credential.name}"


def create(
    draft: Draft, *, actor: User | None, now: datetime, verdict: Verdict | None = None
) -> Credential:
    """Save a new credential, due at once, with the scopes its settings name.

    Raises: SettingsError, when its name was taken meanwhile.
    """
    credential = Credential(
        tenant=draft.tenant,
        provider=draft.connector.code,
        environment=draft.environment,
        created_at=now,
        created_by=actor,
        due_at=now,
    )
    _fill(credential, draft=draft, verdict=verdict)
    with transaction.atomic():
        _unless_taken(credential.save)
        _put_parts(credential, draft=draft, actor=actor, now=now)
        after = {**_facts(credential), **_secret_facts(draft)}
        record(
            draft.tenant,
            action="credential.create",
            actor=actor,
            obj=credential,
            label=named(credential),
            after=after,
            now=now,
        )
    return credential


def change(
    draft: Draft, *, actor: User | None, now: datetime, verdict: Verdict | None = None
) -> Credential:
    """Save an edited credential and make it due; a run under the old settings can commit no more.

    Secrets left empty are kept, unless scheme, host or port moved: then the old ones are destroyed.
    Raises: SettingsError, when it was retired or its name taken meanwhile.
    """
    assert draft.saved is not None  # noqa: S101  # a draft of a new one goes to `create`
    with transaction.atomic():
        _lock_group(draft.saved)
        credential = _locked(draft.saved)
        if credential.retired_at is not None:
            raise SettingsError({WHOLE_FORM: _("This credential is retired.")})
        before = _facts(credential)
        _fill(credential, draft=draft, verdict=verdict)
        if draft.has_moved:
            credential.throttled_until = None  # another host never asked us to wait
        credential.due_at = welcome_from(credential, now=now) if credential.is_active else None
        if draft.asks_otherwise:
            _cut_run_short(credential)
        _unless_taken(credential.save)
        if draft.has_moved:
            destroy_secrets(credential)
        closed = _put_parts(credential, draft=draft, actor=actor, now=now)
        _record_change(credential, draft=draft, before=before, closed=closed, actor=actor, now=now)
    return credential


def _lock_group(credential: Credential) -> None:
    """Lock all that may read the same balances, in the order in which every reading locks them."""
    rows = Credential.objects.for_tenant(credential.tenant)
    alike = rows.filter(provider=credential.provider, environment=credential.environment)
    list(alike.select_for_update().order_by("pk"))


def pause(
    credential: Credential, *, actor: User | None, now: datetime, reason: str = ""
) -> Credential:
    """Stop reading until someone resumes; the figures stand, marked as paused."""
    with transaction.atomic():
        locked = _locked(credential)
        if not locked.is_active:
            return locked
        locked.paused_at, locked.paused_by = now, actor
        locked.due_at = locked.queued_at = None
        locked.save()
        record(
            locked.tenant,
            action="credential.pause",
            actor=actor,
            obj=locked,
            label=named(locked),
            reason=reason,
            now=now,
        )
    return locked


def resume(
    credential: Credential, *, actor: User | None, now: datetime, reason: str = ""
) -> Credential:
    """Read again, as soon as the provider lets us."""
    with transaction.atomic():
        locked = _locked(credential)
        if locked.paused_at is None or locked.retired_at is not None:
            return locked
        locked.paused_at = locked.paused_by = None
        locked.due_at = welcome_from(locked, now=now)
        locked.save()
        record(
            locked.tenant,
            action="credential.resume",
            actor=actor,
            obj=locked,
            label=named(locked),
            reason=reason,
            now=now,
        )
    return locked


def retire(
    credential: Credential, *, actor: User | None, now: datetime, reason: str = ""
) -> Credential:
    """End a credential for good: its secrets are destroyed, its scopes closed, its history kept."""
    with transaction.atomic():
        locked = _locked(credential)
        if locked.retired_at is not None:
            return locked
        locked.retired_at = now
        locked.due_at = locked.queued_at = None
        locked.save()
        destroy_secrets(locked)
        after = {"closed": close_all(locked, now=now)}
        record(
            locked.tenant,
            action="credential.retire",
            actor=actor,
            obj=locked,
            label=named(locked),
            after=after,
            reason=reason,
            now=now,
        )
    return locked


def _locked(credential: Credential) -> Credential:
    """Read the row afresh and hold it, so that no claim or other edit comes between."""
    rows = Credential.objects.for_tenant(credential.tenant).select_for_update(of=("self",))
    locked: Credential = rows.select_related("tenant").get(pk=credential.pk)
    return locked


def _cut_run_short(credential: Credential) -> None:
    """Let a run under way commit nothing more of what was read with the old key or settings."""
    if credential.lease_until is not None:
        credential.lease_until = min(credential.lease_until, database_now())


def _fill(credential: Credential, *, draft: Draft, verdict: Verdict | None) -> None:
    """Copy what was entered and what the test learned onto the row."""
    settings = dict(draft.settings)
    credential.name = draft.name
    credential.interval, credential.stale_after = (settings.pop(name) for name in SCHEDULE)
    credential.settings = settings
    if verdict is not None and verdict.ok and verdict.identity_ref:
        credential.identity_ref = verdict.identity_ref
        credential.identity_name = verdict.identity_name


def _put_parts(
    credential: Credential, *, draft: Draft, actor: User | None, now: datetime
) -> tuple[str, ...]:
    """Store the secrets entered and keep the scopes in step; return the scopes closed."""
    revealed = {name: secret.reveal() for name, secret in draft.secrets.items()}
    put_secrets(credential, values=revealed, actor=actor, now=now)
    seeds = draft.connector.scopes(draft.connector.values(draft.settings))
    closed = watch(credential, seeds=seeds, now=now)
    settle(credential, seeds=seeds)
    return closed


def _unless_taken(save: Callable[[], None]) -> None:
    """Save, turning the unique name's refusal into a fault of the field."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        message = _("Another credential of this provider has this name.")
        raise SettingsError({"name": message}) from None


def _facts(credential: Credential) -> dict[str, Any]:
    return {"name": credential.name, **settings_of(credential)}


def _secret_facts(draft: Draft) -> dict[str, str]:
    """Name the secrets entered by their last four characters, as every screen does."""
    return {
        name: f"*** {last_four(secret.reveal())}".strip() for name, secret in draft.secrets.items()
    }


def _record_change(
    credential: Credential,
    *,
    draft: Draft,
    before: Mapping[str, Any],
    closed: tuple[str, ...],
    actor: User | None,
    now: datetime,
) -> None:
    """Log what differs, and what was closed by it."""
    facts = _facts(credential)
    changed = [name for name, value in facts.items() if before.get(name) != value]
    after = {name: facts[name] for name in changed} | _secret_facts(draft)
    if closed:
        after["closed"] = list(closed)
    record(
        credential.tenant,
        action="credential.replace_secret" if draft.secrets else "credential.change",
        actor=actor,
        obj=credential,
        label=named(credential),
        before={name: before.get(name) for name in changed},
        after=after,
        now=now,
    )
