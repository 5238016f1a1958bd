"""Say in one word how each credential does, from its own row and counts of its scopes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Aggregate, Count, IntegerField, Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.connectors import CONNECTORS
from providers.errors import CredentialRejected
from providers.health import FAILING, HELD, Health, Parts, judged
from providers.models import Credential, Scope, ScopeKind, Secret
from providers.phrases import translated
from providers.services.secrets import settings_of
from providers.tenancy.models import Tenant
from providers.views import ticks
from providers.words import every

IN_BALANCES = Q(kind=ScopeKind.BALANCES)


class RowCount(Aggregate):
    """Add up counts of rows; amounts have an exact sum of their own."""

    function = "SUM"
    output_field = IntegerField()


@dataclass(frozen=True, kw_only=True)
class Watched:
    """Count the balances of a credential's last whole readings, and its open scopes in trouble."""

    rows: int = 0
    failing: int = 0
    failing_rows: int = 0
    failing_unread: int = 0
    held: int = 0

    @property
    def parts(self) -> Parts:
        """Return what the credential is judged by."""
        known = 0 if self.failing_unread else self.failing_rows
        return Parts(self.failing, self.held, known)


@dataclass(frozen=True, kw_only=True)
class SecretItem:
    """All that is ever shown of a saved secret."""

    field: str
    last_four: str
    set_at: datetime
    set_by: str
    age: str


@dataclass(frozen=True, kw_only=True)
class CredentialItem:
    """One credential as its row and its page show it."""

    credential: Credential
    provider_label: str
    slot: int
    health: Health
    watched: Watched
    watch_note: str
    secrets: tuple[SecretItem, ...]
    every: str
    day: ticks.Day
    group: str

    @property
    def watched_text(self) -> str:
        """Say how much is watched: `9 balances`."""
        count = self.watched.rows
        return ngettext("%(n)d balance", "%(n)d balances", count) % {"n": count}


def present(
    tenant: Tenant, credentials: Iterable[Credential], *, now: datetime
) -> list[CredentialItem]:
    """Gather what is shown of credentials, with one query for scopes, one for secrets and one for runs."""
    found = list(credentials)
    watched, secrets = _watched(tenant, found), _secrets(tenant, found, now=now)
    days = ticks.days(tenant, found, now=now)
    return [
        _item(
            each,
            watched=watched.get(each.pk, Watched()),
            secrets=secrets[each.pk],
            day=days[each.pk],
            now=now,
        )
        for each in found
    ]


def _item(
    credential: Credential,
    *,
    watched: Watched,
    secrets: tuple[SecretItem, ...],
    day: ticks.Day,
    now: datetime,
) -> CredentialItem:
    connector = CONNECTORS[credential.provider]
    return CredentialItem(
        credential=credential,
        provider_label=connector.label,
        slot=list(CONNECTORS).index(connector.code) + 1,
        health=_health(credential, watched=watched, now=now),
        watched=watched,
        watch_note=connector.watch_note(connector.values(settings_of(credential))),
        secrets=secrets,
        every=every(credential.interval),
        day=day,
        group=_group(credential, watched=watched, now=now),
    )


def _watched(tenant: Tenant, credentials: list[Credential]) -> dict[int, Watched]:
    counts = (
        Scope.objects.for_tenant(tenant)
        .filter(credential__in=credentials, closed_at=None)
        .values("credential_id")
        .annotate(
            rows=RowCount("row_count", filter=IN_BALANCES, default=0),
            failing=Count("pk", filter=FAILING),
            failing_rows=RowCount("row_count", filter=FAILING & IN_BALANCES, default=0),
            failing_unread=Count("pk", filter=FAILING & IN_BALANCES & Q(read_at=None)),
            held=Count("pk", filter=HELD),
        )
        .order_by()
    )
    return {count.pop("credential_id"): Watched(**count) for count in counts}


def _secrets(
    tenant: Tenant, credentials: list[Credential], *, now: datetime
) -> dict[int, tuple[SecretItem, ...]]:
    rows = (
        Secret.objects.for_tenant(tenant)
        .filter(credential__in=credentials)
        .select_related("set_by")
        .defer("sealed")
        .order_by("field")
    )
    found: dict[int, tuple[SecretItem, ...]] = {each.pk: () for each in credentials}
    for row in rows:
        found[row.credential_id] += (_secret(row, now=now),)
    return found


def _secret(row: Secret, *, now: datetime) -> SecretItem:
    days = max((now - row.set_at).days, 0)
    age = ngettext("%(n)d day old", "%(n)d days old", days) % {"n": days}
    return SecretItem(
        field=row.field,
        last_four=row.last_four,
        set_at=row.set_at,
        set_by=str(row.set_by or ""),
        age=age if days else _("set today"),
    )


def _health(credential: Credential, *, watched: Watched, now: datetime) -> Health:
    """Return the first state that holds."""
    return (
        _by_person(credential)
        or _under_way(credential, now=now)
        or judged(credential, parts=watched.parts, now=now)
    )


def _group(credential: Credential, *, watched: Watched, now: datetime) -> str:
    """Name the filter a credential is found by, "" for none; a run under way changes nothing of it."""
    if not credential.is_active:
        return "paused" if credential.retired_at is None else ""
    state = judged(credential, parts=watched.parts, now=now)
    return {"bad": "failing", "ok": "up_to_date"}.get(state.tone, "")


def _by_person(credential: Credential) -> Health | None:
    if credential.retired_at is not None:
        return Health(tone="off", icon="lock", text=_("Retired"))
    if credential.paused_at is not None:
        return Health(tone="off", icon="pause", text=_("Paused"))
    return None


def _under_way(credential: Credential, *, now: datetime) -> Health | None:
    if credential.lease_until is not None and credential.lease_until > now:
        return Health(tone="run", icon="refresh", text=_("Syncing"))
    return None


def mend_text(credential: Credential) -> str:
    """Name what an admin does about a failing credential: replace its secret, else look."""
    secret = secret_label(credential.provider)
    if credential.error_code != CredentialRejected.code or not secret:
        return _("Open the credential")
    return _("Replace the %(secret)s") % {"secret": secret}


def secret_label(provider: str) -> str:
    """Name a provider's secret inside a sentence: access token, API key; nothing where it has none."""
    connector = CONNECTORS.get(provider)
    secrets = [each.label for each in connector.fields if each.is_secret] if connector else []
    return _uncapped(translated(secrets[0], into=translation)) if secrets else ""


def _uncapped(label: str) -> str:
    """Write a label inside a sentence; an abbreviation stays as it is."""
    return label if label[:2].isupper() else f"{label[:1].lower()}{label[1:]}"
