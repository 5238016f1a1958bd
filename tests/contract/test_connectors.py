"""Hold every registered connector to the contract, from the replies in tests/fixtures/<code>/."""

import json
import logging
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from providers.connectors import CONNECTORS
from providers.connectors.base import FieldKind, SettingsError, StepName
from providers.http import allowed_origin
from providers.rows import AmountKind, BalanceRow, Environment, ScopeReading, Wanted
from tests.providers.connectors.stage import Case, recorded, text_answer

ROOT = Path(__file__).resolve().parents[2]
COMMON = {"base_url", "requests_per_second", "interval", "stale_after"}
CASES = {code: Case(code) for code in CONNECTORS}

every_connector = pytest.mark.parametrize("code", CONNECTORS)

# What each answer to every request of a run means for the first scope that meets it.
FAILURES = {
    "400": (httpx.Response(400), "bad_request"),
    "401": (httpx.Response(401), "credential_rejected"),
    "404": (httpx.Response(404), "not_found"),
    "410": (httpx.Response(410), "bad_request"),
    "422": (httpx.Response(422), "bad_request"),
    "429 for a minute": (httpx.Response(429, headers={"Retry-After": "60"}), "throttled"),
    "429 without end": (httpx.Response(429), "throttled"),
    "301": (httpx.Response(301, headers={"Location": "https://evil.example/"}), "redirect_refused"),
    "302 to http": (httpx.Response(302, headers={"Location": "http://a.b/"}), "redirect_refused"),
    "500": (httpx.Response(500), "server_error"),
    "503": (httpx.Response(503), "server_error"),
}
STEPS = {
    "400": StepName.ANSWER,
    "401": StepName.TOKEN,
    "404": StepName.ANSWER,
    "410": StepName.ANSWER,
    "422": StepName.ANSWER,
    "429 for a minute": StepName.ANSWER,
    "429 without end": StepName.ANSWER,
    "301": StepName.HOST,
    "302 to http": StepName.HOST,
    "500": StepName.ANSWER,
    "503": StepName.ANSWER,
}
# Rows 11 to 13 and 16 of the fault table: bodies that are not what any contract says.
HOSTILE_BODIES: dict[str, str | bytes] = {
    "empty": "",
    "null": "null",
    "true": "true",
    "empty list in place of an object": "[]",
    "empty object": "{}",
    "error with status 200": '{"error": {"code": "oops"}}',
    "error text with status 200": '"temporarily unavailable"',
    "cut JSON": '{"items": [{"id": "a", "curr',
    "key given twice": '{"data": 1, "data": 2, "items": [], "items": [], "walletId": "", "walletId": ""}',
    "not UTF-8": b'{"data": "\xff"}',
    "nested past all need": "[" * 5_000 + "]" * 5_000,
}
# Row 14: amounts, as they stand in the JSON text, that no money is written as.
HOSTILE_AMOUNTS = {
    "NaN": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "past float": "1e400",
    "exponent bomb": "1e999999",
    "too many digits": "9" * 5_000,
    "over 20 whole digits": "1" + "0" * 20,
    "over 18 places": "0." + "0" * 18 + "1",
    "comma": '"1,5"',
    "full-width digits": '"１２"',
    "underscore": '"1_000"',
    "spaces": '" 1"',
    "plus sign": '"+1"',
    "NaN as text": '"NaN"',
    "exponent bomb as text": '"1e999999"',
    "hexadecimal": '"0x10"',
    "empty text": '""',
    "boolean": "true",
    "null": "null",
    "list": "[]",
    "object": '{"amount": 1}',
}


def readings_of(code: str, answer: httpx.Response) -> list[ScopeReading]:
    return CASES[code].everything(answer).fetch()


def rows_of(readings: list[ScopeReading]) -> list[BalanceRow]:
    return [row for reading in readings for row in reading.rows]


# --- What a connector declares --------------------------------------------------------------------
def test_slots_have_a_fixed_order() -> None:
    assert list(CONNECTORS) == ["payman", "swipelux", "payiano"]


