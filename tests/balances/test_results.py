import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from balances import results
from balances.models import Balance
from balances.query.faults import QueryError
from balances.query.parse import parse_text
from balances.query.tree import BalanceQuery
from balances.results import AmountTotal, Context
from balances.results.snapshot import snapshot
from providers.models import Credential
from providers.tenancy.models import Tenant
from tests.balances.builders import (
    NOW,
    READ_AT,
    make_account,
    make_balance,
    make_credential,
    make_scope,
    make_tenant,
)
from tests.balances.query.worlds import make_world

HOUR = timedelta(hours=1)


def ask(text: str = "") -> BalanceQuery:
    return parse_text(text, zone=ZoneInfo("UTC"))


def page(tenant: Tenant, text: str = "") -> results.Page:
    return results.page(ask(text), context=Context.load(tenant, now=NOW))


def refs(tenant: Tenant, text: str = "") -> list[str]:
    return [row.account_ref for row in page(tenant, text).rows]


def many(tenant: Tenant, rows: int) -> Credential:
    """Save many balances quickly."""
    credential = make_credential(tenant)
    scope, account = make_scope(credential), make_account(credential)
    Balance.unscoped.bulk_create(
        Balance(
            tenant=tenant,
            account=account,
            scope=scope,
            currency=f"C{number}",
            holder="OWN",
            available=Decimal(number),
        )
        for number in range(rows)
    )
    return credential


# --- What a row holds ---------------------------------------------------------------------------
def test_rows_hold_digit_by_digit_what_the_orm_reads(acme: Tenant) -> None:
    make_world(acme, seed=22, rows=80)
    Balance.unscoped.filter(currency="USD").update(
        flags=["NEGATIVE", "UNVERIFIED"], verified=False, changed_at=READ_AT, decimals=4
    )
    every = ask("&".join(f"state={state}" for state in STATES))

    rows = {
        row.public_id: row for row in results.stream(every, context=Context.load(acme, now=NOW))
    }

    stored = Balance.unscoped.filter(tenant=acme).select_related("account", "scope")
    assert len(rows) == stored.count() > 50
    for balance in stored:
        row = rows[balance.public_id]
        for name in ("available", "pending", "ledger"):
            read, kept = getattr(row, name), getattr(balance, name)
            assert (read and read.as_tuple()) == (kept and kept.as_tuple())
        assert row.as_of == (balance.as_of or balance.scope.as_of)
        assert row.fetched_at == (balance.fetched_at or balance.scope.read_at)
        assert (row.missing_since, row.changed_at) == (balance.missing_since, balance.changed_at)
        assert (row.flags, row.verified) == (tuple(balance.flags), balance.verified)
        assert row.address == balance.account.address
        times = (row.as_of, row.fetched_at, row.missing_since, row.changed_at)
        assert {at.utcoffset() for at in times if at} <= {timedelta(0)}


