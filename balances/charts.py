"""Turn totals into bars, one scale per currency and holder, never an axis over two.

Geometry is in the units of an SVG view box 1000 wide. Balances below zero are counted and named, not drawn.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import reduce
from itertools import accumulate

from balances.fields import EXACT
from balances.query.tree import BalanceQuery
from balances.results import Context, Reads, Total, added_reads, at_least, by_provider
from balances.results.context import provider_label, provider_slot
from providers.money import PLACES, WHOLE_DIGITS

WIDTH = Decimal(1000)
GAP = Decimal("2.5")
THINNEST = Decimal(2)
SMALLEST_SHARE = Decimal("0.012")
TENTH = Decimal("0.1")


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one provider holds in one currency for one holder.

    Units: natural units of `currency`. `total` is the exact sum, None where nothing is reported; `positive` leaves out
    what is below zero.
    """

    currency: str
    holder: str
    provider: str
    label: str
    slot: int
    rows: int
    reported: int
    total: Decimal | None
    positive: Decimal
    negative: Decimal
    negative_count: int
    reads: Mapping[str, Reads] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One balance large enough to be a block of its own."""

    currency: str
    holder: str
    provider: str
    label: str
    available: Decimal


@dataclass(frozen=True, kw_only=True)
class Block:
    """One drawn block: its place, its provider's colour slot, and what it stands for."""

    x: Decimal
    width: Decimal
    slot: int
    label: str
    provider: str
    amount: Decimal
    percent: str


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One currency of one holder, 100 % of itself, with who holds how much of it."""

    currency: str
    holder: str
    total: Decimal | None
    rows: int
    reported: int
    blocks: tuple[Block, ...]
    split: tuple[tuple[str, str], ...]
    negative: Decimal
    negative_count: int
    reads: Mapping[str, Reads]


@dataclass(frozen=True, kw_only=True)
class ProviderBar:
    """One provider's part of one currency and holder; `width` of 1000, `percent` None when it cannot be said."""

    share: Share
    width: Decimal
    percent: str | None


def read(query: BalanceQuery, *, context: Context) -> tuple[list[Share], list[Part]]:
    """Return what to draw of a query: each provider's share of live money, and the large balances.

    Raises: QueryError.
    """
    found = by_provider(query, context=context)
    shares = [
        _share(provider, total)
        for provider, totals in found.items()
        for total in totals
        if total.counting == "LIVE"
    ]
    shares.sort(key=lambda s: (s.currency, s.holder != "OWN", s.slot))
    rows = at_least(_smallest(shares), query, context=context)
    return shares, [
        Part(
            currency=row.currency,
            holder=row.holder,
            provider=row.provider,
            label=row.account_name,
            available=row.available,
        )
        for row in rows
        if row.available is not None
    ]


def _share(provider: str, total: Total) -> Share:
    return Share(
        currency=total.currency,
        holder=total.holder,
        provider=provider,
        label=provider_label(provider),
        slot=provider_slot(provider),
        rows=total.rows,
        reported=total.available.reported,
        total=total.available.sum,
        positive=total.available.positive_sum,
        negative=total.available.negative_sum,
        negative_count=total.available.negative_count,
        reads=total.reads,
    )


def _smallest(shares: Iterable[Share]) -> dict[tuple[str, str], Decimal]:
    """Return per currency and holder the amount from which a balance is a block of its own."""
    sums: dict[tuple[str, str], Decimal] = {}
    for share in shares:
        key = (share.currency, share.holder)
        sums[key] = EXACT.add(sums.get(key, Decimal(0)), share.positive)
    one = Decimal(1).scaleb(-PLACES)
    smallest = {
        key: EXACT.multiply(whole, SMALLEST_SHARE).quantize(one, ROUND_FLOOR, EXACT)
        for key, whole in sums.items()
    }
    return {key: amount for key, amount in smallest.items() if 0 < amount < 10**WHOLE_DIGITS}


def percent(part: Decimal, whole: Decimal) -> str:
    """Write a share with one decimal, 0 and 100 without and only where they are exact."""
    if whole <= 0:
        return ""
    if part in (0, whole):
        return "100%" if part else "0%"
    value = _tenths(part * 100 / whole)
    return f"<{TENTH}%" if not value else f">{100 - TENTH}%" if value == 100 else f"{value}%"


