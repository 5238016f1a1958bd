"""Carry what a provider said, in neutral records that check themselves when made.

A record that exists is valid: refs are clean text that fits its column, amounts are exact
Decimals within our range, instants are aware. What is unusual but true is kept and flagged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from providers import currencies
from providers.errors import ProviderError
from providers.money import PLACES, AmountError, check_amount, places

REF_LENGTH = 64
SCOPE_REF_LENGTH = 100
NAME_LENGTH = ADDRESS_LENGTH = 200
NETWORK_LENGTH = 40
SKEW = timedelta(minutes=5)

_CURRENCY = re.compile(r"[A-Z0-9]{2,12}")
# Control characters and lone surrogates: neither every database nor a workbook takes them.
_DIRT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class AccountKind(StrEnum):
    """Name what kind of place the money lies in."""

    MERCHANT = "MERCHANT"
    AGENT = "AGENT"
    CUSTOMER = "CUSTOMER"
    WALLET = "WALLET"


class AmountKind(StrEnum):
    """Name the three figures a balance may have."""

    AVAILABLE = "AVAILABLE"
    PENDING = "PENDING"
    LEDGER = "LEDGER"


class Holder(StrEnum):
    """Say whose money it is; no total spans the two."""

    OWN = "OWN"
    CUSTOMERS = "CUSTOMERS"


class Environment(StrEnum):
    """Say which of the provider's worlds a key opens."""

    LIVE = "LIVE"
    SANDBOX = "SANDBOX"


class Flag(StrEnum):
    """Mark what is unusual about a row that is kept all the same."""

    UNKNOWN_CURRENCY = "UNKNOWN_CURRENCY"
    MORE_DECIMALS = "MORE_DECIMALS"
    NEGATIVE = "NEGATIVE"
    FUTURE_TIME = "FUTURE_TIME"
    CLOCK_SKEW = "CLOCK_SKEW"
    UNVERIFIED = "UNVERIFIED"
    OLDER_ANSWER = "OLDER_ANSWER"


class AsOfSource(StrEnum):
    """Say whose clock an as-of time is."""

    PROVIDER = "PROVIDER"
    RESPONSE_DATE = "RESPONSE_DATE"
    RECEIVED = "RECEIVED"


class ScopeKind(StrEnum):
    """Tell scopes that hold balances from lists that only name further scopes."""

    BALANCES = "BALANCES"
    LISTING = "LISTING"


class RowError(ValueError):
    """Name the `field` of a record that cannot be kept."""

    def __init__(self, field: str, reason: str) -> None:
        """Join the field and the reason, without the value."""
        super().__init__(f"{field}: {reason}")
        self.field = field


def default_holder(kind: AccountKind) -> Holder:
    """Return whose money such an account usually holds; a connector may know better."""
    return Holder.OWN if kind in (AccountKind.MERCHANT, AccountKind.AGENT) else Holder.CUSTOMERS


def provider_time(claimed: datetime, *, received_at: datetime) -> tuple[datetime, frozenset[Flag]]:
    """Return a provider's as-of time, held back to the receipt when it lies in the future.

    Time: aware, both ways. A future time is flagged, one over 5 minutes ahead twice.
    Raises: RowError, when the claimed time names no offset.
    """
    _check_time(claimed, "as_of")
    if claimed <= received_at:
        return claimed, frozenset()
    skewed = {Flag.CLOCK_SKEW} if claimed - received_at > SKEW else set()
    return received_at, frozenset({Flag.FUTURE_TIME} | skewed)


def currency_code(text: str) -> str:
    """Return the code trimmed and in upper case.

    Raises: RowError, when it is not 2 to 12 ASCII letters and digits.
    """
    code = text.strip().upper() if text.isascii() else ""
    _check_currency(code)
    return code


@dataclass(frozen=True, kw_only=True)
class BalanceRow:
    """Hold one balance as a provider told it; identity is (account_ref, currency).

    Units: natural; `None` is "not reported", never zero. `decimals` is the scale the provider stated.
    Time: `as_of` is the provider's own time only. The flags that follow from the figures (unknown
    currency, more decimals, negative, unverified) are added here. Raises: RowError, naming the field.
    """

    account_ref: str
    account_kind: AccountKind
    currency: str
    available: Decimal | None
    pending: Decimal | None
    ledger: Decimal | None
    as_of: datetime | None
    account_name: str = ""
    owner_ref: str = ""
    owner_name: str = ""
    network: str = ""
    address: str = ""
    decimals: int | None = None
    verified: bool = True
    flags: frozenset[Flag] = frozenset()

    def __post_init__(self) -> None:
        """Check every field, clean the names, bring the amounts into plain form."""
        _check_text(self.account_ref, "account_ref", limit=REF_LENGTH, empty=False)
        _check_text(self.owner_ref, "owner_ref", limit=REF_LENGTH)
        _check_text(self.network, "network", limit=NETWORK_LENGTH)
        _check_text(self.address, "address", limit=ADDRESS_LENGTH)
        _check_currency(self.currency)
        if self.decimals is not None and not 0 <= self.decimals <= PLACES:
            raise RowError("decimals", f"not in 0..{PLACES}")
        if self.as_of is not None:
            _check_time(self.as_of, "as_of")
        for name in ("account_name", "owner_name"):
            object.__setattr__(self, name, clean_name(getattr(self, name)))
        for name in ("available", "pending", "ledger"):
            object.__setattr__(self, name, _amount(getattr(self, name), name))
        object.__setattr__(self, "flags", self.flags | self._own_flags())

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """Return the reported figures, those that are unknown left out."""
        return tuple(a for a in (self.available, self.pending, self.ledger) if a is not None)

    def _own_flags(self) -> frozenset[Flag]:
        """Return the flags that follow from the row itself."""
        known = currencies.currency(self.currency)
        scale = self.decimals
        if scale is None and known is not None:
            scale = known.exponent
        facts = {
            Flag.UNKNOWN_CURRENCY: known is None,
            Flag.MORE_DECIMALS: scale is not None and any(places(a) > scale for a in self.amounts),
            Flag.NEGATIVE: any(a < 0 for a in self.amounts),
            Flag.UNVERIFIED: not self.verified,
        }
        return frozenset(flag for flag, holds in facts.items() if holds)


