from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.connectors.base import StepName
from providers.connectors.swipelux_replies import seed_of
from providers.errors import ProviderError
from providers.rows import AsOfSource, BalanceRow, Flag, ScopeKind, ScopeReading, ScopeSeed, Wanted
from tests.providers.connectors.stage import NOW, Case, Stage, json_answer, recorded, text_answer

WALLET = "/v1/wallets/{}/balance"


def customers(page: int = 1, offset: int = 0) -> str:
    return f"/v1/customers?page={page}&limit=100&offset={offset}"


def balances(ref: str) -> str:
    return f"/v1/customers/{ref}/balances"


def person(ref: str, **more: Any) -> dict[str, Any]:
    return {"id": ref, "type": "individual", **more}


def listed(*refs: str, page: int = 1, pages: int = 1, total: int | None = None) -> httpx.Response:
    count = len(refs) if total is None else total
    counts = {"page": page, "limit": 100, "total": count, "totalPages": pages}
    return json_answer({"customers": [person(ref) for ref in refs], "pagination": counts})


def wallet(ref: str = "w1", *tokens: tuple[str, str], **more: Any) -> dict[str, Any]:
    held = [{"currency": currency, "amount": amount} for currency, amount in tokens]
    return {"walletId": ref, "network": "polygon", "address": "0x1", "balances": held, **more}


def holding(customer: str, *wallets: dict[str, Any]) -> httpx.Response:
    total = {"amount": "1.00", "currency": "USD"}
    return json_answer({"customerId": customer, "totalBalance": total, "wallets": list(wallets)})


def detail(ref: str, *tokens: tuple[str, str], **more: Any) -> httpx.Response:
    held = [{"currency": currency, "amount": amount, "decimals": 6} for currency, amount in tokens]
    return json_answer({"walletId": ref, "network": "polygon", "balances": held, **more})


def stage(*refs: str, **settings: Any) -> Stage:
    """List these customers, each with one wallet of 1 USDC."""
    set_up = Stage("swipelux", settings=settings, secrets={"api_key": "sk.live.abc"})
    set_up.on(customers(), listed(*refs))
    for ref in refs:
        set_up.on(balances(ref), holding(ref, wallet(f"w-{ref}", ("USDC", "1.00"))))
    return set_up


def by_ref(readings: list[ScopeReading]) -> dict[str, ScopeReading]:
    return {reading.ref: reading for reading in readings}


def code_of(reading: ScopeReading) -> str:
    assert isinstance(reading.error, ProviderError)
    return reading.error.code


def wanted(*known: str, refs: set[str] | None = None, stored: str = "") -> Wanted:
    """Want these refs; the known customers hold the stored wallets."""
    return Wanted(
        refs=None if refs is None else frozenset(refs),
        known=tuple(seed_of(ref, name=f"Old {ref}") for ref in known),
        account_refs={
            f"customer:{ref}": frozenset(stored.split() or [f"w-{ref}"]) for ref in known
        },
    )


def one(set_up: Stage) -> tuple[BalanceRow, ...]:
    """Return the rows of the one customer."""
    reading = by_ref(set_up.fetch())["customer:a"]
    assert reading.error is None, reading.error
    return reading.rows


# --- The list -------------------------------------------------------------------------------------
def test_settings_name_the_list_or_the_chosen_customers() -> None:
    every, chosen = stage(), stage(customer_ids="a, b")

    assert [(each.ref, each.kind) for each in every.connector.scopes(every.values)] == [
        ("customers", ScopeKind.LISTING)
    ]
    assert [(each.ref, each.kind) for each in chosen.connector.scopes(chosen.values)] == [
        ("customer:a", ScopeKind.BALANCES),
        ("customer:b", ScopeKind.BALANCES),
    ]


def test_list_comes_first_and_names_the_customers_read_after_it() -> None:
    readings = stage("a", "b").fetch()

    assert readings[0].kind is ScopeKind.LISTING
    assert {seed.ref for seed in readings[0].found} == {"customer:a", "customer:b"}
    assert {each.ref for each in readings[1:]} == {"customer:a", "customer:b"}


def test_key_goes_in_its_header() -> None:
    set_up = stage("a")

    set_up.fetch()

    assert {each.headers["x-api-key"] for each in set_up.asked} == {"sk.live.abc"}


def many(count: int) -> list[dict[str, Any]]:
    return [person(f"c{n:03}") for n in range(count)]


