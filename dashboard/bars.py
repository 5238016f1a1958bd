"""Put totals by provider into the bars of the overview, live money alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.charts import Bar, Block, Part, ProviderBar, Share, currency_bars, provider_bars
from balances.query.tree import BalanceQuery, Condition, Group
from balances.results.context import provider_label, provider_slot
from balances.views.links import Links
from balances.views.totals import state_tags
from balances.views.words import HOLDERS
from providers import currencies
from providers.connectors import CONNECTORS
from providers.money import format_amount, places
from providers.rows import AmountKind


def drawn(shares: Sequence[Share], parts: Sequence[Part], *, links: Links) -> dict[str, Any]:
    """Return the context of dashboard/_by_currency.html and dashboard/_by_provider.html."""
    ordered = sorted(shares, key=lambda share: (share.holder != "OWN", share.currency, share.slot))
    bars = currency_bars(ordered, parts)
    providers = dict.fromkeys(share.provider for share in sorted(shares, key=lambda s: s.slot))
    return {
        "panels": _panels(bars, links=links),
        "legend": [{"slot": provider_slot(p), "label": provider_label(p)} for p in providers],
        "negatives": [_negative(bar) for bar in bars if bar.negative_count],
        "figures": [figure for bar in bars for figure in _figures(bar)],
        "providers": _providers(provider_bars(ordered), links=links),
        "not_reported": _not_reported(providers),
        "dp": _decimals(ordered),
    }


def _panels(bars: Sequence[Bar], *, links: Links) -> list[dict[str, Any]]:
    return [
        {
            "holder": HOLDERS[holder],
            "bars": [_bar(bar, links) for bar in bars if bar.holder == holder],
        }
        for holder in dict.fromkeys(bar.holder for bar in bars)
    ]


def _bar(bar: Bar, links: Links) -> dict[str, Any]:
    return {
        "bar": bar,
        "url": links.to(_query(bar.currency, bar.holder)),
        "decimals": currencies.exponent(bar.currency),
        "from_text": _from_text(bar),
        "tags": state_tags(bar.reads),
        "split": ", ".join(f"{label} {percent}" for label, percent in bar.split),
        "blocks": [{"block": block, "title": _title(block, bar.currency)} for block in bar.blocks],
    }


def _from_text(counted: Bar | Share) -> str:
    """Say of how many rows a sum is, unless all report it or none."""
    if not 0 < counted.reported < counted.rows:
        return ""
    return _("from %(n)s of %(rows)s") % {"n": counted.reported, "rows": counted.rows}


def _title(block: Block, code: str) -> str:
    name = block.label or _("smaller balances")
    amount = format_amount(block.amount, currencies.exponent(code))
    return f"{name}, {block.provider}: {code} {amount} ({block.percent})"


def _figures(bar: Bar) -> Iterator[dict[str, Any]]:
    """List what is drawn of a bar, block by block, and what is not drawn: the table twin."""
    common = {
        "currency": bar.currency,
        "holder": HOLDERS[bar.holder],
        "decimals": currencies.exponent(bar.currency),
    }
    for block in bar.blocks:
        yield {
            **common,
            "name": block.label or _("smaller balances"),
            "provider": block.provider,
            "sum": block.amount,
            "percent": block.percent,
        }
    if bar.negative_count:
        name = ngettext("%(n)d below zero", "%(n)d below zero", bar.negative_count)
        below = {"name": name % {"n": bar.negative_count}, "sum": bar.negative}
        yield {**common, **below, "provider": "", "percent": _("not drawn")}


def _negative(bar: Bar) -> dict[str, Any]:
    count = ngettext(
        "%(n)d negative in %(code)s, %(holder)s",
        "%(n)d negative in %(code)s, %(holder)s",
        bar.negative_count,
    )
    named = {"n": bar.negative_count, "code": bar.currency, "holder": HOLDERS[bar.holder]}
    return {
        "text": count % named,
        "sum": bar.negative,
        "decimals": currencies.exponent(bar.currency),
    }


def _providers(bars: Mapping[str, Sequence[ProviderBar]], *, links: Links) -> list[dict[str, Any]]:
    return [
        {
            "label": provider_label(provider),
            "slot": provider_slot(provider),
            "bars": [_provider_bar(bar, links) for bar in own],
        }
        for provider, own in bars.items()
    ]


def _provider_bar(bar: ProviderBar, links: Links) -> dict[str, Any]:
    share = bar.share
    return {
        "bar": bar,
        "holder": HOLDERS[share.holder],
        "decimals": currencies.exponent(share.currency),
        "figure": {
            "sum": share.total,
            "from_text": _from_text(share),
            "negative": share.negative,
            "negative_count": share.negative_count,
        },
        "tags": state_tags(share.reads),
        "url": links.to(_query(share.currency, share.holder, share.provider)),
    }


def _query(currency: str, holder: str, provider: str = "") -> BalanceQuery:
    conditions = [
        Condition("currency", "eq", (currency,)),
        Condition("holder", "eq", (holder.lower(),)),
        Condition("counting", "eq", ("live",)),
    ]
    if provider:
        conditions.insert(1, Condition("provider", "eq", (provider,)))
    return BalanceQuery(where=Group(filters=tuple(conditions)))


def _not_reported(providers: Iterable[str]) -> str:
    silent = [
        provider_label(code)
        for code in providers
        if code in CONNECTORS and AmountKind.PENDING not in CONNECTORS[code].reports
    ]
    if not silent:
        return ""
    names = get_text_list(silent, _("and"))
    return _("Pending amounts are not reported by %(names)s.") % {"names": names}


def _decimals(shares: Sequence[Share]) -> int:
    sums: list[Decimal] = [share.total for share in shares if share.total is not None]
    needed = [places(amount) for amount in sums]
    needed += [currencies.exponent(share.currency) for share in shares]
    return max(needed, default=2)
