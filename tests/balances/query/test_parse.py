from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from balances.query import catalogue
from balances.query.encode import encode
from balances.query.faults import Fault, QueryError
from balances.query.parse import SINGLES, parse, parse_text
from balances.query.tree import BalanceQuery, Condition, Group, Logic, Sort

CAIRO = ZoneInfo("Africa/Cairo")


def ask(text: str, *, is_strict: bool = False) -> BalanceQuery:
    return parse_text(text, zone=CAIRO, is_strict=is_strict)


def faults(text: str, *, is_strict: bool = False) -> list[tuple[str, str]]:
    with pytest.raises(QueryError) as caught:
        ask(text, is_strict=is_strict)
    return [(fault.path, fault.code) for fault in caught.value.faults]


def where(*conditions: tuple[str, str, tuple[object, ...]]) -> Group:
    return Group(filters=tuple(Condition(*condition) for condition in conditions))  # type: ignore[arg-type]  # shorthand


def test_nothing_asked_is_the_default_query() -> None:
    assert ask("") == BalanceQuery()
    assert BalanceQuery().sort == (Sort("currency"), Sort("available", descending=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("currency=usd", where(("currency", "eq", ("USD",)))),
        ("currency=USD&currency=EUR&currency=usd", where(("currency", "in", ("EUR", "USD")))),
        ("state=CLOSED", where(("state", "eq", ("closed",)))),
        ("network=Tron", where(("network", "eq", ("Tron",)))),
        ("available=1.50", where(("available", "eq", (Decimal("1.5"),)))),
        ("available=1.5&available=1.50", where(("available", "eq", (Decimal("1.5"),)))),
        ("pending__gte=-1e3", where(("pending", "gte", (Decimal(-1000),)))),
        ("ledger__between=1,2", where(("ledger", "between", (Decimal(1), Decimal(2))))),
        (
            "available__lt=5&available__lt=4",
            Group(
                filters=(
                    Group(
                        Logic.OR,
                        (
                            Condition("available", "lt", (Decimal(5),)),
                            Condition("available", "lt", (Decimal(4),)),
                        ),
                    ),
                )
            ),
        ),
        (
            "owner__not_contains=a&owner__not_contains=b",
            where(("owner", "not_contains", ("a",)), ("owner", "not_contains", ("b",))),
        ),
        ("currency__in=USD,EUR&currency__in=usd", where(("currency", "in", ("EUR", "USD")))),
        ("currency__eq=USD", where(("currency", "eq", ("USD",)))),
        ("currency__not_in=USD,EUR", where(("currency", "not_in", ("EUR", "USD")))),
        (
            "as_of__lt=2026-11-20T09:30 02:00",
            where(("as_of", "lt", (datetime(2026, 11, 20, 7, 30, tzinfo=UTC),))),
        ),
        (
            "as_of__gt=2026-11-20T09:30",
            where(("as_of", "gt", (datetime(2026, 11, 20, 7, 30, tzinfo=UTC),))),
        ),
        (
            "as_of__lt=2026-11-20T09:30:00.5-05:00",
            where(("as_of", "lt", (datetime(2026, 11, 20, 14, 30, 0, 500_000, tzinfo=UTC),))),
        ),
        (
            "fetched_at=2026-11-20",
            where(("fetched_at", "eq", (datetime(2026, 11, 19, 22, tzinfo=UTC),))),
        ),
        (
            "available__gte=1&currency=USD",
            where(("currency", "eq", ("USD",)), ("available", "gte", (Decimal(1),))),
        ),
        ("currency=&network=%20", Group()),
        ("network=-&network=Base", where(("network", "in", ("", "Base")))),
        ("balance=NOT_ZERO", where(("balance", "eq", ("not_zero",)))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_filters_are_read_in_one_form(text: str, expected: Group) -> None:
    assert ask(text).where == expected


def test_the_rest_is_read() -> None:
    query = ask(
        "q=%20a%20%20B%20&sort=-state,account&page=3&per_page=200&group_by=provider&columns=state,available"
    )

    assert query == BalanceQuery(
        q="a B",
        sort=(Sort("state", descending=True), Sort("account")),
        page=3,
        per_page=200,
        group_by=("provider",),
        columns=("account_name", "currency", "state", "available"),
    )


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-available", "currency,-available"),
        ("account,pending", "currency,account,pending"),
        ("-available,-currency", "-currency,-available"),
        ("account,-currency,ledger", "account,-currency,ledger"),
        ("account", "account"),
    ],
)
def test_in_pages_amounts_sort_inside_their_currency(sort: str, expected: str) -> None:
    assert ask(f"sort={sort}") == ask(f"sort={expected}")
    assert not ask(f"sort={sort}").has_mixed_sort


def test_the_api_obeys_a_bare_amount_sort() -> None:
    query = ask("sort=-available", is_strict=True)

    assert query.sort == (Sort("available", descending=True),)
    assert query.has_mixed_sort


def test_of_a_single_name_forms_take_the_last_and_the_api_none() -> None:
    text = "page=2&page=3&sort=account&sort=owner"

    assert ask(text) == ask("page=3&sort=owner")
    assert sorted(faults(text, is_strict=True)) == [
        ("page", "repeated"),
        ("sort", "repeated"),
    ]


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("colour=red", "colour", "unknown_field"),
        ("tenant__id=1", "tenant__id", "unknown_field"),
        ("pk=1", "pk", "unknown_field"),
        ("_connector=OR", "_connector", "unknown_field"),
        ("filters={}", "filters", "bad_node"),
        ("state__contains=f", "state__contains", "unknown_operator"),
        ("currency__contains=U$", "currency__contains", "bad_code"),
        ("currency__is_null=true", "currency__is_null", "unknown_operator"),
        ("pending__is_null=1", "pending__is_null", "no_value"),
        ("age__lte=-1", "age__lte", "bad_minutes"),
        ("age__lte=1.5", "age__lte", "bad_minutes"),
        ("age__lte=52596001", "age__lte", "bad_minutes"),
        ("age=5", "age", "unknown_operator"),
        ("verified=1", "verified", "unknown_value"),
        ("currency__gt=USD", "currency__gt", "unknown_operator"),
        ("available__in=,", "available__in", "empty"),
        ("available__gte=abc&available__gte=1", "available__gte", "bad_amount"),
        ("currency__=USD", "currency__", "unknown_operator"),
        ("as_of__gte=9999-12-31T23:59:59Z", "as_of__gte", "bad_instant"),
        ("as_of__gte=1899-12-31", "as_of__gte", "bad_instant"),
        ("fetched_at__lt=2201-01-01T12:00", "fetched_at__lt", "bad_instant"),
        ("sort=,", "sort", "empty"),
        ("group_by=,", "group_by", "empty"),
        ("columns=,", "columns", "empty"),
        ("available__gte__lt=1", "available__gte__lt", "unknown_operator"),
        ("state=gone", "state", "unknown_value"),
        ("balance=unknown", "balance", "unknown_value"),
        ("balance__gt=zero", "balance__gt", "unknown_operator"),
        ("holder=bank", "holder", "unknown_value"),
        ("counting=all", "counting", "unknown_value"),
        ("currency=US$", "currency", "bad_code"),
        ("currency=ＵＳＤ", "currency", "bad_code"),
        ("provider=Pay%20man", "provider", "bad_code"),
        ("credential=7", "credential", "bad_code"),
        ("available=1,000", "available", "bad_amount"),
        ("available=NaN", "available", "bad_amount"),
        ("available=Infinity", "available", "bad_amount"),
        ("available=1e999999", "available", "bad_amount"),
        ("available=True", "available", "bad_amount"),
        ("available=٣", "available", "bad_amount"),
        ("available=" + "9" * 5000, "available", "bad_amount"),
        ("available=123456789012345678901", "available", "bad_amount"),
        ("available__between=1", "available__between", "two_values"),
        ("available__between=1,2,3", "available__between", "two_values"),
        ("as_of=yesterday", "as_of", "bad_instant"),
        ("as_of=2026-W01-1", "as_of", "bad_instant"),
        ("as_of=2026-02-30", "as_of", "bad_instant"),
        ("as_of=0001-01-01T00:00", "as_of", "bad_instant"),
        ("as_of=9999-12-31T23:59-10:00", "as_of", "bad_instant"),
        ("as_of=2026-11-20T09:00%2B99:00", "as_of", "bad_instant"),
        ("as_of=2026-04-24T00:30", "as_of", "missing_time"),
        ("as_of=2026-10-29T23:30", "as_of", "ambiguous_time"),
        ("network=a%00b", "network", "bad_text"),
        ("q=%00", "q", "bad_text"),
        ("q=" + "x" * 65, "q", "too_long"),
        ("q=a%20b%20c%20d%20e%20f", "q", "too_many_terms"),
        ("network=" + "x" * 257, "network", "too_long"),
        ("page=0", "page", "out_of_range"),
        ("page=-1", "page", "out_of_range"),
        ("page=1.5", "page", "out_of_range"),
        ("page=１", "page", "out_of_range"),
        ("page=" + "9" * 20, "page", "out_of_range"),
        ("page=" + "9" * 5000, "page", "out_of_range"),
        ("per_page=201", "per_page", "out_of_range"),
        ("per_page=0", "per_page", "out_of_range"),
        ("sort=secret", "sort", "unknown_value"),
        ("sort=--available", "sort", "unknown_value"),
        ("sort=?", "sort", "unknown_value"),
        ("sort=counting", "sort", "unknown_value"),
        ("sort=account,-account", "sort", "duplicate"),
        ("sort=account,owner,network,state,holder,provider", "sort", "too_many_sorts"),
        ("group_by=network", "group_by", "unknown_value"),
        ("group_by=provider,currency", "group_by", "too_many_groups"),
        ("columns=secret", "columns", "unknown_value"),
        ("columns=state,state", "columns", "duplicate"),
        ("columns=account,account_name", "columns", "duplicate"),
    ],
)
def test_what_is_not_understood_is_named(text: str, path: str, code: str) -> None:
    assert faults(text) == [(path, code)]