@every_connector
def test_connector_declares_itself_whole(code: str) -> None:
    connector = CONNECTORS[code]
    names = [each.name for each in connector.fields]

    assert connector.code == code
    assert connector.label
    assert len(names) == len(set(names))
    assert set(names) >= COMMON
    assert all(each.label and each.help for each in connector.fields)
    assert any(each.is_secret and each.required for each in connector.fields)
    assert set(connector.legend) == connector.reports


@every_connector
def test_own_addresses_are_public_hosts_that_are_allowed(code: str) -> None:
    connector = CONNECTORS[code]

    assert set(connector.default_base_url) == set(Environment)
    for url in connector.default_base_url.values():
        assert allowed_origin(url, allowed_hosts=connector.hosts).scheme == "https"


@every_connector
def test_stored_settings_read_back_the_same(code: str) -> None:
    connector = CONNECTORS[code]

    settings = connector.parse_settings(CASES[code].facts["settings"])

    assert connector.parse_settings(settings) == settings
    assert json.loads(json.dumps(settings)) == settings
    assert not {each.name for each in connector.fields if each.is_secret} & set(settings)


@every_connector
def test_unknown_setting_is_refused_and_the_known_ones_named(code: str) -> None:
    with pytest.raises(SettingsError) as caught:
        CONNECTORS[code].parse_settings({**CASES[code].facts["settings"], "curencies": "USD"})

    assert list(caught.value.errors) == ["curencies"]
    assert "interval" in caught.value.errors["curencies"]


@every_connector
def test_missing_secret_is_refused_by_name(code: str) -> None:
    connector = CONNECTORS[code]
    needed = {
        each.name for each in connector.fields if each.kind is FieldKind.SECRET and each.required
    }

    with pytest.raises(SettingsError) as caught:
        connector.parse_secrets({})

    assert set(caught.value.errors) == needed


def test_connectors_load_neither_django_nor_the_http_library() -> None:
    script = (
        "import sys, providers.connectors; print(*sorted({'django', 'httpx'} & set(sys.modules)))"
    )

    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == ""


# --- What it reads --------------------------------------------------------------------------------
@every_connector
def test_every_recorded_balance_becomes_the_row_it_says(code: str) -> None:
    case = CASES[code]

    readings = case.stage().fetch()

    assert [reading.error for reading in readings] == [None] * len(readings)
    assert sorted(
        [
            [row.account_ref, row.account_kind, row.currency, *map(_text, _amounts(row))]
            for row in rows_of(readings)
        ],
        key=str,
    ) == sorted(case.facts["rows"], key=str)


@every_connector
def test_every_page_and_path_is_asked(code: str) -> None:
    stage = CASES[code].stage()

    stage.fetch()

    assert set(stage.paths) == set(CASES[code].facts["replies"])


@every_connector
def test_amounts_are_plain_decimals(code: str) -> None:
    amounts = [each for row in rows_of(CASES[code].stage().fetch()) for each in row.amounts]

    assert {type(each) for each in amounts} == {Decimal}


@every_connector
def test_reports_names_exactly_the_amounts_that_come(code: str) -> None:
    rows = rows_of(CASES[code].stage().fetch())

    told = {
        kind
        for row in rows
        for kind, amount in zip(AmountKind, _amounts(row), strict=True)
        if amount is not None
    }
    assert told == CONNECTORS[code].reports


@every_connector
def test_two_readings_of_the_same_replies_are_equal(code: str) -> None:
    first, second = CASES[code].stage().fetch(), CASES[code].stage().fetch()

    # Answers come in any order: what they tell is the same.
    assert {each.ref: each.rows for each in first} == {each.ref: each.rows for each in second}


@every_connector
def test_scopes_known_from_settings_are_read(code: str) -> None:
    stage = CASES[code].stage()

    known = {seed.ref for seed in stage.connector.scopes(stage.values)}

    assert known
    assert known <= {reading.ref for reading in stage.fetch()}


