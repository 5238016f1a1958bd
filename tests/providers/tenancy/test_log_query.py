"""Check what of the activity log an address asks for, and that nothing is guessed."""

from datetime import UTC, datetime

import pytest

from providers.tenancy import activity
from providers.tenancy.log_query import LogQuery, parse, select
from providers.tenancy.models import Tenant, User

PAGE = frozenset({"page"})


def ask(tenant: Tenant, **params: str) -> LogQuery:
    named = {name.rstrip("_"): value for name, value in params.items()}
    return parse(named, tenant=tenant, known=PAGE)


def found(tenant: Tenant, **params: str) -> list[str]:
    query = ask(tenant, **params)
    assert query.faults == {}
    return [entry.object_label for entry in select(query, tenant=tenant)]


def write(tenant: Tenant, label: str, *, at: datetime | None = None, **more: object) -> None:
    action = str(more.pop("action", "account.close"))
    activity.record(tenant, action=action, label=label, now=at, **more)  # type: ignore[arg-type]  # a test's shorthand


def test_entries_are_found_by_who_did_them(acme: Tenant, alice: User, bob: User) -> None:
    write(acme, "by alice", actor=alice)
    write(acme, "by bob", actor=bob)
    write(acme, "by nobody")

    assert found(acme, who=alice.public_id) == ["by alice"]
    assert found(acme, who="nobody") == ["by nobody"]
    assert found(acme) == ["by nobody", "by bob", "by alice"]


def test_entries_are_found_by_kind(acme: Tenant) -> None:
    for action in ("sign_in", "sign_in.failed", "member.role", "held.accept"):
        write(acme, action, action=action)

    assert found(acme, what="sign-ins") == ["sign_in.failed", "sign_in"]
    assert found(acme, what="people") == ["member.role"]


def test_entries_are_found_by_part_of_a_name_or_by_id(acme: Tenant, alice: User) -> None:
    write(acme, "Main account")
    write(acme, "100%")
    write(acme, "alice", obj=alice)

    assert found(acme, object="MAIN") == ["Main account"]
    assert found(acme, object="%") == ["100%"]
    assert found(acme, object=alice.public_id) == ["alice"]
    assert found(acme, object=alice.public_id[:8]) == []


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2026-11-20", "2026-11-20", ["last", "first"]),
        ("2026-11-20", "", ["after", "last", "first"]),
        ("", "2026-11-19", ["before"]),
        ("2026-11-21", "2026-11-21", ["after"]),
    ],
)
def test_a_day_is_a_day_of_the_tenants_zone(
    acme: Tenant, first: str, last: str, labels: list[str]
) -> None:
    write(acme, "before", at=datetime(2026, 11, 19, 21, 59, 59, tzinfo=UTC))
    write(acme, "first", at=datetime(2026, 11, 19, 22, 0, tzinfo=UTC))
    write(acme, "last", at=datetime(2026, 11, 20, 21, 59, 59, 999_999, tzinfo=UTC))
    write(acme, "after", at=datetime(2026, 11, 20, 22, 0, tzinfo=UTC))

    assert found(acme, from_=first, to=last) == labels


def test_a_day_whose_midnight_is_skipped_begins_when_the_clocks_go_on(acme: Tenant) -> None:
    # In Cairo, 24 April 2026 begins at 01:00: at 22:00 UTC the clocks go from 00:00 to 01:00.
    write(acme, "the day before", at=datetime(2026, 4, 23, 21, 59, tzinfo=UTC))
    write(acme, "the day", at=datetime(2026, 4, 23, 22, 0, tzinfo=UTC))

    assert found(acme, from_="2026-04-24") == ["the day"]
    assert found(acme, to="2026-04-23") == ["the day before"]


def test_another_tenants_entries_are_never_found(acme: Tenant, globex: Tenant) -> None:
    write(globex, "theirs")

    assert found(acme, object="theirs") == []


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("colour", "red", "“colour” is nothing the log can be filtered by."),
        ("items", "1", "“items” is nothing the log can be filtered by."),
        ("who", "alice", "Choose somebody of the list: nobody else has done anything here."),
        ("who", "\0", "Choose somebody of the list: nobody else has done anything here."),
        ("who", "f" * 32, "Choose somebody of the list: nobody else has done anything here."),
        ("what", "member.role", "“member.role” is no kind of action: choose one of the list."),
        ("object", "a\0", "Type up to 200 letters of a name or an id."),
        ("object", "x" * 201, "Type up to 200 letters of a name or an id."),
        ("from", "20.11.2026", "“20.11.2026” is no day: write it as 2026-11-20."),
        ("from", "2026-02-30", "“2026-02-30” is no day: write it as 2026-11-20."),
        ("from", "20261120", "“20261120” is no day: write it as 2026-11-20."),
        ("from", "٢٠٢٦-١١-٢٠", "“٢٠٢٦-١١-٢٠” is no day: write it as 2026-11-20."),
        ("to", "9999-12-31", "“9999-12-31” is no day: write it as 2026-11-20."),
        ("to", "0001-01-01", "“0001-01-01” is no day: write it as 2026-11-20."),
        ("page", "0", "A page is a whole number from 1."),
        ("page", "-1", "A page is a whole number from 1."),
        ("page", "٣", "A page is a whole number from 1."),
        ("page", "9" * 10, "A page is a whole number from 1."),
    ],
)
def test_what_is_not_understood_is_named(acme: Tenant, name: str, value: str, fault: str) -> None:
    query = parse({name: value}, tenant=acme, known=PAGE)

    assert query.faults == {name: fault}


def test_who_acted_elsewhere_only_is_nobody_here(
    acme: Tenant, globex: Tenant, mallory: User
) -> None:
    write(globex, "theirs", actor=mallory)

    assert list(ask(acme, who=mallory.public_id).faults) == ["who"]


def test_a_range_that_ends_before_it_begins_is_refused(acme: Tenant) -> None:
    query = ask(acme, from_="2026-11-20", to="2026-11-19")

    assert query.faults == {"to": "The last day comes before the first: 2026-11-20 or later."}


def test_empty_values_are_absent_and_an_address_has_one_form(acme: Tenant) -> None:
    query = ask(acme, to="2026-11-20", object=" a b ", who="", from_="", page="3")

    assert query.address("/x/") == "/x/?object=a+b&to=2026-11-20"
    assert query.address("/x/", page="2") == "/x/?object=a+b&to=2026-11-20&page=2"
    assert ask(acme, page="").address("/x/") == "/x/"
    assert query.page == 3


@pytest.mark.parametrize("day", ["1970-01-01", "9998-12-31"])
def test_the_first_and_last_days_there_are_can_be_asked_for(acme: Tenant, day: str) -> None:
    assert found(acme, from_=day, to=day) == []