def test_currency_before_an_amount_is_no_sixth_sort_key() -> None:
    query = ask("sort=account,owner,network,state,available")

    assert query.sort[0].field == "currency"
    assert len(query.sort) == 6
    assert ask(encode(query)) == query
    assert faults("sort=account,owner,network,state,available,pending") == [
        ("sort", "too_many_sorts")
    ]


def test_columns_that_are_never_hidden_stand_beside_each_other_when_left_out() -> None:
    assert ask("columns=account,owner,state").columns == (
        *("account_name", "currency", "available", "owner_name", "state"),
    )
    assert ask("columns=available,state").columns == (
        *("account_name", "currency", "available", "state"),
    )


def test_columns_are_called_as_fields_are_and_a_forms_boxes_join() -> None:
    expected = ("provider", "account_name", "currency", "available", "account_ref")

    for text in (
        "columns=provider,account,currency,available,reference",
        "columns=provider,account_name,currency,available,account_ref",
        "columns=provider&columns=account&columns=currency&columns=available,reference&columns=",
    ):
        assert ask(text).columns == expected
    assert faults("columns=account&columns=provider", is_strict=True) == [("columns", "repeated")]


def test_every_fault_is_collected() -> None:
    text = "colour=red&available=x&state=gone&page=0&sort=secret&currency=USD"

    assert sorted(path for path, _ in faults(text)) == [
        "available",
        "colour",
        "page",
        "sort",
        "state",
    ]


