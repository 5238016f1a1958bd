import base64

import pytest

from providers.simulator.world import World
from providers.simulator.worlds import WORLDS, make_world
from providers.simulator.worlds.build import holding


def _facts(world: World) -> object:
    return (
        {slot: world.truth(company, step=77) for slot, company in world.companies.items()},
        {slot: key.secret for slot, key in world.slots.items()},
    )


@pytest.mark.parametrize("name", list(WORLDS))
def test_world_is_the_same_for_the_same_seed(name: str) -> None:
    assert _facts(make_world(name, seed=3)) == _facts(make_world(name, seed=3))


@pytest.mark.parametrize("name", list(WORLDS))
def test_seed_changes_every_key(name: str) -> None:
    one, two = make_world(name, seed=3), make_world(name, seed=4)

    assert not one.keys.keys() & two.keys.keys()


@pytest.mark.parametrize("name", list(WORLDS))
def test_every_world_has_two_companies_per_provider_and_unique_ids(name: str) -> None:
    world = make_world(name, seed=7)

    for provider in ("payman", "payiano", "swipelux"):
        assert {provider, f"{provider}_other"} <= world.companies.keys()
    refs = [
        ref
        for one in world.companies.values()
        if one.provider != "payman"
        for ref in (*one.accounts, *one.customers)
    ]
    assert len(refs) == len(set(refs))


@pytest.mark.parametrize("name", list(WORLDS))
def test_keys_look_like_the_providers_own(name: str) -> None:
    slots = make_world(name, seed=7).slots

    assert slots["payman"].secret.startswith("YWd0L")
    assert base64.b64decode(slots["payman"].secret).startswith(b"agt-")
    assert slots["swipelux"].secret.startswith("sk.live.")
    assert slots["swipelux_sandbox"].secret.startswith("sk.sbx.")
    assert "payment.balances.view" not in slots["payiano_denied"].permissions


@pytest.mark.parametrize(
    ("name", "customers", "balances"), [("medium", 250, 450), ("large", 5000, 450)]
)
def test_sized_worlds_have_their_size(name: str, customers: int, balances: int) -> None:
    companies = make_world(name, seed=7).companies

    assert len(companies["swipelux"].customers) == customers
    assert len(companies["payiano"].accounts) == balances
    assert len(companies["payiano_other"].accounts) == 9
    names = [one.name for one in companies["swipelux"].customers.values()]
    assert len(set(names)) == customers


def test_demo_looks_like_the_design() -> None:
    world = make_world("demo", seed=7)
    main = {slot: world.companies[slot] for slot in ("payman", "payiano", "swipelux")}
    watched = {"agent", *main["payman"].watched}
    rows = [
        place
        for slot, company in main.items()
        for place in world.truth(company, step=1)
        if slot != "payman" or place[0] in watched
    ]

    assert len(rows) == 46
    assert {currency for _, currency in rows} == {"EGP", "EUR", "JPY", "KWD", "USD", "USDC", "USDT"}
    assert {one.name for one in main.values()} == {"Meridian Trading"}
    assert world.companies["payiano_other"].name == "Nile Retail Group"
    assert {one.network for one in main["swipelux"].accounts.values()} == {
        "polygon",
        "ethereum",
        "base",
        "solana",
    }


def test_payiano_writes_two_places_unless_an_amount_has_more() -> None:
    assert holding("KWD", "5", pending="0").scale == 2
    assert holding("KWD", "5.125", pending="0").scale == 3
    assert holding("KWD", "5").scale == 3


def test_unknown_world_is_refused_with_the_names() -> None:
    with pytest.raises(ValueError, match="small, medium, large, demo"):
        make_world("tiny", seed=1)
