from datetime import datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest

from balances.query.encode import encode, pairs
from balances.query.parse import parse_text
from balances.query.tree import BalanceQuery, Condition, Group, Logic

ZONE = ZoneInfo("Europe/Berlin")


def canonical(text: str) -> str:
    return encode(parse_text(text, zone=ZONE))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("", ""),
        ("page=1&per_page=25&sort=currency,-available&q=", ""),
        ("currency=usd&currency=EUR", "currency=EUR&currency=USD"),
        ("available__gte=0100.50", None),
        ("available__gte=100.50", "available__gte=100.5"),
        ("available__gte=-0", "available__gte=0"),
        ("available__gte=1e2", "available__gte=100"),
        ("as_of__lt=2026-07-01T12:00", "as_of__lt=2026-07-01T10:00:00Z"),
        ("as_of__lt=2026-07-01T10:00:00.120Z", "as_of__lt=2026-07-01T10:00:00.120000Z"),
        ("page=2&state=fresh&q=a%20b", "q=a%20b&state=fresh&page=2"),
        ("sort=-available", ""),
        ("sort=-as_of,account", "sort=-as_of,account"),
        (
            "columns=state&group_by=provider&per_page=50",
            "group_by=provider&columns=account,currency,available,state&per_page=50",
        ),
        ("network=a%26b%3Dc", "network=a%26b%3Dc"),
        ("network=Base&network=%20-", "network=-&network=Base"),
        ("available__gte=1&balance=not_zero", "balance=not_zero&available__gte=1"),
        ("balance__not_eq=zero", "balance=not_zero"),
        (
            "columns=account_ref,account_name,owner_name,currency,available",
            "columns=reference,account,owner,currency,available",
        ),
        ("ledger__between=2,1", "ledger__between=2,1"),
    ],
)
def test_equal_queries_have_one_address(text: str, address: str | None) -> None:
    if address is None:
        with pytest.raises(ValueError):
            canonical(text)
        return
    assert canonical(text) == address
    assert canonical(address) == address


def test_the_order_in_which_filters_were_made_leaves_no_trace() -> None:
    one, two = Condition("currency", "eq", ("USD",)), Condition("holder", "eq", ("own",))

    made = {encode(BalanceQuery(where=Group(filters=order))) for order in ((one, two), (two, one))}

    assert made == {"currency=USD&holder=own"}


def test_pairs_are_the_address_for_a_form() -> None:
    query = parse_text("currency=USD&currency=EUR&page=2", zone=ZONE)

    assert pairs(query) == [("currency", "EUR"), ("currency", "USD"), ("page", "2")]


USD, EUR = Condition("currency", "eq", ("USD",)), Condition("currency", "eq", ("EUR",))
OWN = Condition("holder", "eq", ("own",))


@pytest.mark.parametrize(
    ("where", "address"),
    [
        (
            Group(Logic.OR, (USD, OWN)),
            'filters={"node":"group","logic":"or","filters":['
            '{"node":"condition","field":"currency","operator":"eq","value":"USD"},'
            '{"node":"condition","field":"holder","operator":"eq","value":"own"}]}',
        ),
        (Group(filters=(Group(filters=(USD,)), OWN)), "currency=USD&holder=own"),
        (Group(Logic.OR, (USD, USD)), "currency=USD"),
        (
            Group(filters=(USD, EUR)),
            'currency=EUR&filters={"node":"group","logic":"and","filters":['
            '{"node":"condition","field":"currency","operator":"eq","value":"USD"}]}',
        ),
    ],
)
def test_what_names_and_values_cannot_say_is_written_as_a_tree(where: Group, address: str) -> None:
    assert unquote(encode(BalanceQuery(where=where))) == address
    assert canonical(address) == encode(BalanceQuery(where=where))


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("network__not_eq=b&network__not_eq=a", "network__not_eq=b&network__not_eq=a"),
        ("pending__is_null=TRUE", "pending__is_null=true"),
        ("age__lte=01440", "age__lte=1440"),
        ("verified=False", "verified=false"),
        ("available__not_between=1,2.0", "available__not_between=1,2"),
    ],
)
def test_every_operator_has_one_short_form(text: str, address: str) -> None:
    parts = sorted(address.split("&"))
    assert canonical(text) == "&".join(parts)


def test_an_instant_of_any_zone_is_written_in_utc() -> None:
    local = datetime(2026, 7, 1, 12, tzinfo=ZONE)
    query = BalanceQuery(where=Group(filters=(Condition("as_of", "gt", (local,)),)))

    assert encode(query) == "as_of__gt=2026-07-01T10:00:00Z"