def currency_bars(shares: Sequence[Share], largest: Sequence[Part]) -> list[Bar]:
    """Draw each currency of each holder as one bar, split by provider and balance."""
    bars = []
    for currency, holder in dict.fromkeys((s.currency, s.holder) for s in shares):
        own = [s for s in shares if (s.currency, s.holder) == (currency, holder)]
        parts = [p for p in largest if (p.currency, p.holder) == (currency, holder)]
        bars.append(_bar(own, parts))
    return bars


def provider_bars(shares: Sequence[Share]) -> dict[str, list[ProviderBar]]:
    """Group by provider: its share of each currency and holder, by the sum of what is above zero."""
    bars: dict[str, list[ProviderBar]] = {}
    for share in sorted(shares, key=lambda s: (s.slot, s.holder != "OWN", s.currency)):
        whole = _positive(
            s for s in shares if (s.currency, s.holder) == (share.currency, share.holder)
        )
        drawn = ProviderBar(
            share=share,
            width=_scaled(share.positive, whole),
            percent=percent(share.positive, whole) or None,
        )
        bars.setdefault(share.provider, []).append(drawn)
    return bars


def _bar(shares: list[Share], parts: list[Part]) -> Bar:
    whole = _positive(shares)
    reported = [s.total for s in shares if s.total is not None]
    return Bar(
        currency=shares[0].currency,
        holder=shares[0].holder,
        total=_sum(reported) if reported else None,
        rows=sum(s.rows for s in shares),
        reported=sum(s.reported for s in shares),
        blocks=tuple(_blocks(shares, parts, whole)),
        split=tuple((s.label, percent(s.positive, whole)) for s in shares if s.positive > 0),
        negative=_sum(s.negative for s in shares),
        negative_count=sum(s.negative_count for s in shares),
        reads=reduce(added_reads, (s.reads for s in shares)),
    )


def _blocks(shares: list[Share], parts: list[Part], whole: Decimal) -> Iterator[Block]:
    pieces = [
        (share, label, amount) for share in shares for label, amount in _pieces(share, parts, whole)
    ]
    sizes = _sizes([amount for _, _, amount in pieces], whole)
    edges = [_tenths(edge) for edge in accumulate(sizes, initial=Decimal(0))]
    for (share, label, amount), x, end in zip(pieces, edges, edges[1:], strict=False):
        yield Block(
            x=x,
            width=end - x - (GAP if end < WIDTH else 0),
            slot=share.slot,
            label=label,
            provider=share.label,
            amount=amount,
            percent=percent(amount, whole),
        )


def _sizes(amounts: Sequence[Decimal], whole: Decimal) -> list[Decimal]:
    """Give each piece its part of the width, those too thin to be seen a little of what the others have."""
    thin = GAP + THINNEST
    large = [amount for amount in amounts if amount * WIDTH >= whole * thin]
    room, held = WIDTH - thin * (len(amounts) - len(large)), _sum(large)
    return [amount * room / held if amount in large else thin for amount in amounts]


def _pieces(share: Share, parts: list[Part], whole: Decimal) -> list[tuple[str, Decimal]]:
    """Name the provider's large balances; what is left of its sum is one piece without a name."""
    large = [
        (part.label, part.available)
        for part in parts
        if part.provider == share.provider and part.available >= whole * SMALLEST_SHARE
    ]
    rest = EXACT.subtract(share.positive, _sum(amount for _, amount in large))
    return [*large, ("", rest)] if rest > 0 else large


def _positive(shares: Iterable[Share]) -> Decimal:
    return _sum(s.positive for s in shares)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, Decimal(0))


def _scaled(part: Decimal, whole: Decimal) -> Decimal:
    if part <= 0 or whole <= 0:
        return Decimal(0)
    return max(_tenths(part * WIDTH / whole), THINNEST)


def _tenths(units: Decimal) -> Decimal:
    return units.quantize(TENTH, rounding=ROUND_HALF_EVEN)
