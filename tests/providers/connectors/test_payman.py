from decimal import Decimal

import httpx
import pytest

from providers.connectors.base import StepName
from providers.errors import ProviderError
from providers.rows import AccountKind, AsOfSource, Flag, ScopeReading, Wanted
from tests.providers.connectors.stage import (
    NOW,
    Case,
    Stage,
    json_answer,
    recorded,
    text_answer,
)

AGENT_USD = "/api/balances/currencies/USD"
KIND = "application/vnd.payman.v1+json"


def stage(*, currencies: str = "USD", customers: str = "", path: str = "v1") -> Stage:
    settings = {"currencies": currencies, "customer_ids": customers, "customer_path": path}
    return Stage("payman", settings=settings, secrets={"api_secret": "YWd0Lx"})


def number(text: str) -> httpx.Response:
    return text_answer(text, kind=KIND)


def fault(code: str, *, status: int, key: str = "errorCode") -> httpx.Response:
    return json_answer({"status": status, key: code, "message": "no"}, status=status)


def by_ref(readings: list[ScopeReading]) -> dict[str, ScopeReading]:
    return {reading.ref: reading for reading in readings}


def error_of(reading: ScopeReading) -> ProviderError:
    assert reading.error is not None
    return reading.error


def test_scopes_are_agent_and_customers_times_currencies() -> None:
    set_up = stage(currencies="usd,tsd", customers="a@b.c")

    seeds = set_up.connector.scopes(set_up.values)

    assert [seed.ref for seed in seeds] == [
        "agent:USD",
        "agent:TSD",
        "customer:a@b.c:USD",
        "customer:a@b.c:TSD",
    ]
    assert [(row.account_ref, row.account_kind, row.currency) for row in seeds[2].expects] == [
        ("a@b.c", AccountKind.CUSTOMER, "USD")
    ]


def test_every_call_carries_the_secret_and_the_version() -> None:
    set_up = Case("payman").stage()

    set_up.fetch()

    assert {each.headers["accept"] for each in set_up.asked} == {KIND}
    assert {each.headers["x-payman-api-secret"] for each in set_up.asked} == set(
        set_up.secrets.values()
    )


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("v1", "/api/balances/customers/a%2Fb%40c%20d/currencies/USD"),
        ("accounts", "/api/accounts/balances/currencies/USD?customerId=a%2Fb%40c+d"),
    ],
)
def test_customer_ids_are_encoded_in_either_path(path: str, asked: str) -> None:
    set_up = stage(customers="a/b@c d", path=path)

    set_up.fetch()

    assert asked.replace("+", "%20") in [each.replace("+", "%20") for each in set_up.paths]


def test_customer_ids_of_dots_stay_one_part_of_the_path() -> None:
    set_up = stage(customers="..")

    set_up.fetch()

    assert "/api/balances/customers/%2E%2E/currencies/USD" in set_up.paths


def test_owner_of_the_agent_is_what_me_says_and_of_a_customer_its_id() -> None:
    rows = {
        (row.account_ref, row.currency): row
        for reading in Case("payman").stage().fetch()
        for row in reading.rows
    }

    agent, customer = rows["agent", "USD"], rows["cust_7Qk2pV", "USD"]
    assert (agent.owner_ref, agent.owner_name) == ("agt-1f042092-f548-6635", "Acme Treasury")
    assert (customer.owner_ref, customer.owner_name) == ("cust_7Qk2pV", "")
    assert (agent.as_of, agent.decimals, agent.account_name) == (None, None, "")


def test_me_is_asked_once_a_run_and_after_a_balance() -> None:
    whole = Case("payman").stage()
    whole.fetch()
    part = Case("payman").stage()
    part.fetch(Wanted(refs=frozenset({"customer:cust_7Qk2pV:USD"})))

    assert whole.paths.count("/api/me") == 1
    assert part.paths == ["/api/balances/customers/cust_7Qk2pV/currencies/USD", "/api/me"]


def test_every_reading_tells_whose_secret_it_is() -> None:
    readings = Case("payman").stage().fetch()

    told = {(each.identity_ref, each.identity_name) for each in readings if not each.error}
    assert told == {("agt-1f042092-f548-6635", "Acme Treasury")}


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500])
def test_me_that_fails_costs_the_name_alone(status: int) -> None:
    set_up = stage().on(AGENT_USD, number("1.50")).on("/api/me", text_answer("<>", status=status))

    reading = set_up.fetch()[0]

    assert reading.rows[0].available == Decimal("1.50")
    assert reading.rows[0].owner_ref == reading.identity_ref == ""


@pytest.mark.parametrize(
    "body", ["1.50", " 1.50\n", '"1.50"', '{"data": 1.50}', '{"data": "1.50", "more": true}']
)
def test_bare_number_string_and_envelope_are_the_same_balance(body: str) -> None:
    reading = stage().on(AGENT_USD, number(body)).fetch()[0]

    assert reading.rows[0].available == Decimal("1.50")


@pytest.mark.parametrize("body", ['{"data": {"data": 1}}', '{"date": 1}', "[1]", '{"data": null}'])
def test_other_envelopes_are_unreadable(body: str) -> None:
    assert error_of(stage().on(AGENT_USD, number(body)).fetch()[0]).code == "unreadable"


def test_negative_more_decimals_and_unknown_money_are_kept_and_flagged() -> None:
    set_up = stage(currencies="USD,QQQ")
    set_up.on(AGENT_USD, number("-1.005")).on("/api/balances/currencies/QQQ", number("3"))

    rows = {row.currency: row for reading in set_up.fetch() for row in reading.rows}

    assert rows["USD"].flags == {Flag.NEGATIVE, Flag.MORE_DECIMALS}
    assert rows["USD"].available == Decimal("-1.005")
    assert rows["QQQ"].flags == {Flag.UNKNOWN_CURRENCY}