# --- What it costs ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "number"),
    [("", 3), ("group_by=provider", 3), ("state=fresh&sort=credential", 4), ("q=payiano", 4)],
)
def test_a_page_costs_the_same_few_statements_however_many_rows(
    acme: Tenant, text: str, number: int
) -> None:
    many(acme, 210)

    def statements(per_page: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            found = page(acme, f"{text}&per_page={per_page}")
        assert len(found.rows) == per_page
        return len(captured)

    assert statements(25) == statements(200) == number


@pytest.mark.parametrize("group_by", ["", "provider", "currency"])
def test_a_page_of_everything_says_what_two_statements_say(acme: Tenant, group_by: str) -> None:
    make_world(acme, seed=21, rows=80)
    query, context = ask(f"group_by={group_by}"), Context.load(acme, now=NOW)

    whole = results.page(query, context=context)

    assert whole.totals == results.totals(query, context=context)
    assert whole.facets == results.facets(context)
    assert whole.facets.closed_count > 0
    assert whole.count == len(list(results.stream(query, context=context)))
    if group_by == "provider":
        assert whole.groups == results.by_provider(query, context=context)


def test_the_default_page_reads_its_rows_from_the_sort_index(acme: Tenant) -> None:
    many(acme, 500)
    context = Context.load(acme, now=NOW)
    ordered = results.rows.ordered_by(ask(), context=context)

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")

    assert "balance_default_sort" in ordered.values_list("pk")[:25].explain()


def test_a_stream_is_read_in_bounded_memory(acme: Tenant) -> None:
    many(acme, 6_000)
    stream = results.stream(ask(), context=Context.load(acme, now=NOW))
    first = [next(stream) for _ in range(10)]

    tracemalloc.start()
    rest = sum(1 for _ in stream)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(first) + rest == 6_000
    assert peak < 8_000_000


# --- Rows -------------------------------------------------------------------------------------
def test_a_row_holds_what_every_surface_shows(acme: Tenant) -> None:
    credential = make_credential(acme, provider="swipelux", name="Main")
    balance = make_balance(
        credential,
        "USDC",
        "12.5",
        external_ref="w-1",
        name="Wallet",
        display_name="Treasury",
        owner_name="Ann",
        owner_ref="cus-1",
        network="TRON",
        address="T9",
        decimals=6,
        flags=["MORE_DECIMALS"],
    )

    (row,) = page(acme).rows

    assert row.public_id == balance.public_id
    assert (row.provider, row.provider_label) == ("swipelux", "Swipelux")
    assert (row.credential_public_id, row.credential_name) == (credential.public_id, "Main")
    assert (row.holder, row.counting, row.account_kind) == ("CUSTOMERS", "LIVE", "WALLET")
    assert (row.account_ref, row.account_name, row.provider_account_name) == (
        "w-1",
        "Treasury",
        "Wallet",
    )
    assert (row.available, row.pending, row.decimals) == (Decimal("12.5"), None, 6)
    assert (row.as_of, row.as_of_source, row.fetched_at) == (READ_AT, "RESPONSE_DATE", READ_AT)
    assert (row.state, row.flags, row.verified) == ("fresh", ("MORE_DECIMALS",), True)
    assert row.slot == 2


def test_the_balances_own_time_goes_before_its_scopes(acme: Tenant) -> None:
    make_balance(
        make_credential(acme), as_of=NOW - HOUR, as_of_source="PROVIDER", fetched_at=NOW - 2 * HOUR
    )

    (row,) = page(acme).rows

    assert (row.as_of, row.as_of_source, row.fetched_at) == (NOW - HOUR, "PROVIDER", NOW - 2 * HOUR)


def test_decimals_are_the_currencys_else_the_providers(acme: Tenant) -> None:
    credential = make_credential(acme)
    for code, decimals in (("JPY", 2), ("KWD", None), ("XYZW", 4), ("XYZX", None)):
        make_balance(credential, code, decimals=decimals)

    assert [row.decimals for row in page(acme).rows] == [0, 3, 4, 2]


def test_one_row_is_found_by_its_id_in_its_tenant_alone(acme: Tenant, globex: Tenant) -> None:
    balance = make_balance(make_credential(acme), closed_at=NOW)

    found = results.one(balance.public_id, context=Context.load(acme, now=NOW))

    assert found is not None
    assert found.state == "closed"
    assert results.one(balance.public_id, context=Context.load(globex, now=NOW)) is None


# --- States -----------------------------------------------------------------------------------
STATES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # state: what is set on the credential, its scope, the balance and its account
    "fresh": ({}, {}, {}),
    "stale": ({}, {"read_at": NOW - timedelta(seconds=901)}, {}),
    "not_synced": ({}, {"error_code": "timeout", "read_at": NOW - 9 * HOUR}, {}),
    "held": ({}, {"held_at": NOW, "error_code": "timeout"}, {}),
    "missing": ({}, {"held_at": NOW}, {"missing_since": NOW - HOUR}),
    "paused": ({"paused_at": NOW, "error_code": "timeout"}, {"error_code": "timeout"}, {}),
    "closed": ({}, {"read_at": None}, {"closed_at": NOW, "missing_since": NOW - HOUR}),
    "never": ({"paused_at": NOW}, {"read_at": None, "held_at": NOW}, {"missing_since": NOW}),
}


@pytest.mark.parametrize("state", STATES)
def test_the_first_state_that_holds_is_the_state(acme: Tenant, state: str) -> None:
    of_credential, of_scope, of_balance = STATES[state]
    credential = make_credential(acme, **of_credential)
    make_balance(credential, scope=make_scope(credential, **of_scope), **of_balance)

    assert [row.state for row in page(acme, f"state={state}").rows] == [state]
    others = "&".join(f"state={other}" for other in STATES if other != state)
    assert refs(acme, others) == []


