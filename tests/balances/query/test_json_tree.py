import json
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest

from balances.query.faults import QueryError
from balances.query.json_tree import read_tree
from balances.query.parse import parse_text
from balances.query.tree import BalanceQuery

CAIRO = ZoneInfo("Africa/Cairo")
POLYGON = {"node": "condition", "field": "network", "operator": "not_eq", "value": "Polygon"}


def group(*parts: Any, logic: str = "and") -> dict[str, Any]:
    return {"node": "group", "logic": logic, "filters": list(parts)}


def condition(field: str, operator: str, *value: Any) -> dict[str, Any]:
    node = {"node": "condition", "field": field, "operator": operator}
    return {**node, "value": value[0]} if value else node


def ask(tree: Any, short: str = "") -> BalanceQuery:
    return parse_text(f"{short}&filters={quote(json.dumps(tree))}", zone=CAIRO)


def faults(text: str) -> list[tuple[str, str]]:
    with pytest.raises(QueryError) as caught:
        read_tree(text, zone=CAIRO)
    return [(fault.path, fault.code) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("tree", "short"),
    [
        (group(condition("currency", "in", ["USD", "EUR"])), "currency=USD&currency=EUR"),
        (group(POLYGON), "network__not_eq=Polygon"),
        (group(group(POLYGON, logic="or")), "network__not_eq=Polygon"),
        (group(condition("available", "between", [1, "2.50"])), "available__between=1,2.5"),
        (group(condition("available", "gte", 1000)), "available__gte=1000"),
        (group(condition("pending", "is_null")), "pending__is_null=true"),
        (group(condition("verified", "eq", True)), "verified=true"),
        (group(condition("age", "lte", 1440)), "age__lte=1440"),
        (group(condition("as_of", "lt", "2026-11-20T09:30")), "as_of__lt=2026-11-20T07:30:00Z"),
        (group(), ""),
    ],
)
def test_a_tree_and_its_short_form_are_one_query(tree: Any, short: str) -> None:
    assert ask(tree) == parse_text(short, zone=CAIRO)


def test_a_row_satisfies_both_the_short_filters_and_the_tree() -> None:
    either = group(condition("holder", "eq", "own"), POLYGON, logic="or")

    both = ask(either, "currency=USD")

    assert both == ask(group(condition("currency", "eq", "USD"), either))


def test_numbers_are_read_as_they_are_written() -> None:
    (found,) = read_tree(
        '{"node":"group","logic":"and","filters":[{"node":"condition","field":"available",'
        '"operator":"eq","value":12345678901234567890.123456789012345678}]}',
        zone=CAIRO,
    ).conditions()

    assert str(found.values[0]) == "12345678901234567890.123456789012345678"


@pytest.mark.parametrize(
    ("tree", "path", "code"),
    [
        ([], "filters", "bad_node"),
        (POLYGON, "filters", "bad_node"),
        (group(logic="or"), "filters/filters", "empty_group"),
        (group(group()), "filters/filters/0/filters", "empty_group"),
        (group(POLYGON, logic="AND"), "filters/logic", "unknown_value"),
        (group("x"), "filters/filters/0/node", "bad_node"),
        ({**group(POLYGON), "\ud800\n": 1}, "filters/\ufffd\ufffd", "unknown_key"),
        ({**group(POLYGON), "extra/": 1}, "filters/extra~1", "unknown_key"),
        (group({**POLYGON, "values": []}), "filters/filters/0/values", "unknown_key"),
        (group(condition("tenant__id", "eq", 1)), "filters/filters/0/field", "unknown_field"),
        (group(condition(["a"], "eq", 1)), "filters/filters/0/field", "unknown_field"),  # type: ignore[arg-type]  # hostile
        (
            group(condition("state", "gt", "fresh")),
            "filters/filters/0/operator",
            "unknown_operator",
        ),
        (group(condition("currency", "is_null")), "filters/filters/0/operator", "unknown_operator"),
        (group(condition("pending", "is_null", None)), "filters/filters/0/value", "no_value"),
        (group(condition("currency", "eq")), "filters/filters/0/value", "missing"),
        (group(condition("currency", "eq", "")), "filters/filters/0/value", "empty"),
        (group(condition("currency", "eq", 5)), "filters/filters/0/value", "bad_type"),
        (group(condition("currency", "eq", ["USD"])), "filters/filters/0/value", "bad_type"),
        (group(condition("currency", "in", "USD")), "filters/filters/0/value", "bad_type"),
        (group(condition("currency", "in", [])), "filters/filters/0/value", "bad_type"),
        (
            group(condition("currency", "in", ["USD", "U$"])),
            "filters/filters/0/value/1",
            "bad_code",
        ),
        (group(condition("available", "between", [1])), "filters/filters/0/value", "two_values"),
        (group(condition("available", "gte", True)), "filters/filters/0/value", "bad_type"),
        (group(condition("available", "gte", None)), "filters/filters/0/value", "bad_type"),
        (group(condition("verified", "eq", "true")), "filters/filters/0/value", "bad_type"),
        (
            group(condition("currency", "in", ["USD"] * 501)),
            "filters/filters/0/value",
            "too_many_values",
        ),
        (group(*[POLYGON] * 101), "filters", "too_many_conditions"),
    ],
)
def test_what_is_not_understood_is_named_by_its_pointer(tree: Any, path: str, code: str) -> None:
    assert faults(json.dumps(tree)) == [(path, code)]


def test_an_empty_root_with_something_beside_it_is_not_everything() -> None:
    assert faults(json.dumps({**group(), "conditions": [POLYGON]})) == [
        ("filters/conditions", "unknown_key"),
        ("filters/filters", "empty_group"),
    ]


def test_every_fault_of_a_tree_is_told() -> None:
    tree = group(condition("colour", "eq", 1), group(condition("available", "like", 1)), POLYGON)

    assert [path for path, _ in faults(json.dumps(tree))] == [
        "filters/filters/0/field",
        "filters/filters/1/filters/0/operator",
    ]


def test_eight_levels_are_read_and_nine_are_not() -> None:
    tree: Any = group(POLYGON)
    for _ in range(7):
        tree = group(tree)
    read_tree(json.dumps(tree), zone=CAIRO)

    assert [code for _, code in faults(json.dumps(group(tree)))] == ["too_deep"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        '{"node":"group","node":"group"}',
        '{"node":"group","logic":"and","filters":[Infinity]}',
        "[" * 8000,
        '{"node":"group","logic":"and","filters":' * 400,
        "\ud800",
    ],
    ids=range(8),
)
def test_what_is_no_json_is_a_fault_and_not_an_exception(text: str) -> None:
    assert {path for path, _ in faults(text)} == {"filters"}


def test_the_limit_counts_short_filters_and_the_tree_together() -> None:
    with pytest.raises(QueryError, match="101 filters"):
        ask(group(*[POLYGON] * 100), "currency=USD")
