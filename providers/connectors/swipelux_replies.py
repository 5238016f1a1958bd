"""Turn Swipelux v1's answers into customers and rows, and name the calls; nothing here asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from providers.connectors.paging import Page
from providers.connectors.wire import check_unique, moment, row
from providers.errors import Unreadable
from providers.http import AmountText, Instant, Ref, Reply, Request, segment
from providers.rows import AccountKind, BalanceRow, Flag, ScopeKind, ScopeSeed, Wanted

PREFIX = "customer:"
PER_PAGE = 100
LISTING = ScopeSeed(ref="customers", kind=ScopeKind.LISTING, name="Customers")

_NAMES = {
    "account_ref": "walletId",
    "available": "amount",
    "ledger": "amount",
    "as_of": "lastUpdated",
}


class _Person(msgspec.Struct, rename="camel"):
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None

    @property
    def display_name(self) -> str:
        """Return the name, else the e-mail."""
        names = (self.first_name or "", self.last_name or "")
        return " ".join(filter(None, map(str.strip, names))) or self.email or ""


class Customer(_Person, rename="camel", kw_only=True):
    """Hold one customer of the list; newer servers put the names under `personal`."""

    id: Ref
    personal: _Person | None = None

    @property
    def seed(self) -> ScopeSeed:
        """Return the scope of this customer's balances."""
        nested = self.personal.display_name if self.personal else ""
        return seed_of(self.id, name=nested or self.display_name)


class _Pagination(msgspec.Struct, rename="camel"):
    total: int | None = None
    total_pages: int | None = None


class _CustomerPage(msgspec.Struct, rename="camel"):
    customers: list[Customer]
    pagination: _Pagination = msgspec.field(default_factory=_Pagination)
    total_count: int | None = None
    has_more: bool | None = None


class Token(msgspec.Struct):
    """Hold what a wallet has of one token. Units: natural; `decimals` comes from W2 alone."""

    currency: str
    amount: AmountText
    decimals: int | None = None


class Wallet(msgspec.Struct, rename="camel"):
    """Hold one wallet of a customer."""

    wallet_id: Ref
    balances: list[Token]
    network: str | None = None
    address: str | None = None


class Holdings(msgspec.Struct, rename="camel"):
    """Hold what one customer has; an older generation sends neither field."""

    customer_id: Ref | msgspec.UnsetType = msgspec.UNSET
    wallets: list[Wallet] | msgspec.UnsetType = msgspec.UNSET


class Detail(msgspec.Struct, rename="camel"):
    """Hold one wallet read by itself, with the scale of its tokens and the time it last moved."""

    wallet_id: Ref
    balances: list[Token]
    last_updated: Instant | None = None


@dataclass(frozen=True, kw_only=True)
class WalletReading:
    """Hold a wallet's own reading with the reply it came in."""

    detail: Detail
    reply: Reply


def seed_of(customer_id: str, *, name: str = "") -> ScopeSeed:
    """Return the scope of one customer's balances."""
    return ScopeSeed(ref=PREFIX + customer_id, kind=ScopeKind.BALANCES, name=name)


def to_read(
    watched: tuple[ScopeSeed, ...], wanted: Wanted, *, found: tuple[ScopeSeed, ...]
) -> list[ScopeSeed]:
    """Return the customers to read: the new ones, and of the others those that are wanted."""
    known = {each.ref: each for each in wanted.known if each.kind is ScopeKind.BALANCES}
    listed = {each.ref: each for each in found}
    if LISTING in watched:
        named = {
            ref: seed_of(ref.removeprefix(PREFIX))
            for ref in wanted.refs or ()
            if ref.startswith(PREFIX)
        }
        everyone = named | known | listed
    else:
        everyone = {each.ref: known.get(each.ref, each) for each in watched}
    return [
        each
        for ref, each in everyone.items()
        if wanted.wants(ref) or (ref in listed and ref not in known)
    ]


def balances_request(seed: ScopeSeed) -> Request:
    """Return the call for one customer's balances."""
    customer_id = segment(seed.ref.removeprefix(PREFIX))
    return Request(f"/v1/customers/{customer_id}/balances", tag=seed.ref)