@pytest.mark.parametrize("wrapper", ["page", "offset", "bare"])
def test_250_customers_are_listed_whole_in_every_wrapper(wrapper: str) -> None:
    everyone = many(250)

    def answer(request: httpx.Request) -> httpx.Response:
        page, offset = int(request.url.params["page"]), int(request.url.params["offset"])
        start = offset if wrapper == "offset" else (page - 1) * 100
        some = everyone[start : start + 100]
        return json_answer(
            {
                "page": {
                    "customers": some,
                    "pagination": {"page": page, "total": 250, "totalPages": 3},
                },
                "offset": {"customers": some, "totalCount": 250, "hasMore": start + 100 < 250},
                "bare": some,
            }[wrapper]
        )

    set_up = stage()
    for page, offset in ((1, 0), (2, 100), (3, 200)):
        set_up.on(customers(page, offset), answer)

    reading = set_up.fetch()[0]

    assert len(reading.found) == 250
    assert set_up.paths[:3] == [customers(1, 0), customers(2, 100), customers(3, 200)]


@pytest.mark.parametrize("wrapper", ["page", "offset"])
def test_clamped_list_is_read_to_its_end(wrapper: str) -> None:
    set_up = stage()
    for n in (1, 2, 3):
        body = {
            "page": {"customers": [person(f"c{n}")], "pagination": {"total": 3, "totalPages": 3}},
            "offset": {"customers": [person(f"c{n}")], "totalCount": 3, "hasMore": n < 3},
        }[wrapper]
        set_up.on(customers(n, n - 1), json_answer(body))

    assert len(set_up.fetch()[0].found) == 3


def test_server_that_ignores_paging_and_counts_nothing_is_read_whole() -> None:
    set_up = stage()
    set_up.on(customers(1, 0), json_answer(many(130))).on(customers(2, 130), json_answer(many(130)))

    assert len(set_up.fetch()[0].found) == 130


def test_same_full_page_for_ever_is_incomplete() -> None:
    set_up = stage()
    for page, offset in ((1, 0), (2, 100)):
        set_up.on(customers(page, offset), json_answer(many(100)))

    assert code_of(set_up.fetch()[0]) == "incomplete"


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"firstName": "John", "lastName": "Doe", "email": "j@d"}, "John Doe"),
        ({"firstName": " Nile ", "lastName": None}, "Nile"),
        ({"personal": {"firstName": "Jane", "lastName": "Roe"}, "email": "j@r"}, "Jane Roe"),
        ({"personal": {"email": "p@x"}}, "p@x"),
        ({"email": "j@d"}, "j@d"),
        ({}, ""),
        ({"firstName": "A\u0000B"}, "A\ufffdB"),
    ],
)
def test_display_name_is_found_where_each_generation_puts_it(
    more: dict[str, Any], name: str
) -> None:
    set_up = stage("a").on(
        customers(), json_answer({"customers": [person("a", **more)], "totalCount": 1})
    )

    listing, reading = set_up.fetch()

    assert listing.found[0].name == name
    assert reading.name == name
    assert reading.rows[0].owner_name == name


@pytest.mark.parametrize("bad", [{"id": ""}, {"id": "x" * 65}, {"id": 7}, {"id": "a\u0007"}, {}])
def test_bad_id_makes_the_list_unreadable_at_its_index(bad: dict[str, Any]) -> None:
    set_up = stage().on(
        customers(), json_answer({"customers": [person("a"), bad], "totalCount": 2})
    )

    reading = set_up.fetch()[0]

    assert code_of(reading) == "unreadable"
    assert reading.error is not None
    assert "customers[1]" in reading.error.field


@pytest.mark.parametrize("body", [{}, {"pagination": {}}, {"customers": None}, {"error": "x"}])
def test_missing_list_is_never_an_empty_list(body: dict[str, Any]) -> None:
    reading = stage().on(customers(), json_answer(body)).fetch()[0]

    assert code_of(reading) == "unreadable"


def test_403_on_the_list_rejects_the_key_and_names_the_right() -> None:
    text = '{"message":"API key is missing required permission: customers:read"}'
    set_up = stage("a").on(customers(), text_answer(text, status=403))

    readings = set_up.fetch(wanted("a"))

    assert [code_of(each) for each in readings] == ["credential_rejected"]
    assert readings[0].error is not None
    assert readings[0].error.permission == "customers:read"


