import time
from collections.abc import Callable

import httpx
import pytest

from providers.simulator.server import Simulator
from providers.simulator.spoil import KINDS
from tests.providers.simulator.conftest import Ask, good_headers

LIST = "/payment/balances"


@pytest.mark.parametrize(
    ("slot", "path", "field"),
    [
        ("payman", "/balances/currencies/USD", "errorCode"),
        ("payiano", LIST, "code"),
        ("swipelux", "/v1/customers", "message"),
    ],
)
def test_status_fault_has_the_providers_own_body(
    world: Simulator, ask: Ask, slot: str, path: str, field: str
) -> None:
    world.fault("status", provider=slot, status=503)

    reply = ask(slot, path)

    assert reply.status_code == 503
    assert field in reply.json()


def test_count_after_and_path_choose_the_requests(world: Simulator, ask: Ask) -> None:
    fault = world.fault("status", path="*/USD", after=1, count=2, status=500)

    usd = [ask("payman", "/balances/currencies/USD").status_code for _ in range(5)]
    eur = ask("payman", "/balances/currencies/EUR").status_code

    assert usd == [200, 500, 500, 200, 200]
    assert eur == 200
    assert (fault.seen, fault.hits) == (5, 2)


def test_slot_chooses_the_company(world: Simulator, ask: Ask) -> None:
    world.fault("status", slot="payman_other", status=500)

    assert ask("payman", "/me").status_code == 200
    assert ask("payman_other", "/me").status_code == 500


def test_probability_is_drawn_from_the_seed(world: Simulator, ask: Ask) -> None:
    def statuses(seed: int) -> list[int]:
        world.clear_faults()
        world.fault("status", probability=0.5, seed=seed)
        return [ask("payman", "/me").status_code for _ in range(40)]

    first = statuses(1)

    assert first == statuses(1)
    assert first != statuses(2)
    assert 8 < first.count(500) < 32


def test_clearing_ends_faults(world: Simulator, ask: Ask) -> None:
    world.fault("status")
    world.clear_faults()

    assert ask("payman", "/me").status_code == 200


def test_throttling_says_when(world: Simulator, ask: Ask) -> None:
    world.fault("retry_after", count=1, seconds=7)
    world.fault("retry_after", count=1, text="Wed, 21 Oct 2099 07:28:00 GMT", after=1)

    first, second = ask("payman", "/me"), ask("payman", "/me")

    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert second.headers["retry-after"].startswith("Wed, 21 Oct 2099")


def test_redirect_points_away(world: Simulator, ask: Ask) -> None:
    world.fault("redirect", text="http://127.0.0.1:9/stolen", status=307)

    reply = ask("payman", "/me")

    assert (reply.status_code, reply.headers["location"]) == (307, "http://127.0.0.1:9/stolen")


@pytest.mark.parametrize("kind", ["html", "body", "nan", "huge"])
def test_spoiled_body_is_not_the_contract(world: Simulator, ask: Ask, kind: str) -> None:
    good = ask("payiano", LIST).text
    world.fault(kind)

    bad = ask("payiano", LIST)

    assert bad.status_code == 200
    assert bad.text != good
    assert bad.text.count({"nan": ":NaN", "huge": ":1e999999"}.get(kind, bad.text)) in (1, 16)


def test_amount_fault_keeps_strings_strings(world: Simulator, ask: Ask) -> None:
    world.fault("amount", text="1,5")

    wallets = ask("swipelux", "/v1/customers/cus_abc123/balances").json()["wallets"]

    assert wallets[0]["balances"] == [{"currency": "USDC", "amount": "1,5"}]


def test_rescale_moves_the_point(world: Simulator, ask: Ask) -> None:
    world.fault("rescale", number=6)

    assert ask("payman", "/balances/currencies/USDC").text == "1000000"


def test_missing_key(world: Simulator, ask: Ask) -> None:
    world.fault("missing", text="items")

    assert "items" not in ask("payiano", LIST).json()


def test_double_key(world: Simulator, ask: Ask) -> None:
    world.fault("double_key")

    assert ask("payiano", LIST).text.startswith('{"per_page":null,"per_page":25,')


def test_rows_go_missing_or_double(world: Simulator, ask: Ask) -> None:
    whole = [item["id"] for item in ask("payiano", LIST).json()["items"]]
    world.fault("drop", number=3, count=1)
    world.fault("duplicate", after=1, count=1)
    world.fault("none", after=2, count=1)

    dropped, doubled, emptied = (ask("payiano", LIST).json() for _ in range(3))

    assert [item["id"] for item in dropped["items"]] == whole[:-3]
    assert dropped["total_items"] == 8
    assert [item["id"] for item in doubled["items"]] == [*whole, whole[0]]
    assert (emptied["items"], emptied["total_items"], emptied["total_pages"]) == ([], 0, 1)