def customer_page(reply: Reply, *, page: int, offset: int) -> Page[Customer]:
    """Turn one page of customers, in any of the three wrappers, into scopes.

    Raises: Unreadable.
    """
    if reply.body.lstrip().startswith(b"["):
        body = _CustomerPage(customers=reply.decode(list[Customer]))
    else:
        body = reply.decode(_CustomerPage)
    total = body.total_count if body.pagination.total is None else body.pagination.total
    pages = body.pagination.total_pages
    received = offset + len(body.customers)
    more = body.has_more
    if more is None and pages is not None:
        more = page < pages or (total is not None and received < total)
    return Page(
        items=tuple((each.id, each) for each in body.customers),
        totals=(total, pages),
        promised=total,
        more=more,
        asked=PER_PAGE,
        reply=reply,
    )


def holdings_of(reply: Reply, *, customer_id: str) -> list[Wallet]:
    """Read a customer's wallets.

    Raises: Unreadable, also when another customer's came, or the figure of an older generation,
    which is no wallet's balance.
    """
    body = reply.decode(Holdings)
    if isinstance(body.wallets, msgspec.UnsetType):
        raise Unreadable("unsupported API generation: no wallets", field="$.wallets")
    if body.customer_id != customer_id:
        raise Unreadable("not the customer that was asked for", field="$.customerId")
    return body.wallets


def wallet_reading(reply: Reply, *, wallet_id: str) -> WalletReading:
    """Read one wallet by itself.

    Raises: Unreadable, also when another wallet came.
    """
    detail = reply.decode(Detail)
    if detail.wallet_id != wallet_id:
        raise Unreadable("not the wallet that was asked for", field="$.walletId")
    return WalletReading(detail=detail, reply=reply)


def balance_rows(
    wallets: Sequence[Wallet], *, owner: ScopeSeed, details: Mapping[str, WalletReading]
) -> tuple[BalanceRow, ...]:
    """Turn a customer's wallets into rows, one per wallet and token.

    Where a wallet was also read by itself, that later reading wins, and dates the row.
    Raises: Unreadable, naming index and field.
    """
    placed = [
        each
        for n, wallet in enumerate(wallets)
        for each in _rows(wallet, wallet.balances, owner=owner, place=f"$.wallets[{n}]")
    ]
    rows = _unique(placed)
    for wallet in wallets:
        if later := details.get(wallet.wallet_id):
            tokens = later.detail.balances
            rows |= _unique(_rows(wallet, tokens, owner=owner, place="$", later=later))
    return tuple(rows.values())


Placed = tuple[BalanceRow, str]


def _rows(
    wallet: Wallet,
    tokens: Sequence[Token],
    *,
    owner: ScopeSeed,
    place: str,
    later: WalletReading | None = None,
) -> list[Placed]:
    """Make the rows of one wallet. Raises: Unreadable."""
    as_of, flags = None, frozenset[Flag]()
    if later is not None:
        as_of, flags = moment(
            later.detail.last_updated,
            received_at=later.reply.received_at,
            field="$.lastUpdated",
        )
    places = [f"{place}.balances[{n}]" for n in range(len(tokens))]
    return [
        (
            row(
                place=at,
                names=_NAMES,
                account_ref=wallet.wallet_id,
                account_kind=AccountKind.WALLET,
                currency=token.currency,
                available=token.amount,
                pending=None,
                ledger=token.amount,
                as_of=as_of,
                owner_ref=owner.ref.removeprefix(PREFIX),
                owner_name=owner.name,
                network=wallet.network or "",
                address=wallet.address or "",
                decimals=token.decimals if later else None,
                flags=flags,
            ),
            at,
        )
        for token, at in zip(tokens, places, strict=True)
    ]


def _unique(placed: Sequence[Placed]) -> dict[tuple[str, str], BalanceRow]:
    """Index rows by identity. Raises: Unreadable, when one occurs twice."""
    check_unique(((each.account_ref, each.currency), at) for each, at in placed)
    return {(each.account_ref, each.currency): each for each, _ in placed}