def test_limits_are_named() -> None:
    long = "&".join(f"network={'x' * 200}{number}" for number in range(100))
    many = "&".join(f"available={number}" for number in range(501))
    crowd = "&".join(f"f{number}=1" for number in range(101))

    assert faults(long) == [("address", "too_long")]
    assert faults(many) == [("available", "too_many_values")]
    assert faults(crowd) == [("address", "too_many_conditions")]
    with pytest.raises(QueryError, match=str(catalogue.MAX_VALUES)):
        ask(many)


def test_a_lone_surrogate_is_a_fault_and_not_an_exception() -> None:
    class Params:
        def lists(self) -> list[tuple[str, list[str]]]:
            return [("network", ["\ud800"]), ("\udfff", ["x"]), ("q", ["\ud800"])]

    with pytest.raises(QueryError) as caught:
        parse(Params(), zone=CAIRO)

    assert {fault.code for fault in caught.value.faults} == {"bad_text", "unknown_field"}
    assert str(caught.value).encode()


def test_a_query_dict_is_read_as_a_query_string_is() -> None:
    text = "currency=USD&currency=EUR&available__gte=1&page=2&page=3&q=a+b"

    assert parse(QueryDict(text), zone=CAIRO) == ask(text)


names = st.one_of(
    st.sampled_from([*catalogue.FIELDS, *SINGLES]),
    st.text(max_size=20),
    st.builds(
        "{}__{}".format,
        st.sampled_from(list(catalogue.FIELDS)),
        st.sampled_from([*catalogue.OPERATORS, "x"]),
    ),
)
hostile = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "NaN",
            "1e999999",
            "-0",
            "9" * 400,
            "True",
            "null",
            "\x00",
            "\ud800",
            "%",
            "'",
            "2026-11-20",
            "-,,",
        ]
    ),
    st.integers().map(str),
    st.decimals(allow_nan=True).map(str),
    st.datetimes().map(str),
    st.sampled_from([*catalogue.SORTS, *catalogue.STATES, *catalogue.COLUMNS, *catalogue.GROUPS]),
)


@given(
    pairs=st.lists(st.tuples(names, st.lists(hostile, min_size=1, max_size=3)), max_size=6),
    is_strict=st.booleans(),
)
def test_any_parameters_are_a_query_or_faults(
    pairs: list[tuple[str, list[str]]], is_strict: bool
) -> None:
    class Params:
        def lists(self) -> list[tuple[str, list[str]]]:
            return list(dict(pairs).items())

    found: list[Fault] = []
    try:
        query = parse(Params(), zone=CAIRO, is_strict=is_strict)
    except QueryError as error:
        found = error.faults
    else:
        assert parse_text(encode(query), zone=CAIRO, is_strict=is_strict) == query
    assert all(fault.path and fault.code and fault.message.encode() for fault in found)


def test_random_queries_return_from_their_address() -> None:
    random = Random(7)
    fields = [name for name in catalogue.FIELDS if catalogue.FIELDS[name].kind == "amount"]
    for _ in range(300):
        text = "&".join(
            f"{random.choice(fields)}__{random.choice(['gt', 'lte'])}={random.randint(-99, 99)}.{random.randint(0, 99)}"
            for _ in range(3)
        )
        query = ask(text)
        assert ask(encode(query)) == query
