"""Build tenants, credentials, scopes and balances in one line each.

Everything was read at `READ_AT`, a minute before `NOW`, unless told otherwise.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from balances.models import Account, Balance
from providers.models import AsOfSource, Credential, Scope
from providers.tenancy.models import Tenant

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
READ_AT = NOW - timedelta(minutes=1)
_numbers = count(1)
_ACCOUNT_FIELDS = {field.name for field in Account._meta.get_fields()}
_KINDS = {"payiano": "MERCHANT", "payman": "AGENT", "swipelux": "WALLET"}


def make_tenant(slug: str = "", *, time_zone: str = "Africa/Cairo") -> Tenant:
    """Save a tenant."""
    slug = slug or f"tenant-{next(_numbers)}"
    return Tenant.objects.create(slug=slug, name=slug.title(), time_zone=time_zone)


def make_credential(
    tenant: Tenant, *, provider: str = "payiano", name: str = "", **values: Any
) -> Credential:
    """Save a credential without secrets."""
    name = name or f"{provider.title()} {next(_numbers)}"
    return Credential.unscoped.create(tenant=tenant, provider=provider, name=name, **values)


def make_scope(credential: Credential, *, ref: str = "", **values: Any) -> Scope:
    """Save a scope that was read; `read_at=None` is one never read."""
    read_at = values.setdefault("read_at", READ_AT)
    values.setdefault("as_of", read_at)
    values.setdefault("as_of_source", AsOfSource.RESPONSE_DATE if values["as_of"] else "")
    return Scope.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        ref=ref or f"scope-{next(_numbers)}",
        **values,
    )


def make_account(credential: Credential, *, external_ref: str = "", **values: Any) -> Account:
    """Save an account, its holder by its kind."""
    kind = values.setdefault("kind", _KINDS.get(credential.provider, "MERCHANT"))
    values.setdefault("holder", "OWN" if kind in ("MERCHANT", "AGENT") else "CUSTOMERS")
    return Account.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        external_ref=external_ref or f"ref-{next(_numbers)}",
        **values,
    )


def make_balance(
    credential: Credential,
    currency: str = "USD",
    available: Decimal | int | str | None = "100.00",
    *,
    account: Account | None = None,
    scope: Scope | None = None,
    **values: Any,
) -> Balance:
    """Save a balance; the account's own values may be given beside the balance's."""
    shared = {"holder", "counting"}
    of_account = {n: values[n] for n in values if n in _ACCOUNT_FIELDS - {"as_of"}}
    account = account or make_account(credential, **of_account)
    scope = scope or make_scope(credential)
    for name in set(of_account) - shared:
        del values[name]
    for name in ("available", "pending", "ledger"):
        given = available if name == "available" else values.get(name)
        values[name] = Decimal(given) if isinstance(given, str) else given
    values.setdefault("holder", account.holder)
    values.setdefault("counting", account.counting)
    return Balance.unscoped.create(
        tenant=credential.tenant, account=account, scope=scope, currency=currency, **values
    )
