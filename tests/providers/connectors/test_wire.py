from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from providers.connectors import wire
from providers.errors import Unreadable
from providers.rows import AccountKind, BalanceRow, Flag

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def make(**changes: object) -> BalanceRow:
    return wire.row(
        **{
            "place": "$.items[3]",
            "names": {"account_ref": "id", "currency": "currency_code"},
            "account_ref": "a",
            "account_kind": AccountKind.MERCHANT,
            "currency": "usd",
            "available": Decimal("1.50"),
            "pending": None,
            "ledger": None,
            "as_of": None,
            **changes,
        }  # type: ignore[arg-type]  # one table of defaults for every field
    )


def test_code_is_upper_cased_and_unknown_money_kept_with_a_flag() -> None:
    assert make().currency == "USD"
    assert make(currency=" zzz9 ").flags == {Flag.UNKNOWN_CURRENCY}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "U$D"}, "$.items[3].currency_code"),
        ({"currency": "ＵＳＤ"}, "$.items[3].currency_code"),
        ({"currency": "U"}, "$.items[3].currency_code"),
        ({"currency": "\u202eDSU"}, "$.items[3].currency_code"),
        ({"account_ref": "x" * 65}, "$.items[3].id"),
        ({"account_ref": "a\x00"}, "$.items[3].id"),
        ({"network": "n" * 41}, "$.items[3].network"),
        ({"decimals": 19}, "$.items[3].decimals"),
    ],
)
def test_invalid_row_names_index_and_the_providers_field(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        make(**changes)

    assert caught.value.field == field


def test_flags_follow_from_the_figures() -> None:
    assert make(available=Decimal("-1.005")).flags == {Flag.NEGATIVE, Flag.MORE_DECIMALS}
    assert make(available=Decimal("1.500000")).flags == set()


@pytest.mark.parametrize(
    ("ahead", "flags"),
    [
        (timedelta(days=-400), set()),
        (timedelta(0), set()),
        (timedelta(minutes=1), {Flag.FUTURE_TIME}),
        (timedelta(minutes=6), {Flag.FUTURE_TIME, Flag.CLOCK_SKEW}),
    ],
)
def test_future_time_is_held_back_to_the_receipt_and_flagged(
    ahead: timedelta, flags: set[Flag]
) -> None:
    as_of, found = wire.moment(NOW + ahead, received_at=NOW, field="$.lastUpdated")

    assert as_of == min(NOW, NOW + ahead)
    assert found == flags


def test_no_time_is_no_time() -> None:
    assert wire.moment(None, received_at=NOW, field="$.lastUpdated") == (None, frozenset())


def test_naive_time_is_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        wire.moment(NOW.replace(tzinfo=None), received_at=NOW, field="$.lastUpdated")

    assert caught.value.field == "$.lastUpdated"


def test_sum_keeps_digits_past_the_threads_context() -> None:
    whole, small = Decimal("12345678901234567890"), Decimal("0.123456789012345678")

    assert str(wire.add(whole, small)) == "12345678901234567890.123456789012345678"


def test_thing_named_twice_is_refused_at_the_second_place() -> None:
    wire.check_unique([("a", "$[0]"), ("b", "$[1]")])
    with pytest.raises(Unreadable) as caught:
        wire.check_unique([("a", "$[0]"), ("a", "$[1]")])
    assert caught.value.field == "$[1]"
