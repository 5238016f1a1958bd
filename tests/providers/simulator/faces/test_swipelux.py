from decimal import Decimal
from typing import Any

import pytest

from providers.simulator.server import Simulator
from tests.providers.simulator.conftest import Ask

CUSTOMERS = "/v1/customers"


def test_customer_balances_have_wallets_and_the_providers_total(ask: Ask) -> None:
    body = ask("swipelux", "/v1/customers/cus_abc123/balances").json()

    assert body["customerId"] == "cus_abc123"
    assert body["totalBalance"] == {"amount": "2500.75", "currency": "USD"}
    assert [wallet["walletId"] for wallet in body["wallets"]] == ["wal_poly_001", "wal_eth_002"]
    assert body["wallets"][1]["balances"] == [
        {"currency": "USDC", "amount": "1250.25"},
        {"currency": "USDT", "amount": "0.00"},
    ]


def test_customer_without_wallets_has_an_empty_list(ask: Ask) -> None:
    body = ask("swipelux", "/v1/customers/cus_nowallets/balances").json()

    assert body["wallets"] == []
    assert body["totalBalance"]["amount"] == "0.00"


def test_hostile_and_foreign_texts_arrive_unchanged(ask: Ask) -> None:
    names = {person["firstName"] for person in ask("swipelux", CUSTOMERS).json()["customers"]}
    wallet = ask("swipelux", "/v1/customers/cus_hostile/balances").json()["wallets"][0]

    assert {'=HYPERLINK("x")', "شركة النيل للتجارة", "東京オーシャン株式会社"} <= names
    assert (wallet["network"], wallet["address"]) == ('=HYPERLINK("x")', "+1-2@SUM(A1)")


def test_wallet_call_adds_decimals_and_time(ask: Ask) -> None:
    body = ask("swipelux", "/v1/wallets/wal_eth_002/balance").json()

    assert body == {
        "walletId": "wal_eth_002",
        "network": "ethereum",
        "balances": [
            {"currency": "USDC", "amount": "1250.25", "decimals": 6},
            {"currency": "USDT", "amount": "0.00", "decimals": 6},
        ],
        "lastUpdated": "2026-01-01T00:00:00Z",
    }


def test_wallet_call_may_be_gone(world: Simulator, ask: Ask) -> None:
    world.options.change(swipelux_wallet_balance="off")

    assert ask("swipelux", "/v1/wallets/wal_eth_002/balance").status_code == 404


def test_wallets_are_spelled_otherwise(ask: Ask) -> None:
    wallets = ask("swipelux", "/v1/customers/cus_abc123/wallets").json()["wallets"]
    detail = ask("swipelux", "/v1/customers/cus_abc123/wallets/wal_poly_001").json()

    assert detail == wallets[0]
    assert (detail["id"], detail["chain"]) == ("wal_poly_001", "polygon")


def test_wallet_of_another_customer_is_not_found(ask: Ask) -> None:
    assert ask("swipelux", "/v1/customers/cus_rtl/wallets/wal_poly_001").status_code == 404


def _everyone(ask: Ask, **extra: Any) -> tuple[list[str], list[Any]]:
    """Read all pages by two, sending both forms of the parameters."""
    ids: list[str] = []
    replies = []
    for page in (1, 2, 3, 4):
        params = {"page": page, "limit": 2, "offset": 2 * (page - 1)}
        body = ask("swipelux", CUSTOMERS, params=params).json()
        replies.append(body)
        rows = body if isinstance(body, list) else body["customers"]
        ids += [row["id"] for row in rows]
    return ids, replies


@pytest.mark.parametrize("form", ["page", "offset", "bare"])
def test_every_wrapper_lists_everyone_once(world: Simulator, ask: Ask, form: str) -> None:
    world.options.change(swipelux_list=form)

    ids, replies = _everyone(ask)

    assert ids == list(world.company("swipelux").customers)
    if form == "page":
        assert replies[0]["pagination"] == {"page": 1, "limit": 2, "total": 6, "totalPages": 3}
    elif form == "offset":
        assert [body["hasMore"] for body in replies] == [True, True, False, False]
        assert replies[0]["totalCount"] == 6
    else:
        assert isinstance(replies[0], list)


@pytest.mark.parametrize(("form", "name"), [("page", "offset"), ("offset", "page")])
def test_server_ignores_the_other_generations_parameter(
    world: Simulator, ask: Ask, form: str, name: str
) -> None:
    world.options.change(swipelux_list=form)

    first, second = (
        ask("swipelux", CUSTOMERS, params={name: number, "limit": 2}).json()["customers"]
        for number in (1, 2)
    )

    assert first == second


def test_newer_names_stand_under_personal(world: Simulator, ask: Ask) -> None:
    world.options.change(swipelux_names="personal")

    person = ask("swipelux", CUSTOMERS).json()["customers"][0]

    assert person["personal"]["firstName"] == "John"
    assert "firstName" not in person
    assert "status" not in person


def test_oldest_answer_is_one_number(world: Simulator, ask: Ask) -> None:
    world.options.change(swipelux_balances="legacy")

    assert ask("swipelux", "/v1/customers/cus_abc123/balances").text == '{"balance":48.5}'


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=x", "page=0", "offset=-1", "cursor=abc", "page=1&page=2"],
)
def test_bad_parameter_is_400_with_a_message(ask: Ask, query: str) -> None:
    reply = ask("swipelux", f"{CUSTOMERS}?{query}")

    assert reply.status_code == 400
    assert list(reply.json()) == ["message"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/customers/cus_nobody/balances", 404),
        ("/v1/wallets/wal_nobody/balance", 404),
        ("/v1/customers/cus_abc123/balances?currency=USDC", 400),
        ("/v1/customers/", 404),
        ("/v2/customers", 404),
        ("/customers", 404),
    ],
)
def test_wrong_path_is_refused(ask: Ask, path: str, status: int) -> None:
    assert ask("swipelux", path).status_code == status


@pytest.mark.parametrize("key", ["", "sk.live.wrong"])
def test_bad_key_is_401(ask: Ask, key: str) -> None:
    assert ask("swipelux", CUSTOMERS, headers={"X-API-Key": key}).status_code == 401


def test_missing_permission_is_403_in_the_documented_words(ask: Ask) -> None:
    reply = ask("swipelux_denied", "/v1/customers/cus_abc123/balances")

    assert reply.status_code == 403
    assert reply.json() == {"message": "API key is missing required permission: balances:read"}
    assert ask("swipelux_denied", CUSTOMERS).status_code == 200


def test_sandbox_key_opens_other_books(world: Simulator, ask: Ask) -> None:
    sandbox = ask("swipelux_sandbox", CUSTOMERS).json()["customers"]

    assert world.secrets["swipelux_sandbox"]["api_key"].startswith("sk.sbx.")
    assert world.secrets["swipelux"]["api_key"].startswith("sk.live.")
    assert [person["firstName"] for person in sandbox] == ["Test Customer"]


def test_faces_agree_with_truth(world: Simulator, ask: Ask) -> None:
    served = {
        (wallet["walletId"], token["currency"]): Decimal(token["amount"])
        for customer in world.company("swipelux").customers
        for wallet in ask("swipelux", f"/v1/customers/{customer}/balances").json()["wallets"]
        for token in wallet["balances"]
    }

    truth = world.truth("swipelux")

    assert served == {place: figures["available"] for place, figures in truth.items()}
    assert all(figures["ledger"] == figures["available"] for figures in truth.values())
