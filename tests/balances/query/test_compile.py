from collections.abc import Callable
from random import Random
from zoneinfo import ZoneInfo

import pytest

from balances import results
from balances.models import Balance
from balances.query.encode import encode
from balances.query.faults import QueryError
from balances.query.parse import parse_text
from balances.query.tree import BalanceQuery, Condition, Group, Logic
from balances.results import Context
from providers.tenancy.models import Tenant
from tests.balances.builders import NOW, make_balance, make_credential
from tests.balances.query.evaluator import Record, add_up, answer, exact_sum, record
from tests.balances.query.worlds import make_question, make_world

ZONE = ZoneInfo("Africa/Cairo")


def ask(text: str) -> BalanceQuery:
    return parse_text(text, zone=ZONE)


def check(query: BalanceQuery, context: Context, records: list[Record]) -> None:
    """Compare stream, page and totals with the oracle."""
    expected = answer(query, records)
    assert [row.public_id for row in results.stream(query, context=context)] == [
        each.public_id for each in expected
    ]

    page = results.page(query, context=context)
    first = (query.page - 1) * query.per_page
    assert [row.public_id for row in page.rows] == [
        each.public_id for each in expected[first : first + query.per_page]
    ]
    assert page.count == len(expected)

    sums = add_up(expected)
    assert {(t.currency, t.holder.lower(), t.counting.lower()) for t in page.totals} == set(sums)
    for total in page.totals:
        known = sums[(total.currency, total.holder.lower(), total.counting.lower())]
        assert (total.rows, total.not_fresh) == (known["rows"], known["not_fresh"])
        assert total.oldest_as_of == min(known["oldest"], default=None)
        for name in ("available", "pending", "ledger"):
            figure, values = getattr(total, name), known[name]
            below = [value for value in values if value is not None and value < 0]
            assert figure.sum == exact_sum(values)
            assert figure.reported == len([value for value in values if value is not None])
            assert figure.negative_sum == (exact_sum(below) or 0)
            assert figure.negative_count == len(below)


@pytest.mark.parametrize("seed", range(4))
def test_sql_answers_as_plain_python_does(
    acme: Tenant, globex: Tenant, seed: int, count: Callable[[int], int]
) -> None:
    make_world(acme, seed=seed)
    make_world(globex, seed=seed + 100, rows=10)
    random = Random(seed)
    balances = Balance.objects.for_tenant(acme).select_related("account", "scope__credential")
    records = [record(balance, now=NOW) for balance in balances]
    context = Context.load(acme, now=NOW)

    for _ in range(count(750)):
        text = make_question(random, acme)
        query = ask(text)
        check(query, context, records)
        assert ask(encode(query)) == query


@pytest.mark.parametrize("seed", range(2))
def test_nested_groups_answer_as_plain_python_does(
    acme: Tenant, seed: int, count: Callable[[int], int]
) -> None:
    make_world(acme, seed=seed)
    random = Random(seed)
    balances = Balance.objects.for_tenant(acme).select_related("account", "scope__credential")
    records = [record(balance, now=NOW) for balance in balances]
    context = Context.load(acme, now=NOW)

    def group(depth: int) -> Group:
        parts: list[Condition | Group] = list(ask(make_question(random, acme)).where.filters)
        inner = [group(depth - 1) for _ in range(random.choice((0, 1, 2)) if depth else 0)]
        parts += [part for part in inner if part.filters]
        return Group(random.choice(tuple(Logic)), tuple(parts))

    for _ in range(count(300)):
        made = BalanceQuery(where=group(3))
        if not made.where.filters:
            continue
        query = ask(encode(made))
        check(query, context, records)
        assert {r.key for r in answer(made, records)} == {r.key for r in answer(query, records)}
        assert ask(encode(query)) == query


def test_sql_never_holds_a_text_of_the_user(acme: Tenant) -> None:
    make_balance(make_credential(acme), network="TRON")
    context = Context.load(acme, now=NOW)
    query = ask("network=x%27%3B--marker&q=marker&account=marker&currency=USD")

    sql, parameters = context.matching(query).query.sql_with_params()

    assert "marker" not in sql
    assert any("marker" in str(parameter) for parameter in parameters)


@pytest.mark.parametrize("text", ["provider=unheard", "credential=" + "0" * 32])
def test_codes_that_nobody_has_are_faults(acme: Tenant, text: str) -> None:
    make_balance(make_credential(acme))
    context = Context.load(acme, now=NOW)

    for answer_it in (results.page, results.totals, results.stream, results.by_provider):
        with pytest.raises(QueryError) as caught:
            answer_it(ask(text), context=context)
        assert caught.value.code == "unknown_value"


def test_a_credential_of_another_tenant_is_as_unknown_as_none(acme: Tenant, globex: Tenant) -> None:
    foreign = make_credential(globex)

    with pytest.raises(QueryError):
        results.page(ask(f"credential={foreign.public_id}"), context=Context.load(acme, now=NOW))


def test_a_known_provider_without_credentials_answers_nothing(acme: Tenant) -> None:
    make_balance(make_credential(acme, provider="payiano"))

    page = results.page(ask("provider=payman"), context=Context.load(acme, now=NOW))

    assert (page.rows, page.count, page.tenant_count) == ((), 0, 1)