@every_connector
def test_expected_rows_come_back_under_the_same_identity(code: str) -> None:
    stage = CASES[code].stage()
    read = {
        reading.ref: [(row.account_ref, row.account_kind, row.currency) for row in reading.rows]
        for reading in stage.fetch()
    }

    for seed in stage.connector.scopes(stage.values):
        for row in seed.expects:
            assert (row.account_ref, row.account_kind, row.currency) in read[seed.ref]


@every_connector
def test_readings_count_every_request_once(code: str) -> None:
    stage = CASES[code].stage()

    assert sum(reading.requests for reading in stage.fetch()) == len(stage.asked)


# --- What goes wrong ------------------------------------------------------------------------------
@every_connector
@pytest.mark.parametrize("failure", FAILURES)
def test_http_failure_is_mapped_and_holds_no_row(code: str, failure: str) -> None:
    answer, expected = FAILURES[failure]

    readings = readings_of(code, answer)

    assert readings[0].error is not None
    assert readings[0].error.code == expected
    assert not any(reading.rows or reading.found for reading in readings)


@every_connector
def test_403_on_everything_is_a_rejected_credential_that_names_a_right(code: str) -> None:
    error = readings_of(code, httpx.Response(403))[-1].error

    assert error is not None
    assert error.code == "credential_rejected"
    assert error.permission


@every_connector
@pytest.mark.parametrize("failure", ["401", "429 for a minute"])
def test_what_stops_the_run_leaves_the_other_scopes_alone(code: str, failure: str) -> None:
    stage = CASES[code].everything(FAILURES[failure][0])

    assert len(stage.fetch()) == 1


@every_connector
@pytest.mark.parametrize("body", HOSTILE_BODIES)
def test_body_outside_the_contract_is_unreadable_in_whatever_reply_it_stands(
    code: str, body: str
) -> None:
    case = CASES[code]
    spared = set(case.facts["names_only"])
    if HOSTILE_BODIES[body] == "[]":
        spared |= set(case.facts.get("may_be_a_list", ()))
    for file in sorted(set(case.facts["replies"].values()) - spared):
        hostile = text_answer(HOSTILE_BODIES[body], kind=case.facts["content_type"])

        errors = _errors(case, file, hostile)

        assert errors == {"unreadable"}, file


@every_connector
@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_other_content_type_is_unreadable(code: str, kind: str) -> None:
    page = text_answer("<html>Down for maintenance</html>", kind=kind)

    assert {each.error.code for each in readings_of(code, page) if each.error} == {"unreadable"}


@every_connector
@pytest.mark.parametrize("amount", HOSTILE_AMOUNTS)
def test_hostile_amount_is_unreadable_at_its_place(code: str, amount: str) -> None:
    reading = _reading_with_amount(code, HOSTILE_AMOUNTS[amount])

    assert reading.error is not None
    assert reading.error.code == "unreadable"
    assert reading.error.field
    assert "9" * 65 not in str(reading.error)


@every_connector
@pytest.mark.parametrize("form", ["number", "string"])
def test_amount_in_the_other_form_is_taken_only_where_the_provider_sends_both(
    code: str, form: str
) -> None:
    reading = _reading_with_amount(code, "12.5" if form == "number" else '"12.5"')

    taken = form in CASES[code].facts["amount"]["takes"]
    assert (reading.error is None) is taken


@every_connector
@pytest.mark.parametrize(
    ("sent", "kept"),
    [("-0", "0"), ("-0.00", "0"), ("1e-05", "0.00001"), ("1E+3", "1000"), ("1" * 20, "1" * 20)],
)
def test_unusual_but_exact_amount_is_kept(code: str, sent: str, kept: str) -> None:
    in_quotes = CASES[code].facts["amount"]["takes"] == ["string"]

    reading = _reading_with_amount(code, f'"{sent}"' if in_quotes else sent)

    kept_amount = Decimal(kept)
    assert any(row.available == kept_amount and not _signed_zero(row) for row in reading.rows)