def test_list_that_fails_leaves_known_customers_to_be_read() -> None:
    set_up = stage("a").on(customers(), httpx.Response(500))

    readings = by_ref(set_up.fetch(wanted("a", "gone")))

    assert code_of(readings["customers"]) == "server_error"
    assert readings["customer:a"].rows
    assert code_of(readings["customer:gone"]) == "not_found"


def test_unchanged_list_is_read_once_and_a_changed_one_again() -> None:
    unchanged, changed = stage("a", "b"), stage("a", "b")

    unchanged.fetch(wanted("a", "b"))
    changed.fetch(wanted("a"))

    assert unchanged.paths.count(customers()) == 1
    assert changed.paths.count(customers()) == 2


def test_listed_customer_without_wallets_is_no_change() -> None:
    set_up = stage("a", "bare")
    known = Wanted(known=wanted("a", "bare").known, account_refs={"customer:a": frozenset({"w-a"})})

    set_up.fetch(known)

    assert set_up.paths.count(customers()) == 1


def test_customer_that_left_empty_long_ago_asks_for_no_second_reading() -> None:
    set_up = stage("a")
    known = wanted("a", "gone")
    known = Wanted(known=known.known, account_refs={"customer:a": frozenset({"w-a"})})

    set_up.fetch(known)

    assert set_up.paths.count(customers()) == 1


# --- Which customers are read ---------------------------------------------------------------------
def test_customer_that_left_the_list_is_asked_by_id_and_404_is_empty() -> None:
    set_up = stage("a")

    reading = by_ref(set_up.fetch(wanted("a", "gone")))["customer:gone"]

    assert (reading.error, reading.rows) == (None, ())
    assert reading.name == "Old gone"
    assert reading.as_of_source is AsOfSource.RECEIVED
    assert balances("gone") in set_up.paths


def test_customer_that_left_the_list_but_answers_keeps_its_balances() -> None:
    set_up = stage("a", "b").on(customers(), listed("a"))

    assert by_ref(set_up.fetch(wanted("a", "b")))["customer:b"].rows


def test_404_while_listed_is_a_failed_scope() -> None:
    set_up = stage("a", "b").on(balances("b"), httpx.Response(404))

    readings = by_ref(set_up.fetch())

    assert code_of(readings["customer:b"]) == "not_found"
    assert readings["customer:a"].rows


@pytest.mark.parametrize(
    ("status", "code"), [(403, "forbidden"), (500, "server_error"), (400, "bad_request")]
)
def test_failure_of_one_customer_is_its_own(status: int, code: str) -> None:
    set_up = stage("a", "b").on(balances("b"), httpx.Response(status))

    readings = by_ref(set_up.fetch())

    assert code_of(readings["customer:b"]) == code
    assert readings["customer:a"].rows


def test_due_customer_alone_is_read_without_the_list() -> None:
    set_up = stage("a", "b")

    readings = set_up.fetch(wanted("a", "b", refs={"customer:b"}))

    assert [each.ref for each in readings] == ["customer:b"]
    assert set_up.paths == [balances("b")]


def test_due_list_alone_also_reads_the_customers_it_newly_names() -> None:
    set_up = stage("a", "new")

    readings = set_up.fetch(wanted("a", refs={"customers"}))

    assert [each.ref for each in readings] == ["customers", "customer:new"]


def test_named_customer_that_is_not_stored_yet_is_read_by_its_ref() -> None:
    set_up = stage("a")

    assert [each.ref for each in set_up.fetch(Wanted(refs=frozenset({"customer:a"})))] == [
        "customer:a"
    ]


def test_chosen_customers_are_read_without_the_list_and_404_is_a_failure() -> None:
    set_up = stage("a", customer_ids="a,x/y")

    readings = by_ref(set_up.fetch(wanted("a", "unchosen")))

    assert set(readings) == {"customer:a", "customer:x/y"}
    assert readings["customer:a"].name == "Old a"
    assert code_of(readings["customer:x/y"]) == "not_found"
    assert set(set_up.paths) == {balances("a"), balances("x%2Fy")}


def test_401_stops_the_run_at_once() -> None:
    set_up = stage(customer_ids=",".join("abcdefghijkl"))
    for ref in "abcdefghijkl":
        set_up.on(balances(ref), httpx.Response(401))

    readings = set_up.fetch()

    assert [code_of(each) for each in readings] == ["credential_rejected"]
    assert len(set_up.asked) < 12