@pytest.mark.parametrize(
    ("of_credential", "of_scope", "state"),
    [
        ({"error_code": "credential_rejected"}, {}, "not_synced"),
        ({"retired_at": NOW}, {}, "closed"),
        ({}, {"closed_at": NOW}, "closed"),
        ({}, {"read_at": NOW - timedelta(seconds=900)}, "fresh"),
        ({"stale_after": 60}, {"read_at": NOW - timedelta(seconds=61)}, "stale"),
    ],
)
def test_credential_and_scope_decide_too(
    acme: Tenant, of_credential: dict[str, Any], of_scope: dict[str, Any], state: str
) -> None:
    make_balance(make_credential(acme, stale_after=600), scope=None)  # another cutoff beside it
    credential = make_credential(acme, **of_credential)
    balance = make_balance(credential, scope=make_scope(credential, **of_scope))

    found = results.one(balance.public_id, context=Context.load(acme, now=NOW))

    assert found is not None
    assert found.state == state


def test_a_row_never_read_has_no_time(acme: Tenant) -> None:
    credential = make_credential(acme, provider="payman")
    make_balance(credential, "EGP", None, scope=make_scope(credential, read_at=None))

    (row,) = page(acme).rows

    assert (row.state, row.available, row.as_of, row.as_of_source) == ("never", None, None, "")


def test_freshness_is_judged_by_our_reading_not_by_the_providers_time(acme: Tenant) -> None:
    make_balance(make_credential(acme), as_of=NOW - 700 * HOUR, as_of_source="PROVIDER")

    assert [row.state for row in page(acme).rows] == ["fresh"]


def test_closed_rows_answer_only_when_state_is_named(acme: Tenant) -> None:
    credential = make_credential(acme)
    make_balance(credential, external_ref="open")
    make_balance(credential, external_ref="shut", closed_at=NOW)

    assert refs(acme) == refs(acme, "currency=USD") == ["open"]
    assert refs(acme, "state=closed") == ["shut"]
    assert refs(acme, "state=closed&state=fresh") == ["open", "shut"]
    assert page(acme).tenant_count == 1
    assert page(acme, "state=closed").tenant_count == 2
    assert page(acme).totals[0].rows == 1


# --- Order and pages ---------------------------------------------------------------------------
def test_rows_without_an_amount_stand_last_both_ways(acme: Tenant) -> None:
    credential = make_credential(acme)
    for amount in ("2", None, "-1", "10"):
        make_balance(credential, available=amount, external_ref=str(amount))

    assert refs(acme, "sort=available") == ["-1", "2", "10", "None"]
    assert refs(acme, "sort=-available") == ["10", "2", "-1", "None"]


def test_pages_neither_skip_nor_repeat_equal_rows(acme: Tenant) -> None:
    credential = make_credential(acme)
    for number in range(7):
        make_balance(credential, available="5", external_ref=f"r{number}")

    pages = [refs(acme, f"page={number}&per_page=3") for number in (1, 2, 3)]

    assert list(chain.from_iterable(pages)) == [f"r{number}" for number in range(7)]


def test_a_page_past_the_end_has_no_rows_and_says_where_the_end_is(acme: Tenant) -> None:
    many(acme, 30)

    found = page(acme, "page=999999999&per_page=20")

    assert (found.rows, found.count, found.pages) == ((), 30, 2)
    assert (found.start, found.end) == (0, 0)
    last = page(acme, "page=2&per_page=20")
    assert (last.start, last.end, len(last.rows)) == (21, 30, 10)


def test_wildcards_in_a_search_are_letters(acme: Tenant) -> None:
    credential = make_credential(acme)
    make_balance(credential, name="100% owned", external_ref="percent")
    make_balance(credential, name="100 owned", external_ref="plain")

    assert refs(acme, "q=100%25") == ["percent"]
    assert refs(acme, "q=_") == []