@dataclass(frozen=True, kw_only=True)
class ExpectedRow:
    """Name a balance that exists before its first answer."""

    account_ref: str
    account_kind: AccountKind
    currency: str

    def __post_init__(self) -> None:
        """Check what will become an identity."""
        _check_text(self.account_ref, "account_ref", limit=REF_LENGTH, empty=False)
        _check_currency(self.currency)


@dataclass(frozen=True, kw_only=True)
class ScopeSeed:
    """Name a scope that is known before it is read."""

    ref: str
    kind: ScopeKind
    name: str = ""
    expects: tuple[ExpectedRow, ...] = ()

    def __post_init__(self) -> None:
        """Check the ref, clean the name."""
        _check_text(self.ref, "ref", limit=SCOPE_REF_LENGTH, empty=False)
        object.__setattr__(self, "name", clean_name(self.name))


@dataclass(frozen=True, kw_only=True)
class ScopeReading:
    """Hold what one scope answered: all of its rows, or the error it met.

    `found` is all that a listing names. `identity_ref` is the provider's id of the key's owner. Time:
    `started_at` is when we asked first, `read_at` when the last reply came, `as_of` when it was true.
    Raises: RowError, for rows beside an error, a balance named twice, or a naive time.
    """

    ref: str
    kind: ScopeKind
    name: str = ""
    rows: tuple[BalanceRow, ...] = ()
    found: tuple[ScopeSeed, ...] = ()
    started_at: datetime
    read_at: datetime
    as_of: datetime
    as_of_source: AsOfSource
    error: ProviderError | None = None
    requests: int = 0
    identity_ref: str = ""
    identity_name: str = ""

    def __post_init__(self) -> None:
        """Check that the reading is whole or failed, never both."""
        _check_text(self.ref, "ref", limit=SCOPE_REF_LENGTH, empty=False)
        _check_text(self.identity_ref, "identity_ref", limit=REF_LENGTH)
        for name in ("started_at", "read_at", "as_of"):
            _check_time(getattr(self, name), name)
        if self.error is not None and (self.rows or self.found):
            raise RowError("error", "stands beside rows")
        if self.rows and self.kind is ScopeKind.LISTING:
            raise RowError("rows", "stand in a listing")
        if len({(row.account_ref, row.currency) for row in self.rows}) < len(self.rows):
            raise RowError("rows", "name a balance twice")
        for name in ("name", "identity_name"):
            object.__setattr__(self, name, clean_name(getattr(self, name)))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Say what a run wants read; `refs=None` is every scope.

    `known` are open scopes of earlier runs, which may have left the list, `rested` those just read.
    `account_refs` are stored now by scope; against them a changed list is read a second time.
    """

    refs: frozenset[str] | None = None
    known: tuple[ScopeSeed, ...] = ()
    account_refs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rested: frozenset[str] = frozenset()

    def wants(self, ref: str) -> bool:
        """Tell whether this scope is to be read."""
        return ref not in self.rested and (self.refs is None or ref in self.refs)


def clean_name(text: str) -> str:
    """Replace what no database or workbook takes, and cut to the column's length."""
    return _DIRT.sub("\ufffd", text).strip()[:NAME_LENGTH]


def _check_text(text: str, name: str, *, limit: int, empty: bool = True) -> None:
    if not empty and not text.strip():
        raise RowError(name, "empty")
    if len(text) > limit:
        raise RowError(name, f"longer than {limit} characters")
    if _DIRT.search(text):
        raise RowError(name, "has control characters or lone surrogates")


def _check_currency(code: str) -> None:
    if _CURRENCY.fullmatch(code) is None:
        raise RowError("currency", "not 2 to 12 letters A-Z or digits")


def _check_time(moment: datetime, name: str) -> None:
    if moment.utcoffset() is None:
        raise RowError(name, "names no offset")


def _amount(value: Decimal | None, name: str) -> Decimal | None:
    try:
        return None if value is None else check_amount(value)
    except AmountError as fault:
        raise RowError(name, str(fault)) from None