@pytest.mark.parametrize("key", ["errorCode", "code"])
@pytest.mark.parametrize("status", [400, 404, 422])
def test_unknown_currency_is_misconfigured_and_the_rest_goes_on(status: int, key: str) -> None:
    set_up = stage(currencies="XYZ,USD").on(AGENT_USD, number("1"))
    set_up.on("/api/balances/currencies/XYZ", fault("invalid_currency", status=status, key=key))

    readings = by_ref(set_up.fetch())

    error = error_of(readings["agent:XYZ"])
    assert (error.code, error.detail, error.field) == (
        "misconfigured",
        "Payman does not know XYZ",
        "currencies",
    )
    assert readings["agent:USD"].error is None


def test_recorded_errors_are_understood() -> None:
    set_up = stage(currencies="XYZ", customers="cust_123")
    unknown = recorded("payman", "invalid-currency.json")
    nobody = recorded("payman", "customer-not-found.json")
    set_up.on("/api/balances/currencies/XYZ", text_answer(unknown, status=400, kind=KIND))
    set_up.on(
        "/api/balances/customers/cust_123/currencies/XYZ",
        text_answer(nobody, status=404, kind=KIND),
    )

    codes = [error_of(each).code for each in set_up.fetch()]

    assert codes == ["misconfigured", "not_found"]


@pytest.mark.parametrize("code", ["customer_not_found", "entity_not_found"])
def test_unknown_customer_is_not_found_whatever_the_status_and_never_zero(code: str) -> None:
    set_up = stage(customers="gone").on(AGENT_USD, number("1"))
    set_up.on("/api/balances/customers/gone/currencies/USD", fault(code, status=400))

    reading = by_ref(set_up.fetch())["customer:gone:USD"]

    assert error_of(reading).code == "not_found"
    assert reading.rows == ()


def test_other_400_is_our_mistake_with_the_providers_words() -> None:
    error = error_of(stage().on(AGENT_USD, fault("validation_error", status=400)).fetch()[0])

    assert error.code == "bad_request"
    assert "validation_error" in error.detail


def test_403_for_one_subject_is_its_own_and_the_rest_goes_on() -> None:
    set_up = stage(customers="a").on(AGENT_USD, number("1"))
    set_up.on("/api/balances/customers/a/currencies/USD", httpx.Response(403))

    readings = by_ref(set_up.fetch())

    assert error_of(readings["customer:a:USD"]).code == "forbidden"
    assert readings["agent:USD"].rows


def test_403_everywhere_rejects_the_credential_at_the_last_scope() -> None:
    set_up = stage(currencies="USD,EUR")
    for path in (AGENT_USD, "/api/balances/currencies/EUR"):
        set_up.on(path, httpx.Response(403))

    codes = [error_of(each).code for each in set_up.fetch()]

    assert codes == ["forbidden", "credential_rejected"]


def test_403_in_a_run_of_one_due_scope_judges_that_scope_alone() -> None:
    set_up = stage(currencies="USD,EUR").on(AGENT_USD, httpx.Response(403))

    readings = set_up.fetch(Wanted(refs=frozenset({"agent:USD"})))

    assert [error_of(each).code for each in readings] == ["forbidden"]


def test_401_after_something_was_read_is_tried_once_more() -> None:
    customer = "/api/balances/customers/a/currencies/USD"
    set_up = stage(customers="a").on(AGENT_USD, number("1"))
    set_up.on(customer, httpx.Response(401), number("2"))

    with set_up.client() as http:
        http.get("/balances/currencies/USD")
        readings = by_ref(list(set_up.connector.fetch_scopes(http, set_up.values, Wanted())))

    assert readings["customer:a:USD"].rows[0].available == Decimal(2)
    assert set_up.paths.count(customer) == 2


def test_date_header_dates_the_reading_and_never_the_row() -> None:
    dated = number("1")
    dated.headers["Date"] = "Fri, 20 Nov 2026 11:59:00 GMT"
    reading = stage().on(AGENT_USD, dated).fetch()[0]

    assert reading.as_of_source is AsOfSource.RESPONSE_DATE
    assert (NOW - reading.as_of).total_seconds() == 60
    assert reading.rows[0].as_of is None


def test_verify_falls_back_to_version_on_older_servers() -> None:
    set_up = stage().on(AGENT_USD, number("1")).on("/api/version", json_answer({"any": "thing"}))

    verdict = set_up.verify()

    assert verdict.ok
    assert verdict.identity_ref == ""
    assert set_up.paths == ["/api/me", "/api/version", AGENT_USD]


def test_verify_names_the_agent_and_reads_each_currency() -> None:
    verdict = Case("payman").stage().verify()

    assert verdict.identity_ref == "agt-1f042092-f548-6635"
    assert verdict.identity_name == "Acme Treasury"
    assert [row.currency for row in verdict.rows] == ["USD", "USDC", "TSD"]
    assert verdict.environment is None


def test_verify_names_the_currency_payman_does_not_know() -> None:
    set_up = stage(currencies="USD,XYZ").on(AGENT_USD, number("1"))
    set_up.on("/api/me", json_answer({"agentId": "agt-1", "handle": "h", "name": "N"}))
    set_up.on("/api/balances/currencies/XYZ", fault("invalid_currency", status=400))

    verdict = set_up.verify()

    assert [step.name for step in verdict.steps] == [StepName.HOST, StepName.TOKEN, StepName.ANSWER]
    assert "Payman does not know XYZ" in verdict.steps[-1].detail
    assert verdict.identity_ref == "agt-1"