# --- Balances -------------------------------------------------------------------------------------
def test_row_is_the_wallet_with_its_owner_network_and_address() -> None:
    row = one(stage("a"))[0]

    assert (row.account_ref, row.currency, row.owner_ref) == ("w-a", "USDC", "a")
    assert (row.available, row.pending, row.ledger) == (Decimal("1.00"), None, Decimal("1.00"))
    assert (row.network, row.address, row.decimals, row.as_of) == ("polygon", "0x1", None, None)


def test_one_row_per_wallet_and_token() -> None:
    both = [wallet("w1", ("USDC", "1"), ("usdt", "2")), wallet("w2", ("USDC", "3")), wallet("w3")]

    rows = one(stage("a").on(balances("a"), holding("a", *both)))

    assert [(row.account_ref, row.currency) for row in rows] == [
        ("w1", "USDC"),
        ("w1", "USDT"),
        ("w2", "USDC"),
    ]


def test_converted_total_makes_no_row() -> None:
    assert {row.currency for row in one(stage("a"))} == {"USDC"}


def test_wallet_without_network_or_address_is_kept() -> None:
    bare = {"walletId": "w1", "network": None, "balances": [{"currency": "USDC", "amount": "1"}]}

    row = one(stage("a").on(balances("a"), holding("a", bare)))[0]

    assert (row.network, row.address) == ("", "")


@pytest.mark.parametrize(
    "body",
    [recorded("swipelux", "legacy.json"), '{"customerId": "a"}', '{"balance": "48.5"}', "{}"],
)
def test_older_generation_is_unreadable_and_no_wallets_balance(body: str) -> None:
    reading = by_ref(stage("a").on(balances("a"), text_answer(body)).fetch())["customer:a"]

    assert code_of(reading) == "unreadable"
    assert reading.error is not None
    assert "unsupported API generation" in reading.error.detail


def test_answer_for_another_customer_is_unreadable() -> None:
    reading = by_ref(stage("a").on(balances("a"), holding("b", wallet())).fetch())["customer:a"]

    assert code_of(reading) == "unreadable"
    assert reading.error is not None
    assert reading.error.field == "$.customerId"


@pytest.mark.parametrize(
    ("wallets", "field"),
    [
        (
            [wallet("w1"), wallet("w2", ("USDC", "1"), ("U$D", "2"))],
            "$.wallets[1].balances[1].currency",
        ),
        ([wallet("w1", ("USDC", "1"), ("usdc", "2"))], "$.wallets[0].balances[1]"),
        ([wallet("w1", ("USDC", "1")), wallet("w1", ("USDC", "1"))], "$.wallets[1].balances[0]"),
        ([wallet("x" * 65)], "$.wallets[0].walletId"),
        ([wallet("w1", ("USDC", "1"), network="n" * 41)], "$.wallets[0].balances[0].network"),
        ([wallet("w1", ("USDC", "1,5"))], "$.wallets[0].balances[0].amount"),
        ([{"walletId": "w1", "balances": [{"currency": "USDC"}]}], "$.wallets[0].balances[0]"),
        ([{"walletId": "w1"}], "$.wallets[0]"),
        (
            [{"walletId": "w1", "balances": [{"currency": "USDC", "amount": 1.5}]}],
            "$.wallets[0].balances[0].amount",
        ),
    ],
)
def test_bad_row_is_unreadable_at_its_index_and_field(
    wallets: list[dict[str, Any]], field: str
) -> None:
    reading = by_ref(stage("a").on(balances("a"), holding("a", *wallets)).fetch())["customer:a"]

    assert code_of(reading) == "unreadable"
    assert reading.error is not None
    assert reading.error.field == field


# --- Wallet detail --------------------------------------------------------------------------------
def with_detail(answer: httpx.Response, *tokens: tuple[str, str]) -> Stage:
    set_up = stage("a", read_wallet_detail=True)
    set_up.on(balances("a"), holding("a", wallet("w1", *(tokens or (("USDC", "1.00"),)))))
    return set_up.on(WALLET.format("w1"), answer)


def test_detail_is_off_unless_asked_for() -> None:
    set_up = stage("a")

    set_up.fetch()

    assert not [path for path in set_up.paths if path.startswith("/v1/wallets/")]


