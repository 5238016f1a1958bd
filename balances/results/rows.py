"""Read balances as plain rows, page by page or as a stream, without a model instance each."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet

from balances.query.catalogue import STATES
from balances.query.compile import compile_order
from balances.query.tree import BalanceQuery
from balances.results.context import Context, CredentialFacts, provider_label, provider_slot
from balances.results.reading import kinds, tuples
from balances.results.snapshot import lift_limit, snapshot
from providers.currencies import exponent

CHUNK = 2_000


class Row(NamedTuple):
    """Hold one balance as every surface shows it.

    Codes are as stored, upper case, but `provider` and `state`. `account_name` is our name for the account, else
    the provider's, else its reference. Units: natural; None is "not reported", never zero. `decimals` is how many
    places the currency shows. Time: `as_of` is the balance's own time, else its reading's; `fetched_at` our reading.
    `counted_by` names the credential through which a duplicate counts.
    """

    public_id: str
    provider: str
    provider_label: str
    slot: int
    credential_public_id: str
    credential_name: str
    environment: str
    holder: str
    counting: str
    account_key: int
    account_ref: str
    account_kind: str
    account_name: str
    provider_account_name: str
    owner_ref: str
    owner_name: str
    network: str
    address: str
    currency: str
    decimals: int
    available: Decimal | None
    pending: Decimal | None
    ledger: Decimal | None
    as_of: datetime | None
    as_of_source: str
    fetched_at: datetime | None
    state: str
    missing_since: datetime | None
    verified: bool
    flags: tuple[str, ...]
    changed_at: datetime | None
    counted_by: str


_STORED = (
    "public_id",
    "scope__credential_id",
    "holder",
    "counting",
    "account_id",
    "account__external_ref",
    "account__kind",
    "account__display_name",
    "account__name",
    "account__owner_ref",
    "account__owner_name",
    "account__network",
    "account__address",
    "currency",
    "decimals",
    "available",
    "pending",
    "ledger",
    "as_of",
    "as_of_source",
    "scope__as_of",
    "scope__as_of_source",
    "fetched_at",
    "scope__read_at",
    "missing_since",
    "verified",
    "flags",
    "changed_at",
    "counted_by_id",
)


def stream(query: BalanceQuery, *, context: Context) -> Generator[Row, None, None]:
    """Yield every row of the query in its order, in bounded memory; close it inside the snapshot it began in.

    Raises: QueryError, before the first row.
    """
    return _streamed(ordered_by(query, context=context), context)


def one(public_id: str, *, context: Context) -> Row | None:
    """Return one row of the tenant, closed or not."""
    return next(read(context.everything().filter(public_id=public_id), context=context), None)


def at_least(
    smallest: Mapping[tuple[str, str], Decimal], query: BalanceQuery, *, context: Context
) -> list[Row]:
    """Return the query's live rows whose available is large enough for its currency and holder, largest first."""
    if not smallest:
        return []
    large = Q(pk__in=[])
    for (currency, holder), amount in smallest.items():
        large |= Q(currency=currency, holder=holder, available__gte=amount)
    found = context.matching(query).filter(large, counting="LIVE")
    with snapshot():
        return list(read(found.order_by("-available", "id"), context=context))


def ordered_by(query: BalanceQuery, *, context: Context) -> QuerySet[Any]:
    """Return the query's balances in its order. Raises: QueryError."""
    return context.matching(query).order_by(*compile_order(query, facts=context.facts))


def read(balances: QuerySet[Any], *, context: Context) -> Iterator[Row]:
    """Return prepared balances as rows."""
    return _rows(balances, context, is_streamed=False)


def _streamed(balances: QuerySet[Any], context: Context) -> Generator[Row, None, None]:
    with snapshot():
        lift_limit()
        yield from _rows(balances, context, is_streamed=True)


def _rows(balances: QuerySet[Any], context: Context, *, is_streamed: bool) -> Iterator[Row]:
    names = {credential.id: credential.name for credential in context.credentials}
    makers = {each.id: _maker(each, names=names) for each in context.credentials}
    columns = balances.annotate(rank=F("state_rank")).values_list(*_STORED, "rank")
    with closing(tuples(columns, size=CHUNK, is_streamed=is_streamed)) as found:
        for values in found:
            yield makers[values[1]](values)


def _maker(
    credential: CredentialFacts, *, names: Mapping[int, str]
) -> Callable[[tuple[Any, ...]], Row]:
    """Return the function that makes a credential's rows, its own part computed once."""
    kind = kinds()
    amount, instant, texts = kind.amount, kind.instant, kind.texts
    label, slot = provider_label(credential.provider), provider_slot(credential.provider)
    start = (credential.provider, label, slot, credential.public_id, credential.name)

    def make(values: tuple[Any, ...]) -> Row:
        public_id, _, holder, counting, account_id, ref, kind_, display_name, name, *rest = values
        owner_ref, owner_name, network, address, currency, decimals, *rest = rest
        available, pending, ledger, as_of, source, scope_as_of, scope_source, *rest = rest
        fetched_at, read_at, missing_since, verified, flags, changed_at, counted_by, rank = rest
        if as_of is None:
            as_of, source = scope_as_of, scope_source
        return Row._make(
            (
                public_id,
                *start,
                credential.environment,
                *(holder, counting, account_id, ref, kind_),
                *(display_name or name or ref, name),
                *(owner_ref, owner_name, network, address, currency),
                exponent(currency, 2 if decimals is None else decimals),
                *(amount(available), amount(pending), amount(ledger)),
                *(instant(as_of), source, instant(fetched_at or read_at), STATES[rank]),
                *(instant(missing_since), verified, texts(flags), instant(changed_at)),
                names[counted_by] if counted_by else "",
            )
        )

    return make
