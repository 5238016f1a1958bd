"""Read whole simulated worlds over HTTP, and compare with what the simulator itself knows."""

from collections.abc import Iterator
from typing import Any

import pytest

from providers.connectors import CONNECTORS
from providers.http import Client, Limits
from providers.rows import ScopeReading, Wanted
from providers.simulator.server import Simulator

EVERYTHING = Wanted()
SLOTS = {
    "small": [
        "payman",
        "payman_other",
        "payiano",
        "payiano_other",
        "payiano_sandbox",
        "swipelux",
        "swipelux_other",
        "swipelux_sandbox",
    ],
    "medium": ["payman", "payiano", "swipelux"],
}


@pytest.fixture
def small() -> Iterator[Simulator]:
    with Simulator("small") as simulator:
        yield simulator


@pytest.fixture
def medium() -> Iterator[Simulator]:
    with Simulator("medium") as simulator:
        yield simulator


def read(
    simulator: Simulator, slot: str, *, wanted: Wanted = EVERYTHING, **settings: Any
) -> list[ScopeReading]:
    connector = CONNECTORS[slot.partition("_")[0]]
    stored = connector.parse_settings({**simulator.settings.get(slot, {}), **settings})
    values = connector.values(stored, secrets=simulator.secrets[slot])
    options = connector.client_options(values) | {"requests_per_second": 100_000}
    client = Client(
        base_url=simulator.base_url(slot),
        secrets=simulator.secrets[slot].values(),
        allowed_hosts=[simulator.url],
        limits=Limits(deadline=5, first_backoff=0.001),
        **options,
    )
    with client as http:
        return list(connector.fetch_scopes(http, values, wanted))


def figures(readings: list[ScopeReading]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row.account_ref, row.currency): {
            "available": row.available,
            "pending": row.pending,
            "ledger": row.ledger,
        }
        for reading in readings
        for row in reading.rows
    }


def codes(readings: list[ScopeReading]) -> set[str]:
    return {reading.error.code for reading in readings if reading.error}


@pytest.mark.parametrize(
    ("world", "slot"), [(world, slot) for world, slots in SLOTS.items() for slot in slots]
)
def test_whole_world_is_read_exactly(world: str, slot: str) -> None:
    with Simulator(world) as simulator:
        readings = read(simulator, slot)

        assert codes(readings) == set()
        assert figures(readings) == simulator.truth(slot)
        assert max(simulator.requests.max_in_flight.values()) <= 4
        assert sum(reading.requests for reading in readings) == len(simulator.log)


@pytest.mark.parametrize(
    ("slot", "options", "entered"),
    [
        ("payman", {"payman_form": "envelope"}, {}),
        ("payman", {"payman_form": "string"}, {}),
        ("payman", {"payman_me": "off"}, {}),
        ("payman", {"payman_customer_path": "v1"}, {"customer_path": "v1"}),
        ("payman", {"payman_customer_path": "accounts"}, {"customer_path": "accounts"}),
        ("swipelux", {"swipelux_list": "offset"}, {}),
        ("swipelux", {"swipelux_list": "bare"}, {}),
        ("swipelux", {"swipelux_names": "personal"}, {}),
        ("swipelux", {}, {"read_wallet_detail": True}),
        ("swipelux", {"swipelux_wallet_balance": "off"}, {"read_wallet_detail": True}),
    ],
)
def test_every_generation_reads_the_same(
    medium: Simulator, slot: str, options: dict[str, str], entered: dict[str, Any]
) -> None:
    medium.options.change(**options)

    readings = read(medium, slot, **entered)

    assert codes(readings) == set()
    assert figures(readings) == medium.truth(slot)


def test_wrong_customer_path_fails_the_customers_alone(small: Simulator) -> None:
    small.options.change(payman_customer_path="accounts")

    readings = read(small, "payman", customer_path="v1")

    assert codes(readings) == {"not_found"}
    assert {ref for ref, _ in figures(readings)} == {"agent"}


def test_legacy_balances_fail_every_customer(small: Simulator) -> None:
    small.options.change(swipelux_balances="legacy")

    readings = read(small, "swipelux")

    assert codes(readings) == {"unreadable"}
    assert figures(readings) == {}


@pytest.mark.parametrize(
    ("fault", "fields", "code"),
    [
        ("same_page", {}, "incomplete"),
        ("duplicate", {}, "incomplete"),
        ("drop", {}, "incomplete"),
        ("missing", {"text": "items"}, "unreadable"),
        ("missing", {"text": "pending_amount"}, "unreadable"),
        ("html", {}, "unreadable"),
        ("nan", {}, "unreadable"),
        ("huge", {}, "unreadable"),
        ("double_key", {}, "unreadable"),
        ("gzip", {}, "unreadable"),
        ("truncate", {}, "unreadable"),
        ("large", {}, "too_large"),
        ("redirect", {"text": "http://127.0.0.1:9/"}, "redirect_refused"),
        ("status", {"status": 403}, "credential_rejected"),
        ("status", {"status": 500}, "server_error"),
        ("status", {"status": 418}, "bad_request"),
        ("reset", {}, "unreachable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_fault_fails_the_list_whole(
    medium: Simulator, fault: str, fields: dict[str, Any], code: str
) -> None:
    medium.fault(fault, provider="payiano", path="/payment/balances", **fields)

    readings = read(medium, "payiano")

    assert codes(readings) == {code}
    assert figures(readings) == {}


@pytest.mark.parametrize(
    ("slot", "path"), [("payiano", "/payment/balances"), ("swipelux", "/v1/customers")]
)
def test_clamped_pages_are_read_whole(medium: Simulator, slot: str, path: str) -> None:
    medium.fault("clamp", path=path, number=50)

    assert figures(read(medium, slot)) == medium.truth(slot)


@pytest.mark.parametrize(
    ("slot", "path"), [("payiano", "/payment/balances"), ("swipelux", "/v1/customers")]
)
@pytest.mark.parametrize("what", ["", "insert", "delete"])
def test_shift_between_pages_is_read_again_until_it_holds_still(
    medium: Simulator, slot: str, path: str, what: str
) -> None:
    medium.fault("page_shift", path=path, text=what, count=1)

    readings = read(medium, slot)

    assert codes(readings) == set()
    assert figures(readings) == medium.truth(slot)


def test_list_that_shifts_for_ever_is_incomplete_and_keeps_everything(medium: Simulator) -> None:
    medium.fault("page_shift", path="/payment/balances")

    readings = read(medium, "payiano")

    assert codes(readings) == {"incomplete"}
    assert figures(readings) == {}


def test_removed_customer_is_found_gone_by_its_id(small: Simulator) -> None:
    before = read(small, "swipelux")
    refs = {each.ref: frozenset(row.account_ref for row in each.rows) for each in before}
    known = before[0].found
    small.edit("remove_customer", provider="swipelux", ref="cus_abc123")

    after = {
        each.ref: each
        for each in read(small, "swipelux", wanted=Wanted(known=known, account_refs=refs))
    }

    assert after["customer:cus_abc123"].error is None
    assert after["customer:cus_abc123"].rows == ()
    assert len(after) == len(before)


def test_token_without_the_permission_is_rejected_by_name(small: Simulator) -> None:
    (reading,) = read(small, "payiano_denied")

    assert reading.error is not None
    assert reading.error.code == "credential_rejected"
    assert reading.error.permission == "payment.balances.view"


def test_rows_follow_simulated_time(small: Simulator) -> None:
    first = figures(read(small, "payiano"))
    small.advance(50)

    second = figures(read(small, "payiano"))

    assert second == small.truth("payiano")
    assert second != first
