"""Fill a fresh database with tenants of many balances, the same at every run."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from balances.models import Account, Balance
from benchmarks._rows import CURRENCIES, amount
from providers.models import AsOfSource, Credential, Scope
from providers.tenancy.models import Membership, Role, Tenant, User

PER_SCOPE = 500
BATCH = 5_000


def make_tenant(number: int) -> tuple[Tenant, User]:
    """Save a tenant and its analyst."""
    slug = f"tenant-{number}"
    tenant = Tenant.objects.create(slug=slug, name=slug, time_zone="Africa/Cairo")
    user = User.objects.create_user(f"analyst@{slug}.example", name="Analyst")
    Membership.unscoped.create(tenant=tenant, user=user, role=Role.ANALYST)
    return tenant, user


def make_balances(tenant: Tenant, *, count: int, now: datetime) -> Credential:
    """Save a Swipelux credential whose scopes hold `count` balances, a wallet each; return it."""
    random = Random(tenant.pk)
    credential: Credential = Credential.unscoped.create(
        tenant=tenant, provider="swipelux", name="Customers"
    )
    for start in range(0, count, PER_SCOPE):
        scope = _scope(credential, start // PER_SCOPE, now=now)
        wallets = range(start, min(start + PER_SCOPE, count))
        accounts = Account.unscoped.bulk_create(
            [_account(credential, index) for index in wallets], batch_size=BATCH
        )
        Balance.unscoped.bulk_create(
            [
                _balance(scope, account, index, random)
                for index, account in zip(wallets, accounts, strict=True)
            ],
            batch_size=BATCH,
        )
    return credential


def _scope(credential: Credential, number: int, *, now: datetime) -> Scope:
    read_at = now - timedelta(seconds=30)
    scope: Scope = Scope.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        ref=f"customer:{number}",
        read_at=read_at,
        as_of=read_at,
        as_of_source=AsOfSource.RESPONSE_DATE,
        readings=1,
        row_count=PER_SCOPE,
    )
    return scope


def _account(credential: Credential, index: int) -> Account:
    return Account(
        tenant=credential.tenant,
        credential=credential,
        external_ref=f"wal_{index:08x}",
        kind="WALLET",
        name=f"Customer {index} & Sons",
        owner_ref=f"cus_{index // 3}",
        owner_name=f"Owner {index // 3}",
        network=("polygon", "ethereum", "base")[index // 6 % 3],
        address=f"0x{index:040x}",
        holder="CUSTOMERS",
    )


def _balance(scope: Scope, account: Account, index: int, random: Random) -> Balance:
    currency, decimals = list(CURRENCIES.items())[index % len(CURRENCIES)]
    return Balance(
        tenant=scope.tenant,
        account=account,
        scope=scope,
        currency=currency,
        holder="CUSTOMERS",
        available=amount(random, decimals) if index // 6 % 3 else Decimal(0),
        pending=amount(random, decimals) if index % 5 else None,
        ledger=amount(random, decimals),
        changed_at=scope.read_at,
    )