def test_same_page_and_clamp(world: Simulator, ask: Ask) -> None:
    world.fault("same_page", provider="payiano")
    world.fault("clamp", provider="payiano", number=3)

    first = ask("payiano", f"{LIST}?page=1&per_page=200").json()
    second = ask("payiano", f"{LIST}?page=2&per_page=200").json()

    assert first == second
    assert (first["per_page"], len(first["items"]), first["total_pages"]) == (3, 3, 3)


def _pages(ask: Ask) -> tuple[list[str], set[int]]:
    pages = [ask("payiano", f"{LIST}?page={page}&per_page=4").json() for page in (1, 2)]
    return [item["id"] for page in pages for item in page["items"]], {
        page["total_items"] for page in pages
    }


def test_page_shift_hides_a_row_though_totals_agree(world: Simulator, ask: Ask) -> None:
    world.fault("page_shift", path="/payment/balances", count=1)

    seen, totals = _pages(ask)

    live = {ref for ref, _ in world.truth("payiano")}
    assert totals == {8}
    assert len(set(seen)) == 8
    assert len(live - set(seen)) == 1
    assert len(set(seen) - live) == 1


def test_large_and_compressed_bodies(world: Simulator, ask: Ask) -> None:
    world.fault("large", number=9, count=1)
    world.fault("gzip", after=1, count=1)

    large, zipped = ask("payman", "/me"), ask("payman", "/me")

    assert len(large.content) > 9 * 1024 * 1024
    assert zipped.headers["content-encoding"] == "gzip"


def test_date_can_be_wrong_and_is_real_otherwise(world: Simulator, ask: Ask) -> None:
    world.fault("date", text="Thu, 01 Jan 1970 00:00:00 GMT", count=1)

    assert ask("payman", "/me").headers["date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert (
        ask("payman", "/me")
        .headers["date"]
        .endswith(time.strftime("%Y %H", time.gmtime()) + "", 12, 19)
    )


def test_delay_comes_before_the_answer(world: Simulator, ask: Ask) -> None:
    world.fault("delay", seconds=0.2)
    start = time.monotonic()

    assert ask("payman", "/me").status_code == 200
    assert time.monotonic() - start >= 0.2


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset", httpx.ReadError),
        ("truncate", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
    ],
)
def test_broken_connection(
    world: Simulator, client: httpx.Client, ask: Ask, kind: str, error: type[Exception]
) -> None:
    client.timeout = httpx.Timeout(0.3)
    world.fault(kind, count=1)

    with pytest.raises(error):
        ask("payiano", LIST)

    assert ask("payiano", LIST).status_code == 200


@pytest.mark.parametrize("text", ["", "head"])
def test_drip_outlasts_a_timeout_per_read(
    world: Simulator, client: httpx.Client, ask: Ask, text: str
) -> None:
    client.timeout = httpx.Timeout(0.2)
    world.fault("drip", seconds=0.01, text=text)
    start = time.monotonic()

    assert ask("payman", "/balances/currencies/JPY").status_code == 200
    assert time.monotonic() - start > (1.0 if text else 0.08)


def test_endless_body_flows_until_the_client_leaves(world: Simulator, client: httpx.Client) -> None:
    world.fault("endless", count=1)
    url, headers = world.base_url("payman") + "/me", good_headers(world, "payman")

    with client.stream("GET", url, headers=headers) as reply:
        got = 0
        for chunk in reply.iter_raw():
            got += len(chunk)
            if got > 1_000_000:
                break

    assert client.get(url, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "make",
    [
        lambda world: world.fault("nonsense"),
        lambda world: world.fault("status", nonsense=1),
        lambda world: world.fault("status", count="two"),
    ],
)
def test_unknown_fault_is_refused(world: Simulator, make: Callable[[Simulator], object]) -> None:
    with pytest.raises(ValueError):
        make(world)


def test_every_kind_leaves_the_server_alive(
    world: Simulator, client: httpx.Client, ask: Ask
) -> None:
    client.timeout = httpx.Timeout(0.2)
    for kind in KINDS.keys() - {"endless"}:
        for slot, path in (("payman", "/me"), ("payiano", LIST), ("swipelux", "/v1/customers")):
            world.fault(kind, count=1, seconds=0.001)
            try:
                ask(slot, path)
            except httpx.HTTPError:
                continue
        world.clear_faults()

    assert ask("payman", "/me").status_code == 200