@pytest.mark.parametrize(
    "q", ["TREAS", "ann", "cus-1", "w-1", "t9ab", "tron", "usdc", "SWIPELUX", "main ann"]
)
def test_search_looks_into_all_that_names_a_balance(acme: Tenant, q: str) -> None:
    make_balance(
        make_credential(acme, provider="swipelux", name="Main"),
        "USDC",
        external_ref="w-1",
        display_name="Treasury",
        owner_name="Ann",
        owner_ref="cus-1",
        network="TRON",
        address="T9aB",
    )
    make_balance(make_credential(acme, provider="payiano", name="Other"), "EGP")

    assert refs(acme, f"q={q}") == ["w-1"]


# --- Totals -----------------------------------------------------------------------------------
def test_no_total_spans_currencies_holders_or_countings(acme: Tenant) -> None:
    credential = make_credential(acme)
    for currency in ("USD", "EUR"):
        for holder in ("OWN", "CUSTOMERS"):
            for counting in ("LIVE", "TEST"):
                make_balance(credential, currency, "1", holder=holder, counting=counting)

    totals = page(acme).totals

    assert [total.key for total in totals] == [
        (currency, holder, counting)
        for currency in ("EUR", "USD")
        for holder in ("OWN", "CUSTOMERS")
        for counting in ("LIVE", "TEST")
    ]
    assert {total.available.sum for total in totals} == {Decimal(1)}


def test_a_total_says_how_many_rows_it_is_made_of(acme: Tenant) -> None:
    credential = make_credential(acme)
    stale = make_scope(credential, read_at=NOW - HOUR)
    make_balance(credential, available="10", pending="0")
    make_balance(credential, available="-42118.60", scope=stale)
    make_balance(credential, available=None)

    (total,) = page(acme).totals

    assert (total.rows, total.not_fresh, total.oldest_as_of) == (3, 1, NOW - HOUR)
    assert total.available == AmountTotal(
        sum=Decimal("-42108.60"),
        reported=2,
        negative_sum=Decimal("-42118.60"),
        negative_count=1,
    )
    assert total.available.positive_sum == 10
    assert total.pending == AmountTotal(sum=Decimal(0), reported=1)
    assert total.ledger == AmountTotal(sum=None, reported=0)


def test_totals_merge_exactly_past_28_digits(acme: Tenant) -> None:
    large, small = "99999999999999999999.000000000000000001", "0.000000000000000002"
    for provider, amount in (("payiano", large), ("payman", small), ("swipelux", large)):
        make_balance(make_credential(acme, provider=provider), available=amount, holder="OWN")
    context = Context.load(acme, now=NOW)

    by_provider = results.by_provider(ask(), context=context)

    (merged,) = results.merge(total for totals in by_provider.values() for total in totals)
    assert merged.available.sum == Decimal("199999999999999999998.000000000000000004")
    assert [merged] == [
        replace(each, credential_id=None) for each in results.totals(ask(), context=context)
    ]


def test_groups_by_provider_have_their_own_totals(acme: Tenant) -> None:
    one, two = (make_credential(acme, provider="payiano") for _ in range(2))
    other = make_credential(acme, provider="payman")
    for credential, amount in ((one, "1"), (two, "2"), (other, "4")):
        make_balance(credential, available=amount)

    found = page(acme, "group_by=provider")

    sums = {
        code: [total.available.sum for total in totals] for code, totals in found.groups.items()
    }
    assert sums == {"payiano": [3], "payman": [4]}
    assert [total.available.sum for total in found.totals] == [7]
    assert [row.provider for row in found.rows] == ["payiano", "payiano", "payman"]
    assert list(page(acme, "group_by=currency").groups) == ["USD"]
    of_accounts = page(acme, "group_by=account&per_page=2").groups
    assert sorted(total.available.sum or 0 for (total,) in of_accounts.values()) == [1, 2]
    (holders,) = page(acme, "group_by=holder").groups.values()
    assert [total.available.sum for total in holders] == [7]


def test_own_money_stands_before_customers_in_groups_and_in_order(acme: Tenant) -> None:
    credential = make_credential(acme)
    for holder in ("CUSTOMERS", "OWN", "CUSTOMERS"):
        make_balance(credential, holder=holder)

    for text in ("group_by=holder", "sort=holder"):
        assert [row.holder for row in page(acme, text).rows] == ["OWN", "CUSTOMERS", "CUSTOMERS"]
    assert [row.holder for row in page(acme, "sort=-holder").rows][-1] == "OWN"


