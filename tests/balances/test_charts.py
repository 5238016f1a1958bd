from decimal import Decimal

from balances.charts import currency_bars, provider_bars, read
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
