from typing import Any

import pytest

from providers.connectors import CONNECTORS
from providers.connectors.base import Secret, SettingsError
from providers.rows import Environment

PAYMAN, SWIPELUX, PAYIANO = CONNECTORS.values()


@pytest.mark.parametrize(
    ("entered", "stale_after"),
    [
        ({}, 900),
        ({"interval": 600}, 1200),
        ({"interval": 600, "stale_after": 700}, 700),
        ({"interval": 60}, 900),
    ],
)
def test_stale_after_is_at_least_twice_the_interval_unless_set(
    entered: dict[str, Any], stale_after: int
) -> None:
    assert PAYIANO.parse_settings(entered)["stale_after"] == stale_after


def test_interval_below_the_floor_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        PAYIANO.parse_settings({"interval": 59})

    assert set(caught.value.errors) == {"interval"}


def test_base_url_entered_wins_over_the_environments_own() -> None:
    own = PAYIANO.values(PAYIANO.parse_settings({}))
    moved = PAYIANO.values(PAYIANO.parse_settings({"base_url": "http://127.0.0.1:1/payiano/v1"}))

    assert PAYIANO.base_url(own, environment=Environment.SANDBOX) == "https://api.payiano.dev/v1"
    assert PAYIANO.base_url(moved, environment=Environment.LIVE) == "http://127.0.0.1:1/payiano/v1"


def test_pace_is_payianos_two_a_second_with_a_burst_of_five_else_ten() -> None:
    paces = {
        connector.code: (options["requests_per_second"], options["burst"])
        for connector in CONNECTORS.values()
        if (options := _options(connector.code))
    }

    assert paces == {"payman": (10, 1), "swipelux": (10, 1), "payiano": (2, 5)}


@pytest.mark.parametrize(
    ("key", "environment"),
    [
        ("sk.live.abc", Environment.LIVE),
        ("sk.sbx.abc", Environment.SANDBOX),
        ("sk_abc", None),
        ("", None),
    ],
)
def test_swipelux_key_names_its_environment(key: str, environment: Environment | None) -> None:
    assert SWIPELUX.environment_of({"api_key": key}) is environment
    assert SWIPELUX.environment_of({"api_key": Secret(key)}) is environment


def test_other_keys_do_not_name_their_environment() -> None:
    assert PAYMAN.environment_of({"api_secret": "sk.live.abc"}) is None
    assert PAYIANO.environment_of({}) is None


def test_v3_of_swipelux_is_refused_with_the_way_out() -> None:
    with pytest.raises(SettingsError, match="choose v1"):
        SWIPELUX.parse_settings({"api_version": "v3"})


@pytest.mark.parametrize(
    ("customers", "note"),
    [
        ([], "Payman: 1 currency and 0 customers are watched; others are unknown to us"),
        (["a"], "Payman: 1 currency and 1 customer are watched; others are unknown to us"),
        (["a", "b"], "Payman: 1 currency and 2 customers are watched; others are unknown to us"),
    ],
)
def test_payman_says_what_it_watches(customers: list[str], note: str) -> None:
    settings = PAYMAN.parse_settings({"currencies": "usd", "customer_ids": customers})

    assert PAYMAN.watch_note(PAYMAN.values(settings)) == note


@pytest.mark.parametrize(
    ("customers", "note"),
    [
        ("", ""),
        ("a", "Swipelux: 1 chosen customer is watched; others are unknown to us"),
        ("a,b", "Swipelux: 2 chosen customers are watched; others are unknown to us"),
    ],
)
def test_swipelux_says_what_was_chosen(customers: str, note: str) -> None:
    settings = SWIPELUX.parse_settings({"customer_ids": customers})

    assert SWIPELUX.watch_note(SWIPELUX.values(settings)) == note


def test_payiano_watches_everything() -> None:
    assert PAYIANO.watch_note(PAYIANO.values({})) == ""


def test_payman_needs_a_currency_and_its_customers_are_no_agent() -> None:
    with pytest.raises(SettingsError) as caught:
        PAYMAN.parse_settings({"currencies": " ", "customer_ids": ["agent", "x" * 65]})

    assert set(caught.value.errors) == {"currencies", "customer_ids"}


def _options(code: str) -> dict[str, Any]:
    connector = CONNECTORS[code]
    names = [each.name for each in connector.fields if each.is_secret]
    return connector.client_options(connector.values({}, secrets=dict.fromkeys(names, "key")))


@pytest.mark.parametrize("code", list(CONNECTORS))
def test_every_required_field_says_what_to_enter(code: str) -> None:
    required = [each for each in CONNECTORS[code].fields if each.required]

    assert required
    assert [each.name for each in required if not each.missing] == []
