from zoneinfo import ZoneInfo

import pytest

from balances.query.describe import describe, words_of
from balances.query.parse import parse_text
from balances.query.tree import BalanceQuery, Condition, Group, Logic

ZONE = ZoneInfo("Africa/Cairo")
LABELS = {
    "provider": {"payman": "Payman"},
    "state": {"closed": "Closed"},
    "balance": {"not_zero": "not zero, or not reported"},
}


def say(text: str) -> str:
    return describe(parse_text(text, zone=ZONE), labels=LABELS, zone=ZONE)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "",
            "All balances. Closed balances are left out. "
            "Sorted by currency (A to Z), available (largest first).",
        ),
        (
            "provider=payman&currency=USD&currency=EUR&sort=account",
            "Balances where Currency is EUR or USD and Provider is Payman. Closed balances are left out. "
            "Sorted by account (A to Z).",
        ),
        (
            "available__gte=-1234.5&pending__between=1,2&sort=-as_of",
            "Balances where Available is at least \u22121,234.5 and Pending is between 1 and 2. "
            "Closed balances are left out. Sorted by as of (newest first).",
        ),
        (
            "q=north%20sea&as_of__lt=2026-11-20T09:30&sort=state",
            "Balances where any text holds “north” and “sea” and As of is before 20 Nov 2026, 09:30. "
            "Closed balances are left out. Sorted by state (freshest first).",
        ),
        (
            "network=-&network=Base&balance=not_zero",
            "Balances where Network is none or Base and Balance is not zero, or not reported. "
            "Closed balances are left out. Sorted by currency (A to Z), available (largest first).",
        ),
        (
            "network__not_eq=-&owner__is_not_null=true&sort=account",
            "Balances where Owner is not none and Network is not none. Closed balances are left out. "
            "Sorted by account (A to Z).",
        ),
        (
            "available__not_eq=0&network__not_eq=Polygon&age__lte=1440&sort=account",
            "Balances where Network is not Polygon, or none and Available is not 0, or not reported "
            "and Confirmed in the last 24 hours. Closed balances are left out. Sorted by account (A to Z).",
        ),
        (
            "pending__is_null=true&pending__is_not_null=true&age__gt=2880&verified=false&sort=account",
            "Balances where Verified is no and Pending is not reported and Pending is reported "
            "and Confirmed more than 2 days ago. Closed balances are left out. Sorted by account (A to Z).",
        ),
        (
            "state=closed&group_by=provider&sort=account",
            "Balances where State is Closed. Grouped by provider. Sorted by account (A to Z).",
        ),
    ],
)
def test_a_query_is_said_in_a_sentence(text: str, sentence: str) -> None:
    assert say(text) == sentence


def test_groups_within_groups_stand_in_brackets() -> None:
    usd, own = Condition("currency", "eq", ("USD",)), Condition("holder", "eq", ("own",))
    query = BalanceQuery(where=Group(Logic.OR, (usd, Group(Logic.AND, (usd, own)))))

    said = describe(query, labels={}, zone=ZONE)

    assert said.startswith("Balances where Currency is USD or (Currency is USD and Holder is own).")


@pytest.mark.parametrize(
    ("q", "sentence"),
    [
        ("", "Balances where Currency is USD or Holder is own."),
        ("a", "Balances where any text holds “a” and (Currency is USD or Holder is own)."),
    ],
)
def test_a_group_that_stands_alone_needs_no_brackets(q: str, sentence: str) -> None:
    either = (Condition("currency", "eq", ("USD",)), Condition("holder", "eq", ("own",)))
    query = BalanceQuery(q=q, where=Group(filters=(Group(Logic.OR, either),)))

    assert describe(query, labels={}, zone=ZONE).startswith(sentence)


def test_a_chip_has_field_operator_and_value() -> None:
    (condition,) = parse_text("as_of__gte=2026-11-20T09:30:05", zone=ZONE).where.conditions()

    assert words_of(condition, labels={}, zone=ZONE) == (
        "As of",
        "is from",
        "20 Nov 2026, 09:30:05",
    )


def test_the_translator_is_asked_for_every_word() -> None:
    said = describe(parse_text("currency=USD", zone=ZONE), labels={}, zone=ZONE, gettext=str.upper)

    assert said.startswith(
        "BALANCES WHERE CURRENCY IS USD. CLOSED BALANCES ARE LEFT OUT. SORTED BY "
    )
