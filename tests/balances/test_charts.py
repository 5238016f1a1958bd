from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balances.charts import WIDTH, Part, Share, currency_bars, percent, provider_bars, read
from balances.query.tree import BalanceQuery
from balances.results import Context
from providers.tenancy.models import Tenant
from tests.balances.builders import NOW, make_balance, make_credential

LARGE = "99999999999999999999.000000000000000001"


def test_shares_are_per_currency_holder_and_provider_of_live_money(acme: Tenant) -> None:
    payiano, payman = (make_credential(acme, provider=code) for code in ("payiano", "payman"))
    make_balance(payiano, "USD", "10")
    make_balance(payiano, "USD", "-4")
    make_balance(payiano, "USD", None)
    make_balance(payman, "USD", "5")
    make_balance(payman, "USD", "7", holder="CUSTOMERS")
    make_balance(payman, "USD", "99", counting="TEST")
    make_balance(payman, "EUR", "1")

    shares, _ = read(BalanceQuery(), context=Context.load(acme, now=NOW))

    assert [(s.currency, s.holder, s.provider, s.total, s.positive) for s in shares] == [
        ("EUR", "OWN", "payman", Decimal(1), Decimal(1)),
        ("USD", "OWN", "payman", Decimal(5), Decimal(5)),
        ("USD", "OWN", "payiano", Decimal(6), Decimal(10)),
        ("USD", "CUSTOMERS", "payman", Decimal(7), Decimal(7)),
    ]
    (debt,) = (s for s in shares if s.provider == "payiano")
    assert (debt.rows, debt.reported, debt.negative, debt.negative_count) == (
        3,
        2,
        Decimal(-4),
        1,
    )


def test_large_balances_are_named_and_small_ones_drawn_together(acme: Tenant) -> None:
    credential = make_credential(acme)
    make_balance(credential, available="900", name="Main")
    make_balance(credential, available="95", name="Second")
    for _ in range(5):
        make_balance(credential, available="1", name="small")
    make_balance(credential, available="-50", name="Debt")

    shares, parts = read(BalanceQuery(), context=Context.load(acme, now=NOW))

    assert [(part.label, part.available) for part in parts] == [
        ("Main", Decimal(900)),
        ("Second", Decimal(95)),
    ]
    (bar,) = currency_bars(shares, parts)
    assert [(block.label, block.amount) for block in bar.blocks] == [
        ("Main", Decimal(900)),
        ("Second", Decimal(95)),
        ("", Decimal(5)),
    ]
    assert (bar.total, bar.negative_count) == (Decimal(950), 1)


def test_sums_of_bars_keep_every_digit(acme: Tenant) -> None:
    for provider in ("payiano", "payman"):
        make_balance(make_credential(acme, provider=provider), available=LARGE)

    shares, parts = read(BalanceQuery(), context=Context.load(acme, now=NOW))

    (bar,) = currency_bars(shares, parts)
    assert bar.total == Decimal("199999999999999999998.000000000000000002")
    assert sum(len(bars) for bars in provider_bars(shares).values()) == 2


def test_nothing_is_drawn_of_nothing(acme: Tenant) -> None:
    make_balance(make_credential(acme), available=None)

    shares, parts = read(BalanceQuery(), context=Context.load(acme, now=NOW))

    assert parts == []
    assert [share.total for share in shares] == [None]
    assert currency_bars(shares, parts)[0].blocks == ()


def make_share(amount: Decimal, *, slot: int = 1, negative: Decimal = Decimal(0)) -> Share:
    return Share(
        currency="USD",
        holder="OWN",
        provider=f"provider-{slot}",
        label=f"Provider {slot}",
        slot=slot,
        rows=1,
        reported=1,
        total=amount + negative,
        positive=amount,
        negative=negative,
        negative_count=int(negative < 0),
    )


AMOUNTS = st.decimals(min_value=0, max_value=Decimal(10) ** 20, places=6)


@given(st.lists(st.lists(AMOUNTS, min_size=1, max_size=4), min_size=1, max_size=6))
def test_blocks_follow_each_other_inside_the_bar(holdings: list[list[Decimal]]) -> None:
    shares = [make_share(sum(held, Decimal(0)), slot=n) for n, held in enumerate(holdings, 1)]
    whole = sum(share.positive for share in shares)
    parts = [
        Part(currency="USD", holder="OWN", provider=f"provider-{n}", label=f"{k}", available=amount)
        for n, held in enumerate(holdings, 1)
        for k, amount in enumerate(held)
        if 0 < amount >= whole * Decimal("0.012")
    ]

    (bar,) = currency_bars(shares, parts)

    end = Decimal(0)
    for block in bar.blocks:
        assert block.width >= 1
        assert block.x >= end
        end = block.x + block.width
    assert end == (WIDTH if bar.blocks else 0)
    assert sum(block.amount for block in bar.blocks) == whole


def test_currency_of_nothing_but_debts_draws_nothing_and_says_its_sum() -> None:
    (bar,) = currency_bars([make_share(Decimal(0), negative=Decimal(-7))], [])

    assert (bar.blocks, bar.split) == ((), ())
    assert (bar.total, bar.negative, bar.negative_count) == (Decimal(-7), Decimal(-7), 1)


def test_provider_of_nothing_but_debts_has_no_share() -> None:
    (bar,) = provider_bars([make_share(Decimal(0), negative=Decimal(-7))])["provider-1"]

    assert (bar.width, bar.percent) == (Decimal(0), None)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        ("1", "3", "33.3%"),
        ("1", "1", "100%"),
        ("0", "1", "0%"),
        ("0.0004", "1", "<0.1%"),
        ("0.9996", "1", ">99.9%"),
        ("1", "0", ""),
        ("0.1225", "1", "12.2%"),
    ],
)
def test_share_has_one_decimal_but_at_the_ends(part: str, whole: str, said: str) -> None:
    assert percent(Decimal(part), Decimal(whole)) == said
