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
FIRST_SEEN = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = count(1)
_ACCOUNT_ONLY = {field.name for field in Account._meta.get_fields()} - {
    field.name for field in Balance._meta.get_fields()
}
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
    credential: Credential = Credential.unscoped.create(
        tenant=tenant, provider=provider, name=name, **values
    )
    return credential


def make_scope(credential: Credential, *, ref: str = "", **values: Any) -> Scope:
    """Save a scope that was read; `read_at=None` is one never read."""
    read_at = values.setdefault("read_at", READ_AT)
    values.setdefault("as_of", read_at)
    values.setdefault("as_of_source", AsOfSource.RESPONSE_DATE if values["as_of"] else "")
    scope: Scope = Scope.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        ref=ref or f"scope-{next(_numbers)}",
        **values,
    )
    return scope


def make_account(credential: Credential, *, external_ref: str = "", **values: Any) -> Account:
    """Save an account, its holder by its kind."""
    kind = values.setdefault("kind", _KINDS.get(credential.provider, "MERCHANT"))
    values.setdefault("created_at", FIRST_SEEN)
    values.setdefault("holder", "OWN" if kind in ("MERCHANT", "AGENT") else "CUSTOMERS")
    account: Account = Account.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        external_ref=external_ref or f"ref-{next(_numbers)}",
        **values,
    )
    return account


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
    of_account = {name: values.pop(name) for name in list(values) if name in _ACCOUNT_ONLY}
    of_both = {name: values[name] for name in ("holder", "counting") if name in values}
    account = account or make_account(credential, **of_account, **of_both)
    scope = scope or make_scope(credential)
    for name in ("available", "pending", "ledger"):
        given = available if name == "available" else values.get(name)
        values[name] = Decimal(given) if isinstance(given, str) else given
    values.setdefault("holder", account.holder)
    values.setdefault("counting", account.counting)
    balance: Balance = Balance.unscoped.create(
        tenant=credential.tenant, account=account, scope=scope, currency=currency, **values
    )
    return balance