def test_facets_count_the_tenant_whatever_the_filter(acme: Tenant, globex: Tenant) -> None:
    credential, other = make_credential(acme), make_credential(acme, provider="payman")
    make_balance(credential, "USD")
    make_balance(credential, "EUR", scope=make_scope(credential, read_at=NOW - HOUR))
    make_balance(other, "EUR", holder="CUSTOMERS")
    make_balance(credential, "EUR", closed_at=NOW)
    make_balance(make_credential(globex), "GBP")

    found = page(acme, "currency=USD").facets

    assert (found.tenant_count, found.closed_count) == (3, 1)
    assert found.currency == {"EUR": 2, "USD": 1}
    assert found.provider == {"payiano": 2, "payman": 1}
    assert found.credential == {credential.public_id: 2, other.public_id: 1}
    assert found.holder == {"own": 2, "customers": 1}
    assert found.state == {"fresh": 2, "stale": 1, "closed": 1}


@pytest.mark.parametrize("seed", [3, 4])
def test_facets_judge_states_as_the_rows_own_statement_does(acme: Tenant, seed: int) -> None:
    make_world(acme, seed=seed, rows=150)
    context = Context.load(acme, now=NOW)

    found = results.facets(context)

    assert set(found.state) == set(STATES)
    assert found == results.page(ask(), context=context).facets


def test_a_tenant_without_anything_gets_an_empty_page(acme: Tenant) -> None:
    found = page(acme)

    assert (found.rows, found.count, found.tenant_count, found.totals) == ((), 0, 0, [])
    assert (found.pages, found.start, found.end) == (1, 0, 0)


# --- One state of the data, and not for long ---------------------------------------------------
@pytest.fixture
def outside(transactional_db: None) -> Iterator[Callable[[str], None]]:
    """Give the function that changes data from another connection."""
    second = connection.copy()

    def run(sql: str) -> None:
        with second.cursor() as cursor:
            cursor.execute(sql)

    yield run
    second.close()


def test_a_snapshot_sees_one_state_and_blocks_no_writer(outside: Callable[[str], None]) -> None:
    make_balance(make_credential(make_tenant("solo")), available="1")
    tenant = Tenant.objects.get(slug="solo")

    with snapshot():
        context = Context.load(tenant, now=NOW)
        before = results.totals(ask(), context=context)
        outside("UPDATE balances_balance SET available = pending")
        with snapshot():
            assert results.totals(ask(), context=context) == before
        assert [row.available for row in results.stream(ask(), context=context)] == [Decimal(1)]

    assert results.totals(ask(), context=context)[0].available.sum is None


def test_a_snapshot_inside_a_transaction_adds_nothing(transactional_db: None) -> None:
    with transaction.atomic(), snapshot():
        make_tenant("kept")

    assert Tenant.objects.filter(slug="kept").exists()


@pytest.mark.postgresql
def test_a_snapshot_cannot_write(transactional_db: None) -> None:
    with pytest.raises(Exception, match="read-only"), snapshot():
        make_tenant("refused")


HEAVY = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)
    SELECT count(*) FROM n
"""


def test_a_statement_over_the_limit_is_stopped_and_said_so(transactional_db: None) -> None:
    with pytest.raises(QueryError) as caught, snapshot(seconds=0.05), connection.cursor() as cursor:
        cursor.execute(HEAVY)

    assert caught.value.code == "too_heavy"
    assert caught.value.message == "is too heavy, narrow it"
    with snapshot():
        assert list(Tenant.objects.all()) == []


def test_another_fault_of_the_database_stays_what_it_is(transactional_db: None) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("disk I/O error")

    with (
        pytest.raises(OperationalError, match="disk"),
        snapshot(),
        connection.execute_wrapper(fail),
    ):
        Tenant.objects.count()


def test_a_stream_left_half_read_ends_its_transaction(transactional_db: None) -> None:
    tenant = make_tenant("half")
    many(tenant, 50)

    stream = results.stream(ask(), context=Context.load(tenant, now=NOW))
    assert next(stream).currency == "C0"
    stream.close()

    make_tenant("after")
    assert Tenant.objects.count() == 2