@every_connector
@pytest.mark.parametrize("status", [401, 403, 404, 400, 500, 200])
def test_secret_shows_in_no_log_error_or_repr(
    code: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    case = CASES[code]
    secret = next(iter(case.facts["secrets"].values()))
    caplog.set_level(logging.DEBUG)
    stage = case.everything(
        text_answer(json.dumps({"echo": secret, "message": secret}), status=status)
    )

    with stage.client() as http:
        shown = [repr(http), repr(stage.values), repr(stage.connector)]
        verdict = stage.connector.verify(http, stage.values)
        readings = list(stage.connector.fetch_scopes(http, stage.values, Wanted()))
    errors = [each.error for each in readings if each.error] + [verdict.error]

    shown += [repr(verdict), repr(readings), caplog.text]
    shown += [f"{each} {each!r} {each.__dict__}" for each in errors if each is not None]
    assert errors
    assert secret not in "\n".join(shown)


@every_connector
def test_secret_is_not_pickled(code: str) -> None:
    values = CASES[code].stage().values

    with pytest.raises(TypeError):
        pickle.dumps(values)


# --- The test of a connection ---------------------------------------------------------------------
@every_connector
def test_good_key_passes_all_four_steps_and_shows_rows(code: str) -> None:
    stage = CASES[code].stage()

    verdict = stage.verify()

    assert verdict.ok
    assert [(step.name, step.ok) for step in verdict.steps] == [(name, True) for name in StepName]
    assert verdict.rows
    assert {row.account_ref for row in verdict.rows} <= verdict.refs


@every_connector
@pytest.mark.parametrize("failure", FAILURES)
def test_failed_test_names_the_step_and_what_to_do(code: str, failure: str) -> None:
    verdict = CASES[code].everything(FAILURES[failure][0]).verify()

    assert not verdict.ok
    assert [step.ok for step in verdict.steps] == [True] * (len(verdict.steps) - 1) + [False]
    assert verdict.steps[-1].name is STEPS[failure]
    assert len(verdict.steps[-1].detail) > 20
    assert verdict.error is not None


@every_connector
def test_key_without_the_right_fails_at_the_permission(code: str) -> None:
    verdict = CASES[code].everything(httpx.Response(403)).verify()

    assert verdict.steps[-1].name is StepName.PERMISSION
    assert verdict.error is not None
    assert verdict.error.code == "credential_rejected"
    assert verdict.error.permission in verdict.steps[-1].detail


@every_connector
def test_refused_connection_fails_at_the_host(code: str) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    verdict = CASES[code].everything(refuse).verify()

    assert [step.name for step in verdict.steps] == [StepName.HOST]
    assert verdict.error is not None
    assert verdict.error.code == "unreachable"


@every_connector
def test_answer_of_another_api_fails_at_the_answer(code: str) -> None:
    verdict = CASES[code].everything(text_answer("<html></html>", kind="text/html")).verify()

    assert verdict.steps[-1].name is StepName.ANSWER
    assert not verdict.rows


# --- Help -----------------------------------------------------------------------------------------
def _amounts(row: BalanceRow) -> tuple[Decimal | None, ...]:
    return (row.available, row.pending, row.ledger)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _signed_zero(row: BalanceRow) -> bool:
    return any(each.is_zero() and each.is_signed() for each in row.amounts)


def _errors(case: Case, file: str, answer: httpx.Response) -> set[str]:
    stem = file.removesuffix(".json").replace("-", "_")
    return {each.error.code for each in case.stage(**{stem: answer}).fetch() if each.error}


def _reading_with_amount(code: str, text: str) -> ScopeReading:
    """Read with one recorded amount replaced in its reply; return the reading that has it."""
    case = CASES[code]
    facts = case.facts["amount"]
    body = recorded(code, facts["file"])
    assert facts["text"] in body
    answer = text_answer(body.replace(facts["text"], text, 1), kind=case.facts["content_type"])
    stage = case.stage(**{facts["file"].removesuffix(".json").replace("-", "_"): answer})
    # A wallet read by itself would win over the amount replaced here.
    stage.settings = {**stage.settings, **facts.get("settings", {})}
    readings = stage.fetch()
    return next(each for each in readings if each.error or _was_replaced(each, facts["row"]))


def _was_replaced(reading: ScopeReading, identity: list[str]) -> bool:
    return any([row.account_ref, row.currency] == identity for row in reading.rows)
