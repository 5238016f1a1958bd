"""Make ready what a run reads into: rows expected before their first answer, and what is watched no more."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from balances.fields import fold
from balances.ingest.counting import (
    account_counting,
    balance_counting,
    holder_of,
    recount,
    recount_of,
)
from balances.ingest.fence import locked
from balances.ingest.reopening import reopen
from balances.models import Account, Balance
from providers.models import Credential, Scope, SyncRun
from providers.rows import ExpectedRow, ScopeSeed
from providers.tenancy.models import Tenant

UNWATCHED = "No longer watched"


@transaction.atomic
def prepare(run: SyncRun, *, seeds: Iterable[ScopeSeed]) -> None:
    """Create the rows that the settings alone name, close those they name no more.

    Raises: LeaseLost.
    """
    group, credential, now = locked(run)
    expected = {(seed.ref, row) for seed in seeds for row in seed.expects}
    _expect(credential, expected=expected)
    _close_unwatched(credential, now=now)
    _reopen_watched(credential, now=now)
    _refold(credential)
    if len(group) > 1:
        recount(group)


def settle(credential: Credential, *, seeds: Iterable[ScopeSeed]) -> None:
    """Follow what was saved of a credential at once, since a paused one is not read; call it in a transaction."""
    _expect(credential, expected={(seed.ref, row) for seed in seeds for row in seed.expects})
    _refold(credential)
    recount_of(credential)


def _expect(credential: Credential, *, expected: set[tuple[str, ExpectedRow]]) -> None:
    """Create what is expected and not there."""
    if not expected:
        return
    balances = Balance.unscoped.filter(account__credential=credential)
    held = set(balances.values_list("account__external_ref", "currency"))
    lacking = [(ref, row) for ref, row in expected if (row.account_ref, row.currency) not in held]
    if not lacking:
        return
    accounts = {
        account.external_ref: account for account in Account.unscoped.filter(credential=credential)
    }
    new = {row.account_ref: row for _, row in lacking if row.account_ref not in accounts}
    made = [_account(credential, row) for _, row in sorted(new.items())]
    Account.unscoped.bulk_create(made, batch_size=500)
    accounts |= {account.external_ref: account for account in made}
    scopes = dict(Scope.unscoped.filter(credential=credential).values_list("ref", "pk"))
    rows = sorted(lacking, key=lambda item: (item[0], item[1].account_ref))
    Balance.unscoped.bulk_create(
        [_balance(accounts[row.account_ref], row, scope_id=scopes[ref]) for ref, row in rows],
        batch_size=500,
    )


def _account(credential: Credential, row: ExpectedRow) -> Account:
    return Account(
        tenant_id=credential.tenant_id,
        credential=credential,
        external_ref=row.account_ref,
        kind=row.account_kind,
        holder=holder_of(credential, kind=row.account_kind),
        counting=account_counting(credential),
    )


def _balance(account: Account, row: ExpectedRow, *, scope_id: int) -> Balance:
    return Balance(
        tenant_id=account.tenant_id,
        account=account,
        scope_id=scope_id,
        currency=row.currency,
        holder=account.holder,
        counting=balance_counting(account.counting, currency=row.currency, is_verified=True),
    )


def _close_unwatched(credential: Credential, *, now: datetime) -> int:
    """Close the accounts of which no scope is watched any more; return how many."""
    if not Scope.unscoped.filter(credential=credential).exclude(closed_at=None).exists():
        return 0
    balances = Balance.unscoped.filter(account=OuterRef("pk"))
    accounts = Account.unscoped.filter(
        Exists(balances),
        ~Exists(balances.filter(scope__closed_at=None)),
        credential=credential,
        closed_at=None,
    )
    today = now.astimezone(ZoneInfo(credential.tenant.time_zone)).date()
    return accounts.update(closed_at=now, closed_from=today, closed_reason=UNWATCHED)


def _reopen_watched(credential: Credential, *, now: datetime) -> None:
    """Reopen what was closed for want of a watch alone, once it is watched again."""
    unwatched = Account.unscoped.filter(
        credential=credential, closed_by=None, closed_reason=UNWATCHED, closed_at__isnull=False
    )
    for account in unwatched.filter(balances__scope__closed_at=None).distinct():
        reopen(account, credential=credential, reason="Watched again", now=now)


def _refold(credential: Credential) -> None:
    """Renew the search texts after the credential, whose name they hold, was renamed."""
    accounts = Account.unscoped.filter(credential=credential).order_by("pk")
    words = fold(f"{credential.provider} {credential.name}")
    sample = accounts.values_list("search", flat=True).first()
    if sample is None or sample.endswith(words):
        return
    batch = list(accounts)
    search = Account._meta.get_field("search")
    for account in batch:
        account.credential = credential
        search.pre_save(account, add=False)  # a bulk update writes the attribute as it stands
    Account.unscoped.bulk_update(batch, ["search"], batch_size=200)


def stored_refs(credential: Credential) -> dict[str, frozenset[str]]:
    """Return the account references that stand now, by scope; a changed list is read a second time."""
    found = Balance.unscoped.filter(
        account__credential=credential, missing_since=None, changed_at__isnull=False
    )
    refs = defaultdict(set)
    for scope, ref in found.values_list("scope__ref", "account__external_ref"):
        refs[scope].add(ref)
    return {scope: frozenset(each) for scope, each in refs.items()}


def held_refs(credential: Credential) -> frozenset[str]:
    """Return every reference that was ever read through a credential."""
    found = Account.unscoped.filter(credential=credential, balances__changed_at__isnull=False)
    return frozenset(found.values_list("external_ref", flat=True))


def given_names(tenant: Tenant, *, scopes: Iterable[int]) -> Mapping[int, str]:
    """Name scopes whose own name begins with an account's reference by what people call that account."""
    begins = Concat("account__external_ref", Value(" "))
    rows = (
        Balance.objects.for_tenant(tenant)
        .filter(scope__in=scopes, scope__name__startswith=begins)
        .select_related("account", "scope")
    )
    named = ((row.scope, row.account) for row in rows)
    return {
        scope.pk: account.label + scope.name.removeprefix(account.external_ref)
        for scope, account in named
        if scope.name.startswith(account.external_ref)
    }
