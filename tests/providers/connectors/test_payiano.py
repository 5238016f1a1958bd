import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.connectors.base import SettingsError, StepName
from providers.errors import ProviderError
from providers.rows import AsOfSource, Flag, ScopeReading, Wanted
from tests.providers.connectors.stage import NOW, Case, Stage, json_answer, text_answer

LIST = "/v1/payment/balances?page={}&per_page=200"
WHOAMI = "/v1/app/whoami"


def item(ref: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": ref,
        "currency_code": "EGP",
        "available_amount": 1,
        "pending_amount": 0,
        **changes,
    }


def page(
    *items: dict[str, Any],
    number: int = 1,
    pages: int = 1,
    total: int | None = None,
    size: int = 200,
) -> httpx.Response:
    return json_answer(
        {
            "per_page": size,
            "total_pages": pages,
            "total_items": len(items) if total is None else total,
            "current_page": number,
            "items": list(items),
        }
    )


def stage(*pages: httpx.Response, **settings: Any) -> Stage:
    set_up = Stage("payiano", settings=settings, secrets={"access_token": "tok"})
    for number, answer in enumerate(pages, start=1):
        set_up.on(LIST.format(number), answer)
    return set_up


def read(set_up: Stage, stored: str = "") -> ScopeReading:
    refs = {"account": frozenset(stored.split())} if stored else {}
    (reading,) = set_up.fetch(Wanted(account_refs=refs))
    return reading


def code_of(reading: ScopeReading) -> str:
    assert isinstance(reading.error, ProviderError)
    return reading.error.code


def test_scope_is_the_whole_account_and_token_goes_as_bearer() -> None:
    set_up = stage(page(item("a")))

    reading = read(set_up)

    assert reading.ref == "account"
    assert set_up.asked[0].headers["authorization"] == "Bearer tok"


def test_unwanted_scope_sends_no_request() -> None:
    set_up = stage(page(item("a")))

    assert set_up.fetch(Wanted(refs=frozenset({"other"}))) == []
    assert set_up.asked == []


def test_450_balances_are_three_pages_of_200() -> None:
    items = [item(f"b{n:03}") for n in range(450)]
    set_up = stage(
        *(
            page(*items[at : at + 200], number=n, pages=3, total=450)
            for n, at in enumerate((0, 200, 400), start=1)
        )
    )

    reading = read(set_up, stored=" ".join(each["id"] for each in items))

    assert len(reading.rows) == 450
    assert set_up.paths == [LIST.format(1), LIST.format(2), LIST.format(3), WHOAMI]


def test_server_that_clamps_the_page_size_is_read_to_its_end() -> None:
    pages = [page(item(f"b{n}"), number=n, pages=3, total=3, size=1) for n in (1, 2, 3)]

    assert len(read(stage(*pages), stored="b1 b2 b3").rows) == 3


def test_a_page_that_holds_more_than_it_says_is_not_believed() -> None:
    reading = read(stage(page(item("b1"), item("b2"), size=1)), stored="b1 b2")

    assert code_of(reading) == "incomplete"


def test_a_page_size_that_changes_on_the_way_has_the_list_read_again() -> None:
    items = [item(f"b{n}") for n in (1, 2, 3)]
    set_up = stage(
        page(*items[:2], number=1, pages=2, total=3, size=2),
        page(items[2], number=2, pages=2, total=3, size=1),
    )

    assert code_of(read(set_up, stored="b1 b2 b3")) == "incomplete"
    assert set_up.paths.count(LIST.format(1)) == 3


def test_total_items_are_followed_past_the_pages_counted() -> None:
    pages = [page(item(f"b{n}"), number=n, pages=1, total=2) for n in (1, 2)]

    assert len(read(stage(*pages), stored="b1 b2").rows) == 2


def test_ledger_is_available_and_pending_together() -> None:
    row = read(stage(page(item("a", available_amount=200000, pending_amount=68500.05)))).rows[0]

    assert (row.available, row.pending, row.ledger) == (
        Decimal(200000),
        Decimal("68500.05"),
        Decimal("268500.05"),
    )
    assert row.as_of is None


def test_owner_is_the_application_of_the_token() -> None:
    set_up = stage(page(item("a"))).on(
        WHOAMI, json_answer({"app": {"id": "01x", "name": "Fin", "more": 1}})
    )

    row = read(set_up).rows[0]

    assert (row.owner_ref, row.owner_name) == ("01x", "Fin")


