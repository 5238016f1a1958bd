"""Neutral records: valid when they exist."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from providers.errors import NotFound
from providers.rows import (
    AccountKind,
    AsOfSource,
    BalanceRow,
    ExpectedRow,
    Flag,
    Holder,
    RowError,
    ScopeKind,
    ScopeReading,
    ScopeSeed,
    Wanted,
    currency_code,
    default_holder,
    provider_time,
)

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ROW = BalanceRow(
    account_ref="wal_1",
    account_kind=AccountKind.WALLET,
    currency="USDC",
    available=Decimal("1.50"),
    pending=None,
    ledger=Decimal("1.50"),
    as_of=NOW,
)
READING = ScopeReading(
    ref="customer:1",
    kind=ScopeKind.BALANCES,
    rows=(ROW,),
    started_at=NOW,
    read_at=NOW,
    as_of=NOW,
    as_of_source=AsOfSource.RECEIVED,
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_ref", ""),
        ("account_ref", "   "),
        ("account_ref", "x" * 65),
        ("account_ref", "a\x00b"),
        ("account_ref", "a\ud800"),
        ("account_ref", "a\nb"),
        ("owner_ref", "a\x7f"),
        ("network", "n" * 41),
        ("address", "a" * 201),
        ("currency", "usd"),
        ("currency", "U"),
        ("currency", "U\u0405D"),
        ("currency", "ABCDEFGHIJKLM"),
        ("available", 1.5),
        ("available", 1),
        ("pending", Decimal("NaN")),
        ("ledger", Decimal("Infinity")),
        ("ledger", Decimal("1E+20")),
        ("available", Decimal("1E-19")),
        ("as_of", datetime(2026, 1, 1)),  # noqa: DTZ001  # naive on purpose
        ("decimals", 19),
        ("decimals", -1),
    ],
)
def test_row_that_cannot_be_kept_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(RowError) as caught:
        replace(ROW, **{field: value})

    assert caught.value.field == field


def test_rows_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        ROW.currency = "USD"  # type: ignore[misc]  # the point of the test


def test_names_are_cleaned_not_refused() -> None:
    row = replace(ROW, account_name=" A\x00b\ud800 ", owner_name="n" * 300)

    assert row.account_name == "A\ufffdb\ufffd"
    assert len(row.owner_name) == 200


def test_amounts_become_plain_decimals() -> None:
    class Sent(Decimal):
        pass

    row = replace(ROW, available=Sent("-0.00"), ledger=Sent("2E+3"))

    assert type(row.available) is Decimal
    assert (str(row.available), str(row.ledger)) == ("0.00", "2000")
    assert row.pending is None


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({}, set()),
        ({"currency": "QQQ"}, {Flag.UNKNOWN_CURRENCY}),
        ({"currency": "USD", "available": Decimal("1.005")}, {Flag.MORE_DECIMALS}),
        ({"currency": "USD", "available": Decimal("1.5000")}, set()),
        ({"currency": "USD", "decimals": 4, "available": Decimal("1.005")}, set()),
        (
            {"currency": "QQQ", "decimals": 1, "available": Decimal("1.05")},
            {Flag.UNKNOWN_CURRENCY, Flag.MORE_DECIMALS},
        ),
        ({"pending": Decimal(-1)}, {Flag.NEGATIVE}),
        ({"verified": False}, {Flag.UNVERIFIED}),
        ({"flags": frozenset({Flag.FUTURE_TIME})}, {Flag.FUTURE_TIME}),
    ],
)
def test_flags_follow_from_the_row(changes: dict[str, Any], flags: set[Flag]) -> None:
    assert replace(ROW, **changes).flags == flags


def test_unknown_figures_are_not_among_the_amounts() -> None:
    assert ROW.amounts == (Decimal("1.50"), Decimal("1.50"))


@pytest.mark.parametrize(
    ("kind", "holder"),
    [
        (AccountKind.MERCHANT, Holder.OWN),
        (AccountKind.AGENT, Holder.OWN),
        (AccountKind.CUSTOMER, Holder.CUSTOMERS),
        (AccountKind.WALLET, Holder.CUSTOMERS),
    ],
)
def test_holder_follows_from_the_kind(kind: AccountKind, holder: Holder) -> None:
    assert default_holder(kind) is holder


@pytest.mark.parametrize(
    ("ahead", "time", "flags"),
    [
        (timedelta(days=-400), NOW - timedelta(days=400), set()),
        (timedelta(0), NOW, set()),
        (timedelta(minutes=2), NOW, {Flag.FUTURE_TIME}),
        (timedelta(hours=2), NOW, {Flag.FUTURE_TIME, Flag.CLOCK_SKEW}),
    ],
)
def test_provider_time_in_the_future_becomes_the_receipt(
    ahead: timedelta, time: datetime, flags: set[Flag]
) -> None:
    assert provider_time(NOW + ahead, received_at=NOW) == (time, frozenset(flags))


def test_naive_provider_time_is_refused() -> None:
    with pytest.raises(RowError):
        provider_time(datetime(2026, 1, 1), received_at=NOW)  # noqa: DTZ001  # naive on purpose


@pytest.mark.parametrize("text", [" usd ", "USD", "usd"])
def test_currency_code_is_trimmed_and_upper_cased(text: str) -> None:
    assert currency_code(text) == "USD"


@pytest.mark.parametrize(
    "text", ["", "U", "US D", "US-D", "U\u0455D", "\uff35\uff33\uff24", "A" * 13]
)
def test_text_that_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(RowError):
        currency_code(text)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"error": NotFound("gone")}, "error"),
        ({"rows": (ROW, ROW)}, "rows"),
        ({"kind": ScopeKind.LISTING}, "rows"),
        ({"read_at": datetime(2026, 1, 1)}, "read_at"),  # noqa: DTZ001  # naive on purpose
        ({"ref": ""}, "ref"),
        ({"ref": "r" * 101}, "ref"),
    ],
)
def test_reading_is_whole_or_failed(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(RowError) as caught:
        replace(READING, **changes)

    assert caught.value.field == field


def test_failed_reading_has_no_rows() -> None:
    failed = replace(READING, rows=(), error=NotFound("gone"))

    assert failed.error is not None
    assert failed.rows == ()


def test_expected_rows_check_their_identity() -> None:
    with pytest.raises(RowError):
        ExpectedRow(account_ref="", account_kind=AccountKind.AGENT, currency="USD")
    with pytest.raises(RowError):
        ExpectedRow(account_ref="agent", account_kind=AccountKind.AGENT, currency="usd")


def test_seed_cleans_its_name() -> None:
    assert ScopeSeed(ref="a", kind=ScopeKind.BALANCES, name=" A\x00").name == "A\ufffd"


def test_wanted_is_everything_unless_named() -> None:
    assert Wanted().wants("any")
    assert Wanted(refs=frozenset({"a"})).wants("a")
    assert not Wanted(refs=frozenset({"a"})).wants("b")
