from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from providers.simulator.clock import Clock
from providers.simulator.server import Simulator
from tests.providers.simulator.conftest import Ask

EGP = "EGP"


def _first(world: Simulator) -> str:
    return next(ref for ref, currency in world.truth("payiano") if currency == EGP)


def test_set_amount_is_served_and_stands_still(world: Simulator, ask: Ask) -> None:
    ref = _first(world)
    world.edit("set", provider="payiano", ref=ref, currency=EGP, available="12.345", pending="0.1")
    world.advance(100)

    assert (
        '"available_amount":12.345,"pending_amount":0.1}' in ask("payiano", f"/balances/{ref}").text
    )


def test_set_gives_a_payman_subject_money_at_full_scale(world: Simulator, ask: Ask) -> None:
    fields = {"provider": "payman", "ref": "cust_7Qk2pV", "currency": "KWD"}
    world.edit("set", available="5", **fields)

    assert ask("payman", "/balances/customers/cust_7Qk2pV/currencies/KWD").text == "5.000"


def test_balance_comes_and_goes(world: Simulator, ask: Ask) -> None:
    ref = _first(world)
    world.edit("remove_balance", provider="payiano", ref=ref, currency=EGP)
    world.edit(
        "add_balance",
        provider="payiano",
        ref="01hqh45s7826hfwdze8dp1zzzz",
        currency="GBP",
        available="1",
        first=True,
    )

    items = ask("payiano", "/payment/balances").json()["items"]

    assert ref not in {item["id"] for item in items}
    assert items[0]["currency_code"] == "GBP"


def test_customer_and_wallet_come_and_go(world: Simulator, ask: Ask) -> None:
    company = {"provider": "swipelux"}
    world.edit("add_customer", ref="cus_new", name="New", **company)
    world.edit("add_wallet", customer="cus_new", ref="wal_new", network="base", **company)
    world.edit("add_balance", ref="wal_new", currency="USDC", available="7", **company)
    world.edit("remove_wallet", ref="wal_poly_001", **company)
    world.edit("remove_customer", ref="cus_rtl", **company)

    new = ask("swipelux", "/v1/customers/cus_new/balances").json()["wallets"]
    old = ask("swipelux", "/v1/customers/cus_abc123/balances").json()["wallets"]

    assert new[0]["balances"] == [{"currency": "USDC", "amount": "7.00"}]
    assert [wallet["walletId"] for wallet in old] == ["wal_eth_002"]
    assert ask("swipelux", "/v1/customers/cus_rtl/balances").status_code == 404


def test_revoked_key_is_refused(world: Simulator, ask: Ask) -> None:
    world.edit("revoke_key", slot="payman")

    assert ask("payman", "/me").status_code == 401
    assert ask("payman_other", "/me").status_code == 200


def test_replaced_key_opens_the_same_books(world: Simulator, ask: Ask) -> None:
    old, truth = world.secrets["swipelux"]["api_key"], world.truth("swipelux")

    new = world.edit("replace_key", slot="swipelux")["secret"]

    assert ask("swipelux", "/v1/customers", headers={"X-API-Key": old}).status_code == 401
    assert ask("swipelux", "/v1/customers", headers={"X-API-Key": new}).status_code == 200
    assert world.truth("swipelux", new) == truth
    assert new.startswith("sk.live.")


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("nonsense", {}),
        ("set", {"provider": "payman"}),
        ("set", {"provider": "x", "ref": "agent", "currency": "USD", "available": "1"}),
        ("set", {"provider": "payman", "ref": "x", "currency": "USD", "available": "1"}),
        ("set", {"provider": "payman", "ref": "agent", "currency": "USD", "available": "NaN"}),
        ("set", {"provider": "payman", "ref": "agent", "currency": "XYZ", "available": "1"}),
        ("remove_wallet", {"provider": "payiano", "ref": "x"}),
        ("add_customer", {"provider": "swipelux", "ref": "cus_rtl", "name": "again"}),
        ("revoke_key", {"slot": "x"}),
    ],
)
def test_impossible_edit_changes_nothing(
    world: Simulator, action: str, fields: dict[str, str]
) -> None:
    before = {slot: world.truth(slot) for slot in ("payman", "payiano", "swipelux")}

    with pytest.raises(ValueError):
        world.edit(action, **fields)

    assert {slot: world.truth(slot) for slot in before} == before


def test_restart_keeps_edits_and_does_not_jump(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    with Simulator("small", seed=7, state=state) as first:
        first.edit("set", provider="payman", ref="agent", currency="USD", available="3.21")
        secret = first.edit("replace_key", slot="payiano")["secret"]
        first.advance(5)
        before = {slot: first.truth(slot) for slot in ("payman", "payiano", "swipelux")}

    with Simulator("small", seed=7, state=state) as second:
        after = {slot: second.truth(slot) for slot in before}

        assert after == before
        assert second.secrets["payiano"]["access_token"] == secret
    assert after["payman"]["agent", "USD"]["available"] == Decimal("3.21")


def test_line_cut_short_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    Simulator("small", seed=7, state=state).edit("revoke_key", slot="payman")
    with state.open("a") as file:
        file.write('{"action": "revo')

    Simulator("small", seed=7, state=state).edit("revoke_key", slot="payiano")
    again = Simulator("small", seed=7, state=state)

    for slot in ("payman", "payiano"):
        (secret,) = again.secrets[slot].values()
        with pytest.raises(ValueError):
            again.truth(slot, secret)


def test_clock_file_is_not_moved_again_by_the_journal(tmp_path: Path) -> None:
    def made() -> Simulator:
        clock = Clock(length=timedelta(minutes=5), path=tmp_path / "clock")
        return Simulator("small", state=tmp_path / "state.jsonl", clock=clock)

    made().advance(5)

    assert made().clock.step() == 5


def test_permissions_do_not_bring_a_revoked_key_back(world: Simulator, ask: Ask) -> None:
    world.edit("revoke_key", slot="payiano")

    with pytest.raises(ValueError, match="revoked"):
        world.edit("permit", slot="payiano", permissions=["payment.balances.view"])
    assert ask("payiano", "/payment/balances").status_code == 401


def test_state_of_another_world_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    Simulator("small", seed=7, state=state).edit("revoke_key", slot="payman")

    with pytest.raises(ValueError, match="keeps edits of"):
        Simulator("medium", seed=7, state=state)