def test_detail_adds_decimals_and_the_providers_own_time() -> None:
    row = one(with_detail(detail("w1", ("USDC", "1.00"), lastUpdated="2024-01-15T10:30:00Z")))[0]

    assert row.decimals == 6
    assert row.as_of == datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
    assert row.address == "0x1"


def test_later_reading_wins_and_loses_no_token() -> None:
    set_up = with_detail(
        detail("w1", ("USDC", "2.00"), ("DAI", "3")), ("USDC", "1.00"), ("USDT", "5")
    )

    rows = {row.currency: (row.available, row.decimals) for row in one(set_up)}

    assert rows == {"USDC": (Decimal(2), 6), "USDT": (Decimal(5), None), "DAI": (Decimal(3), 6)}


def test_decimals_of_the_token_decide_what_is_too_fine() -> None:
    row = one(with_detail(detail("w1", ("USDC", "1.0000001"))))[0]

    assert Flag.MORE_DECIMALS in row.flags


def test_404_of_the_detail_switches_it_off_for_the_run() -> None:
    set_up = stage("a", "b", "c", read_wallet_detail=True)

    readings = by_ref(set_up.fetch())

    assert all(readings[f"customer:{ref}"].rows for ref in "abc")
    assert len([path for path in set_up.paths if path.startswith("/v1/wallets/")]) == 1


@pytest.mark.parametrize(("status", "code"), [(403, "forbidden"), (500, "server_error")])
def test_other_failure_of_the_detail_fails_the_customer_whole(status: int, code: str) -> None:
    reading = by_ref(with_detail(httpx.Response(status)).fetch())["customer:a"]

    assert code_of(reading) == code
    assert reading.rows == ()


def test_time_in_the_future_is_the_receipt_time_and_flagged() -> None:
    row = one(with_detail(detail("w1", ("USDC", "1"), lastUpdated="2026-11-20T12:30:00Z")))[0]

    assert row.as_of == NOW
    assert row.flags == {Flag.FUTURE_TIME, Flag.CLOCK_SKEW}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-03-29T02:30:00+02:00", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("2024-01-15T10:30:00.123456Z", datetime(2024, 1, 15, 10, 30, 0, 123456, tzinfo=UTC)),
    ],
)
def test_time_with_an_offset_is_kept(sent: str, kept: datetime) -> None:
    assert one(with_detail(detail("w1", ("USDC", "1"), lastUpdated=sent)))[0].as_of == kept


@pytest.mark.parametrize("sent", ["2024-01-15T10:30:00", "2024-01-15", "yesterday", "", 1705314600])
def test_time_without_an_offset_is_refused(sent: Any) -> None:
    reading = by_ref(with_detail(detail("w1", ("USDC", "1"), lastUpdated=sent)).fetch())[
        "customer:a"
    ]

    assert code_of(reading) == "unreadable"
    assert reading.error is not None
    assert "lastUpdated" in reading.error.field


def test_detail_of_another_wallet_is_unreadable() -> None:
    assert code_of(by_ref(with_detail(detail("w2")).fetch())["customer:a"]) == "unreadable"


# --- The test of a connection ---------------------------------------------------------------------
def test_verify_reads_the_first_customers_and_takes_the_environment_off_the_key() -> None:
    verdict = Case("swipelux").stage().verify()

    assert verdict.environment == "LIVE"
    assert verdict.identity_ref == ""
    assert {"wal_poly_001", "wal_base_003", "customer:cus_abc123"} <= verdict.refs
    assert len(verdict.rows) == 4


def test_verify_of_a_platform_without_customers_passes_and_says_so() -> None:
    verdict = stage().verify()

    assert verdict.ok
    assert "no customers" in verdict.steps[-1].detail


def test_verify_names_the_right_that_is_missing_for_balances() -> None:
    text = recorded("swipelux", "missing-permission.json")
    set_up = stage("a").on(balances("a"), text_answer(text, status=403))

    verdict = set_up.verify()

    assert [step.name for step in verdict.steps] == [
        StepName.HOST,
        StepName.TOKEN,
        StepName.PERMISSION,
    ]
    assert "balances:read" in verdict.steps[-1].detail


def test_verify_of_chosen_customers_needs_no_list() -> None:
    set_up = stage("a", customer_ids="a")

    assert set_up.verify().ok
    assert set_up.paths == [balances("a")]


def test_seed_of_a_customer_is_named_after_it() -> None:
    assert seed_of("a", name="A") == ScopeSeed(ref="customer:a", kind=ScopeKind.BALANCES, name="A")
