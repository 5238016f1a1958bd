import httpx
import pytest

from providers.simulator.server import Simulator
from tests.providers.simulator.conftest import Ask


def test_overview_has_all_one_needs_to_connect(world: Simulator, client: httpx.Client) -> None:
    body = client.get(world.url + "/_control/").json()

    assert body["secrets"] == world.secrets
    assert body["base_urls"]["payiano"] == world.base_url("payiano")
    assert body["settings"]["payman"]["customer_ids"]
    assert body["names"]["payman"]["cust_7Qk2pV"] == "Alder Supply"
    assert (body["world"], body["seed"], body["step"]) == ("small", 7, 1000)


def test_truth_is_told_as_text(world: Simulator, client: httpx.Client) -> None:
    rows = client.get(world.url + "/_control/truth", params={"provider": "payman"}).json()

    assert {(row["account_ref"], row["currency"]) for row in rows} == world.truth("payman").keys()
    whale = [row for row in rows if row["available"] == "98765432109876543210.123456"]
    assert whale[0]["pending"] is None


def test_edit_fault_options_and_clear(world: Simulator, client: httpx.Client, ask: Ask) -> None:
    control = world.url + "/_control"
    edit = {"action": "set", "provider": "payman", "ref": "agent", "currency": "USD"}
    client.post(f"{control}/edit", json=edit | {"available": "9.99"}).raise_for_status()
    client.post(f"{control}/options", json={"payman_form": "string"}).raise_for_status()
    assert ask("payman", "/balances/currencies/USD").text == '"9.99"'

    client.post(f"{control}/fault", json={"kind": "status", "status": 502}).raise_for_status()
    assert ask("payman", "/me").status_code == 502
    assert client.get(f"{control}/faults").json()[0]["hits"] == 1
    client.post(f"{control}/clear", json={"what": "faults"}).raise_for_status()
    assert ask("payman", "/me").status_code == 200

    log = client.get(f"{control}/log").json()
    assert log["counts"] == {"payman 200": 2, "payman 502": 1}
    assert log["max_in_flight"] == {"payman": 1}
    client.post(f"{control}/clear", json={"what": "log"}).raise_for_status()
    assert client.get(f"{control}/log").json()["entries"] == []


def test_clock_is_set_over_control(world: Simulator, client: httpx.Client) -> None:
    control = world.url + "/_control/edit"

    assert client.post(control, json={"action": "advance", "steps": 2}).json()["step"] == 1002
    assert client.post(control, json={"action": "hold", "step": 5}).json()["step"] == 5
    client.post(control, json={"action": "follow"}).raise_for_status()
    assert not client.get(world.url + "/_control/").json()["held"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("edit", {}),
        ("edit", {"action": "advance"}),
        ("edit", {"action": "hold", "step": "x"}),
        ("fault", {"kind": "nonsense"}),
        ("options", {"nonsense": 1}),
        ("options", {"payman_form": "nonsense"}),
        ("options", {"latency": -1}),
        ("clear", {"what": "world"}),
        ("edit", []),
    ],
)
def test_nonsense_is_400(world: Simulator, client: httpx.Client, path: str, body: object) -> None:
    reply = client.post(f"{world.url}/_control/{path}", json=body)

    assert reply.status_code == 400
    assert reply.json()["message"]


def test_web_pages_of_others_are_kept_out(world: Simulator, client: httpx.Client) -> None:
    rebound = client.get(world.url + "/_control/", headers={"Host": "evil.example:80"})
    form = client.post(world.url + "/_control/clear", data={"what": "log"})

    plain = client.get(world.url + "/_control/", headers={"Host": "localhost"})

    assert (rebound.status_code, form.status_code, plain.status_code) == (403, 400, 200)


def test_unknown_control_path_is_404(world: Simulator, client: httpx.Client) -> None:
    assert client.get(world.url + "/_control/nonsense").status_code == 404
    assert client.get(world.url + "/_control/edit").status_code == 404


def test_control_is_not_in_the_log(world: Simulator, client: httpx.Client) -> None:
    client.get(world.url + "/_control/")

    assert world.log == []