def test_reading_tells_whose_token_it_is() -> None:
    whoami = json_answer({"app": {"id": "01x", "name": "Fin"}})

    told = read(stage(page(item("a"))).on(WHOAMI, whoami))

    assert (told.identity_ref, told.identity_name) == ("01x", "Fin")


@pytest.mark.parametrize("status", [200, 401, 403, 404, 500])
def test_whoami_that_fails_costs_the_name_alone(status: int) -> None:
    set_up = stage(page(item("a"))).on(WHOAMI, text_answer("<>", status=status))

    reading = read(set_up)

    assert reading.error is None
    assert reading.rows[0].owner_ref == ""


def test_no_balances_at_all_is_read_and_empty() -> None:
    for pages in (0, 1):
        reading = read(stage(page(pages=pages)))
        assert (reading.error, reading.rows) == (None, ())


@pytest.mark.parametrize(
    ("code", "amount", "is_flagged"),
    [("KWD", 1.234, True), ("KWD", 1.23, False), ("EGP", 1.23, False), ("ZZZ", 1.234, True)],
)
def test_more_than_two_decimals_are_flagged_whatever_the_currency(
    code: str, amount: float, is_flagged: bool
) -> None:
    row = read(stage(page(item("a", currency_code=code, pending_amount=amount)))).rows[0]

    assert row.pending == Decimal(str(amount))
    assert (Flag.MORE_DECIMALS in row.flags) is is_flagged


def test_more_decimals_negative_and_unknown_money_are_kept_and_flagged() -> None:
    odd = item("a", available_amount=-1.005), item("b", currency_code="zzz")

    rows = read(stage(page(*odd)), stored="a b").rows

    assert rows[0].flags == {Flag.MORE_DECIMALS, Flag.NEGATIVE}
    assert rows[1].currency == "ZZZ"
    assert rows[1].flags == {Flag.UNKNOWN_CURRENCY}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "x" * 65}, "id"),
        ({"id": 7}, "id"),
        ({"id": "a\u0000"}, "id"),
        ({"currency_code": "U$D"}, "currency_code"),
        ({"currency_code": None}, "currency_code"),
        ({"currency_code": "\u0415\u0413\u0420"}, "currency_code"),
        ({"available_amount": "1"}, "available_amount"),
        ({"pending_amount": None}, "pending_amount"),
        ({"available_amount": 99999999999999999999, "pending_amount": 1}, "pending_amount"),
    ],
)
def test_bad_row_makes_the_scope_unreadable_naming_index_and_field(
    changes: dict[str, Any], field: str
) -> None:
    reading = read(stage(page(item("a"), item("b", **changes))))

    assert code_of(reading) == "unreadable"
    assert reading.error is not None
    assert re.search(rf"items\[1\]\..*{field}", reading.error.field)


@pytest.mark.parametrize("key", ["items", "total_pages", "total_items", "current_page", "per_page"])
def test_missing_key_is_unreadable_and_never_an_empty_list(key: str) -> None:
    body = page(item("a")).json()
    del body[key]

    assert code_of(read(stage(json_answer(body)))) == "unreadable"


@pytest.mark.parametrize("key", ["available_amount", "pending_amount", "id", "currency_code"])
def test_missing_field_is_unreadable_and_never_zero(key: str) -> None:
    bad = item("b")
    del bad[key]

    reading = read(stage(page(item("a"), bad)))

    assert code_of(reading) == "unreadable"
    assert reading.error is not None
    assert "items[1]" in reading.error.field


def test_page_that_echoes_another_number_is_incomplete() -> None:
    assert code_of(read(stage(page(item("a"), number=2)))) == "incomplete"


def test_same_page_for_ever_is_incomplete() -> None:
    set_up = stage(page(item("a"), pages=3, total=3), page(item("a"), number=2, pages=3, total=3))

    assert code_of(read(set_up)) == "incomplete"
    assert len(set_up.asked) == 2


def test_empty_page_although_the_totals_promise_more_is_incomplete() -> None:
    assert code_of(read(stage(page(pages=1, total=3)))) == "incomplete"
    assert code_of(read(stage(page(item("a"), total=3), page(number=2, total=3)))) == "incomplete"


def test_new_balance_is_applied_when_a_second_reading_agrees() -> None:
    set_up = stage(page(item("a"), item("b")))

    assert len(read(set_up, stored="a").rows) == 2
    assert set_up.paths.count(LIST.format(1)) == 2


def test_unchanged_list_is_read_once() -> None:
    set_up = stage(page(item("a"), item("b")))

    read(set_up, stored="a b")

    assert set_up.paths.count(LIST.format(1)) == 1


