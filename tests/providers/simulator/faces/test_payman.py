from decimal import Decimal

import pytest

from providers.simulator.server import Simulator
from tests.providers.simulator.conftest import Ask, good_headers

USD = "/balances/currencies/USD"
MEDIA_TYPE = "application/vnd.payman.v1+json"


def test_balance_is_one_bare_number_at_full_scale(ask: Ask) -> None:
    reply = ask("payman", "/balances/currencies/USDC")

    assert reply.status_code == 200
    assert reply.headers["content-type"] == MEDIA_TYPE
    assert reply.text == "1.000000"


@pytest.mark.parametrize(
    ("currency", "places"), [("JPY", 0), ("KWD", 3), ("USD", 2), ("TSD", 2), ("USDC", 6)]
)
def test_each_currency_has_its_scale(ask: Ask, currency: str, places: int) -> None:
    amount = Decimal(ask("payman", f"/balances/currencies/{currency}").text)

    assert -int(amount.as_tuple().exponent) == places


def test_huge_amount_keeps_every_digit(ask: Ask) -> None:
    reply = ask("payman", "/balances/customers/cust_whale/currencies/USDC")

    assert reply.text == "98765432109876543210.123456"


def test_subject_without_money_in_a_known_currency_has_zero(ask: Ask) -> None:
    assert ask("payman", "/balances/customers/cust_7Qk2pV/currencies/JPY").text == "0"
    assert ask("payman", "/balances/customers/cust_7Qk2pV/currencies/EUR").text == "0.00"


def test_email_as_customer_id_is_found_percent_encoded(ask: Ask) -> None:
    path = "/balances/customers/ops%2Beu%40alder.example/currencies/EUR"

    assert ask("payman", path).status_code == 200


@pytest.mark.parametrize("chosen", ["v1", "accounts"])
def test_only_the_chosen_customer_path_is_served(world: Simulator, ask: Ask, chosen: str) -> None:
    world.options.change(payman_customer_path=chosen)

    old = ask("payman", "/balances/customers/cust_7Qk2pV/currencies/USD")
    new = ask("payman", "/accounts/balances/currencies/USD?customerId=cust_7Qk2pV")

    assert (old.status_code, new.status_code) == ((200, 404) if chosen == "v1" else (404, 200))


def test_both_customer_paths_agree(ask: Ask) -> None:
    old = ask("payman", "/balances/customers/cust_7Qk2pV/currencies/USD")
    new = ask("payman", "/accounts/balances/currencies/USD?customerId=cust_7Qk2pV")

    assert old.text == new.text


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/balances/currencies/XYZ", 400, "invalid_currency"),
        ("/balances/currencies/usd", 400, "invalid_currency"),
        ("/balances/customers/nobody/currencies/USD", 404, "customer_not_found"),
        ("/balances/currencies/USD?expand=1", 400, "invalid_parameter"),
        ("/accounts/balances/currencies/USD", 400, "validation_error"),
        ("/accounts/balances/currencies/USD?customerId=a&customerId=b", 400, "invalid_parameter"),
        ("/balances/currencies/USD/", 404, "entity_not_found"),
        ("/balances", 404, "entity_not_found"),
    ],
)
def test_wrong_request_is_refused_in_paymans_words(
    ask: Ask, path: str, status: int, code: str
) -> None:
    reply = ask("payman", path)

    body = reply.json()
    assert (reply.status_code, body["status"], body["errorCode"]) == (status, status, code)
    assert reply.headers["content-type"] == MEDIA_TYPE
    assert body.keys() == {"status", "timestamp", "errorCode", "message", "context", "traceId"}


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_bad_secret_is_not_authorized(ask: Ask, secret: str) -> None:
    headers = {"x-payman-api-secret": secret, "Accept": MEDIA_TYPE}

    reply = ask("payman", USD, headers=headers)

    assert (reply.status_code, reply.json()["errorCode"]) == (401, "not_authorized")


def test_key_of_another_provider_opens_nothing(world: Simulator, ask: Ask) -> None:
    foreign = world.secrets["payiano"]["access_token"]

    assert ask("payman", USD, headers={"x-payman-api-secret": foreign}).status_code == 401


@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_balance_needs_the_version_in_accept(world: Simulator, ask: Ask, accept: str) -> None:
    headers = {**good_headers(world, "payman"), "Accept": accept}

    assert ask("payman", USD, headers=headers).status_code == 406


@pytest.mark.parametrize("accept", ["*/*", MEDIA_TYPE])
def test_me_names_the_agent(world: Simulator, ask: Ask, accept: str) -> None:
    headers = {**good_headers(world, "payman"), "Accept": accept}

    body = ask("payman", "/me", headers=headers).json()

    assert body["agentId"].startswith("agt-")
    assert body["name"] == "Juniper Treasury"


def test_older_server_has_version_but_not_me(world: Simulator, ask: Ask) -> None:
    world.options.change(payman_me="off")

    assert ask("payman", "/me").status_code == 404
    assert isinstance(ask("payman", "/version").json(), dict)


@pytest.mark.parametrize(
    ("form", "text"), [("envelope", '{"data":1.000000}'), ("string", '"1.000000"')]
)
def test_other_forms_of_the_number(world: Simulator, ask: Ask, form: str, text: str) -> None:
    world.options.change(payman_form=form)

    assert ask("payman", "/balances/currencies/USDC").text == text


def test_two_companies_have_their_own_money(ask: Ask) -> None:
    assert ask("payman", USD).text != ask("payman_other", USD).text


def test_other_methods_are_refused(ask: Ask) -> None:
    assert ask("payman", USD, method="POST").status_code == 405


def test_faces_agree_with_truth(world: Simulator, ask: Ask) -> None:
    for (ref, currency), figures in world.truth("payman").items():
        path = "" if ref == "agent" else f"/customers/{ref.replace('@', '%40')}"
        reply = ask("payman", f"/balances{path}/currencies/{currency}")

        assert reply.text == format(figures["available"], "f")
        assert (figures["pending"], figures["ledger"]) == (None, None)
