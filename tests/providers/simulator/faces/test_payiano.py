import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.simulator.server import Simulator
from tests.providers.simulator.conftest import Ask, good_headers

LIST = "/payment/balances"


def exact(reply: httpx.Response) -> Any:
    """Read a body with its numbers as texts."""
    return json.loads(reply.text, parse_float=str, parse_int=str)


def test_list_has_totals_and_items(ask: Ask) -> None:
    body = ask("payiano", LIST).json()

    assert {
        key: body[key] for key in ("per_page", "total_pages", "total_items", "current_page")
    } == {
        "per_page": 25,
        "total_pages": 1,
        "total_items": 8,
        "current_page": 1,
    }
    assert all(
        item.keys() == {"id", "currency_code", "available_amount", "pending_amount"}
        for item in body["items"]
    )


def test_numbers_are_written_as_a_float_would_be(ask: Ask) -> None:
    amounts = {row["available_amount"] for row in exact(ask("payiano", LIST))["items"]}

    assert {"200000", "1520.75", "-42118.6", "0", "98765432109876543210.99"} <= amounts


def test_all_pages_together_are_the_account(client: httpx.Client) -> None:
    with Simulator("medium", seed=7) as medium:
        seen: list[str] = []
        for page in (1, 2, 3, 4):
            reply = client.get(
                medium.base_url("payiano") + LIST,
                params={"page": page, "per_page": 200},
                headers=good_headers(medium, "payiano"),
            ).json()
            seen += [item["id"] for item in reply["items"]]

        assert (reply["total_pages"], reply["total_items"], reply["items"]) == (3, 450, [])
        assert sorted(seen) == sorted(ref for ref, _ in medium.truth("payiano"))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=x", "page"),
        ("page=1.0", "page"),
        ("page=١", "page"),
        ("per_page=0", "per_page"),
        ("per_page=201", "per_page"),
        ("per_page=-5", "per_page"),
        ("limit=5", "limit"),
        ("page=1&page=2", "page"),
        ("q=EGP", "q"),
        ("sort[0][field]=id", "sort[0][field]"),
        ("response_type=export_csv", "response_type"),
    ],
)
def test_bad_parameter_is_a_validation_error(ask: Ask, query: str, field: str) -> None:
    reply = ask("payiano", f"{LIST}?{query}")

    body = reply.json()
    assert (reply.status_code, body["code"]) == (422, "validation_error")
    assert list(body["errors"]) == [field]


def test_null_parameters_take_their_defaults(ask: Ask) -> None:
    body = ask("payiano", f"{LIST}?page=&per_page=&response_type=json_list").json()

    assert (body["current_page"], body["per_page"]) == (1, 25)


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer wrong", "Basic {token}", "{token}"])
def test_anything_but_a_known_bearer_token_is_401(world: Simulator, ask: Ask, value: str) -> None:
    header = value.format(token=world.secrets["payiano"]["access_token"])

    reply = ask("payiano", LIST, headers={"Authorization": header})

    assert (reply.status_code, reply.json()["code"]) == (401, "unauthenticated")


def test_token_without_permission_is_403_and_names_it(ask: Ask) -> None:
    reply = ask("payiano_denied", LIST)

    assert reply.status_code == 403
    assert "payment.balances.view" in reply.json()["message"]
    assert ask("payiano_denied", "/app/whoami").status_code == 200


def test_whoami_names_the_application(ask: Ask) -> None:
    app = ask("payiano", "/app/whoami").json()["app"]

    assert len(app["id"]) == 26
    assert app["name"] == "Juniper Egypt"


def test_retrieve_agrees_with_the_list(ask: Ask) -> None:
    for item in exact(ask("payiano", LIST))["items"]:
        assert exact(ask("payiano", f"/balances/{item['id']}")) == {"balance": item}


@pytest.mark.parametrize(
    ("ref", "status"), [("01hqh45s7826hfwdze8dp1zzzz", 404), ("nonsense", 422), ("", 422)]
)
def test_retrieve_of_nothing(ask: Ask, ref: str, status: int) -> None:
    assert ask("payiano", f"/balances/{ref}").status_code == status


def test_retrieve_needs_its_own_permission(world: Simulator, ask: Ask) -> None:
    world.edit("permit", slot="payiano", permissions=["payment.balances.view"])
    ref = ask("payiano", LIST).json()["items"][0]["id"]

    assert ask("payiano", f"/balances/{ref}").status_code == 403


def test_wrong_path_and_method(ask: Ask) -> None:
    assert ask("payiano", "/payment/balances/").status_code == 404
    assert ask("payiano", "/balances").status_code == 404
    assert ask("payiano", LIST, method="POST").status_code == 405


def test_faces_agree_with_truth(world: Simulator, ask: Ask) -> None:
    truth = world.truth("payiano")

    items = exact(ask("payiano", LIST))["items"]

    assert len(items) == len(truth)
    for item in items:
        figures = truth[item["id"], item["currency_code"]]
        assert Decimal(item["available_amount"]) == figures["available"]
        assert Decimal(item["pending_amount"]) == figures["pending"]
        assert figures["ledger"] - figures["pending"] == figures["available"]