def test_list_that_never_agrees_is_incomplete_after_three_readings() -> None:
    set_up = stage()
    set_up.on(LIST.format(1), page(item("a")), page(item("b")), page(item("c")))

    assert code_of(read(set_up, stored="x")) == "incomplete"
    assert set_up.paths.count(LIST.format(1)) == 3


def test_amounts_of_the_last_reading_are_the_ones_applied() -> None:
    set_up = stage()
    set_up.on(
        LIST.format(1), page(item("a", available_amount=1)), page(item("a", available_amount=2))
    )

    assert read(set_up, stored="x").rows[0].available == Decimal(2)


def test_reading_is_as_old_as_its_oldest_page() -> None:
    pages = [page(item(f"b{n}"), number=n, pages=2, total=2) for n in (1, 2)]
    pages[0].headers["Date"] = "Fri, 20 Nov 2026 11:59:00 GMT"
    pages[1].headers["Date"] = "Fri, 20 Nov 2026 11:59:30 GMT"

    reading = read(stage(*pages), stored="b1 b2")

    assert NOW - reading.as_of == timedelta(minutes=1)
    assert reading.as_of_source is AsOfSource.RESPONSE_DATE


def test_date_far_from_our_clock_is_not_believed() -> None:
    dated = page(item("a"))
    dated.headers["Date"] = "Fri, 20 Nov 2026 11:00:00 GMT"

    reading = read(stage(dated))

    assert (reading.as_of, reading.as_of_source) == (NOW, AsOfSource.RECEIVED)


def test_401_in_the_middle_is_tried_once_more_then_rejected() -> None:
    first = page(item("b1"), pages=2, total=2)
    second = page(item("b2"), number=2, pages=2, total=2)
    passing = stage(first).on(LIST.format(2), httpx.Response(401), second)
    failing = stage(first, httpx.Response(401))

    assert len(read(passing, stored="b1 b2").rows) == 2
    assert code_of(read(failing)) == "credential_rejected"
    assert failing.paths.count(LIST.format(2)) == 2


def test_401_at_the_first_page_is_rejected_without_another_try() -> None:
    set_up = stage(httpx.Response(401))

    assert code_of(read(set_up)) == "credential_rejected"
    assert len(set_up.asked) == 1


def test_403_names_the_permission_the_token_lacks() -> None:
    reading = read(stage(httpx.Response(403)))

    assert code_of(reading) == "credential_rejected"
    assert reading.error is not None
    assert reading.error.permission == "payment.balances.view"


def test_moved_list_is_a_setting() -> None:
    set_up = stage(list_path="/fund/balances").on(
        "/v1/fund/balances?page=1&per_page=200", page(item("a"))
    )

    assert read(set_up).rows


@pytest.mark.parametrize(
    "paths",
    [
        {"list_path": "payment/balances"},
        {"list_path": "/a?b"},
        {"retrieve_path": "/balances"},
        {"retrieve_path": "/balances/{id}/x"},
    ],
)
def test_path_that_is_none_is_refused(paths: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        stage().connector.parse_settings(paths)


def test_verify_asks_for_one_balance_then_for_the_first_page() -> None:
    set_up = Case("payiano").stage()

    verdict = set_up.verify()

    assert set_up.paths == [
        WHOAMI,
        "/v1/payment/balances?page=1&per_page=1",
        "/v1/payment/balances?page=1&per_page=200",
    ]
    assert (verdict.identity_ref, verdict.identity_name) == (
        "01hqh3v0q1f0m2z8m1y7h5n4kx",
        "Finance dashboard",
    )
    assert verdict.refs == {"01hqh45s7826hfwdze8dp1z21f", "01hqh45s7826hfwdze8dp1z21g"}
    assert verdict.rows[0].owner_name == "Finance dashboard"


def test_verify_passes_without_whoami_when_the_list_answers() -> None:
    set_up = stage().on("/v1/payment/balances?page=1&per_page=1", page(item("a"), size=1))

    verdict = set_up.verify()

    assert verdict.ok
    assert verdict.identity_ref == ""


def test_verify_names_the_missing_permission_of_a_token_that_works() -> None:
    set_up = stage().on(WHOAMI, json_answer({"app": {"id": "01x", "name": "Fin"}}))
    set_up.on("/v1/payment/balances?page=1&per_page=1", httpx.Response(403))

    verdict = set_up.verify()

    assert [step.name for step in verdict.steps] == [
        StepName.HOST,
        StepName.TOKEN,
        StepName.PERMISSION,
    ]
    assert "payment.balances.view" in verdict.steps[-1].detail
    assert verdict.identity_name == "Fin"
