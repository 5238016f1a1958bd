from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from balances.models import Balance, HeldReading, HoldReason, Observation
from providers.models import AsOfSource, Credential, RunStatus, SyncRun
from providers.tenancy.models import Tenant, User
from tests.balances.builders import (
    NOW,
    READ_AT,
    make_account,
    make_balance,
    make_credential,
    make_scope,
)
from tests.screen import Screen, SignIn, classed, stop_clock

HOUR = timedelta(hours=1)
DAY_AGO = NOW - timedelta(days=1)
MISSING = {"missing_since": DAY_AGO, "missing_readings": 3}
HOSTILE = "<script>alert(1)</script>‮=1+1"
ADMIN_ACTIONS = ["rename", "holder", "close"]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


def see(client: Client, balance: Balance) -> Screen:
    return Screen(client.get(f"/acme/balances/{balance.public_id}/"))


def make_run(credential: Credential, *, fence: int = 0, **values: Any) -> SyncRun:
    run: SyncRun = SyncRun.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        fence=fence,
        **{"status": RunStatus.SUCCEEDED, "started_at": READ_AT, "ended_at": NOW, **values},
    )
    return run


def observe(balance: Balance, run: SyncRun, *figures: str | None, at: datetime = READ_AT) -> None:
    """Save observations a minute apart, the last one at `at`."""
    for place, figure in enumerate(figures):
        when = at - timedelta(minutes=len(figures) - 1 - place)
        Observation.unscoped.create(
            tenant=balance.tenant,
            balance=balance,
            run=run,
            available=None if figure is None else Decimal(figure),
            as_of=when,
            as_of_source=AsOfSource.RECEIVED,
            fetched_at=when,
        )


def hold(balance: Balance, rows: list[dict[str, Any]]) -> HeldReading:
    held: HeldReading = HeldReading.unscoped.create(
        tenant=balance.tenant,
        scope=balance.scope,
        run=make_run(balance.scope.credential, status=RunStatus.HELD),
        reason=HoldReason.SCALE,
        detail="1 of 1",
        rows=rows,
        held_at=NOW,
        read_at=NOW,
        as_of=NOW,
        as_of_source=AsOfSource.RECEIVED,
    )
    balance.scope.held_at = NOW
    balance.scope.save()
    return held


def facts(screen: Screen) -> dict[str, str]:
    names, values = screen.texts("//dl/div/dt"), screen.texts("//dl/div/dd")
    return dict(zip(names, values, strict=True))


def noticed(screen: Screen) -> list[str]:
    return screen.texts(f"//section[{classed('notice')}]/p")


def offered(screen: Screen) -> list[str]:
    actions = screen.texts("//form[@method='post']/@action[starts-with(., '/acme/accounts/')]")
    return [action.rstrip("/").rpartition("/")[2] for action in actions]


# --- Figures and facts ----------------------------------------------------------------------------
def test_figures_stand_with_their_currency_and_legend(client: Client, payiano: Credential) -> None:
    balance = make_balance(payiano, "KWD", "212480.1255", pending="0", ledger=None)

    screen = see(client, balance)

    assert screen.text(f"//*[{classed('big')}]") == "KWD212,480.1255"
    assert screen.texts(f"//*[{classed('mid')}]") == ["0.000"]
    legend = screen.texts(f"//*[{classed('legend')}]/span")
    assert [said.split()[0] for said in legend] == ["Available", "Pending"]
    assert legend[0] == "Available can be withdrawn, transferred or paid out now"


def test_facts_tell_the_source(client: Client, payiano: Credential) -> None:
    account = make_account(
        payiano,
        external_ref="01hqh45s7826",
        name="Main",
        owner_name="Acme Ltd",
        display_name="Till",
    )
    balance = make_balance(payiano, "USD", "1", account=account, changed_at=NOW - 3 * HOUR)

    told = facts(see(client, balance))

    assert told.items() >= {
        ("Credential", "Payiano Collections"),
        ("State", "Up to date"),
        ("Held for", "Own"),
        ("Counts as", "Live"),
        ("Currency", "USD, US Dollar, 2 decimals"),
        ("Schedule", "Every 5 minutes, stale after 15 minutes"),
        ("Confirmed", "10:59"),
        ("Unchanged since", "08:00"),
        ("Owner", "Acme Ltd"),
        ("Reference", "01hqh45s7826"),
        ("Provider's name", "Main"),
    }
    assert see(client, balance).text("//h1") == "Till"


def test_duplicate_names_where_it_counts(client: Client, acme: Tenant, payiano: Credential) -> None:
    other = make_credential(acme, name="First")
    balance = make_balance(payiano, counting="DUPLICATE", counted_by=other)

    assert facts(see(client, balance))["Counts as"] == "Also read through First, counted there"


def test_test_money_that_counts_elsewhere_is_tagged_as_test(
    client: Client, acme: Tenant, payiano: Credential
) -> None:
    other = make_credential(acme, name="First")
    balance = make_balance(payiano, name="Play", counting="TEST_DUPLICATE", counted_by=other)

    screen = see(client, balance)

    assert screen.text("//h1") == "Play Test"
    assert facts(screen)["Counts as"] == "Also read through First, counted there"


def test_names_of_the_provider_stay_text(client: Client, payiano: Credential) -> None:
    account = make_account(
        payiano, name=HOSTILE, owner_name=HOSTILE, network=HOSTILE[:40], address=HOSTILE
    )

    screen = see(client, make_balance(payiano, account=account))

    assert screen.text("//h1") == HOSTILE
    assert b"<script>alert" not in screen.response.content


def test_unknown_balance_is_not_found(client: Client, acme: Tenant, globex: Tenant) -> None:
    theirs = make_balance(make_credential(globex))

    Screen(client.get(f"/acme/balances/{theirs.public_id}/"), status=404)
    Screen(client.get(f"/acme/balances/{'f' * 32}/"), status=404)


# --- Never read -----------------------------------------------------------------------------------
def test_balance_never_read_has_no_figure_and_no_history(
    client: Client, payiano: Credential
) -> None:
    scope = make_scope(payiano, read_at=None, error_code="not_found", error_detail="agentId 7")

    screen = see(client, make_balance(payiano, available=None, scope=scope))

    assert screen.text(f"//*[{classed('big')}]") == "USDnot reported"
    assert "No sync yet." in screen.text("//*[@aria-labelledby='h-log']")
    assert noticed(screen) == [
        "This balance was never read. Payiano: not known to the provider (agentId 7)."
        " Check the id among the watched ones."
    ]


# --- Notices --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("scope", "balance", "credential", "said"),
    [
        (
            {"read_at": NOW - 2 * HOUR},
            {},
            {},
            "This figure is 2 h 0 min old. No reading confirmed it within 15 minutes, as its",
        ),
        (
            {"error_code": "timeout"},
            {},
            {},
            "This figure is 1 min old. Payiano: no whole answer in time. It is tried again by",
        ),
        (
            {
                "error_code": "forbidden",
                "error_detail": "HTTP 403: no",
                "failing_since": NOW - HOUR,
            },
            {},
            {"due_at": NOW + HOUR},
            "This figure is 1 min old. Payiano: access refused (403) since 10:00. Ask the provider"
            " for the right to read it. Next try 12:00.",
        ),
        ({}, {"missing_since": NOW}, {}, "The provider does not report this balance any more."),
        ({}, {}, {"paused_at": NOW}, "Its credential is paused."),
        ({}, {"closed_at": NOW, "closed_reason": "Merged"}, {}, "This balance is closed. Merged"),
        ({}, {"reopened_at": NOW - HOUR}, {}, "This account was closed and is reported again."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_as_usual_is_said_above_the_figures(
    client: Client,
    acme: Tenant,
    scope: dict[str, Any],
    balance: dict[str, Any],
    credential: dict[str, Any],
    said: str,
) -> None:
    troubled = make_credential(acme, **credential)
    shown = make_balance(troubled, scope=make_scope(troubled, **scope), **balance)

    (notice,) = noticed(see(client, shown))

    assert notice.startswith(said)


def test_closed_balance_names_day_person_and_reason(
    client: Client, payiano: Credential, alice: User
) -> None:
    closing: dict[str, Any] = {
        "closed_at": NOW,
        "closed_from": date(2026, 2, 28),
        "closed_by": alice,
    }
    balance = make_balance(payiano, closed_reason="Merged", **closing)

    (notice,) = noticed(see(client, balance))

    assert notice == "This balance is closed. From 28 Feb on, by Alice. Merged"


def test_fresh_balance_has_no_notice(client: Client, payiano: Credential) -> None:
    assert noticed(see(client, make_balance(payiano))) == []


def test_only_an_admin_is_led_to_the_credential_that_fails(
    payiano: Credential, alice: User, auditor: User, sign_in: SignIn
) -> None:
    balance = make_balance(payiano, scope=make_scope(payiano, error_code="timeout"))

    assert "Open the credential" in noticed_links(see(sign_in(alice), balance))
    assert noticed_links(see(sign_in(auditor), balance)) == []


def test_refused_key_is_told_with_its_time_and_the_way_to_replace_it(
    acme: Tenant, alice: User, auditor: User, sign_in: SignIn
) -> None:
    refused = make_credential(
        acme,
        provider="payiano",
        error_code="credential_rejected",
        error_detail="HTTP 401: Unauthorized",
        failing_since=NOW - timedelta(hours=2, minutes=14),
        due_at=NOW + timedelta(minutes=4),
    )
    scope = make_scope(refused, read_at=NOW - timedelta(hours=3, minutes=14))
    balance = make_balance(refused, scope=scope)

    admin, other = see(sign_in(alice), balance), see(sign_in(auditor), balance)

    said = (
        "This figure is 3 h 14 min old. Payiano refuses our access token (401) since 08:46."
        " Next try 11:04."
    )
    assert noticed(admin) == noticed(other) == [said]
    assert noticed_links(admin) == ["Replace the access token"]
    assert noticed_links(other) == []
    assert facts(admin).items() >= {
        ("Confirmed", "Not synced since 07:46"),
        ("Next try", "11:04"),
    }


def noticed_links(screen: Screen) -> list[str]:
    return screen.texts(f"//section[{classed('notice')}]//a")


@pytest.mark.parametrize(("age", "is_said"), [(23, True), (25, False)])
def test_unusual_change_is_named_with_both_figures_for_a_day(
    client: Client, payiano: Credential, age: int, *, is_said: bool
) -> None:
    balance = make_balance(payiano, "USD", "5000", unusual_at=NOW - age * HOUR)
    observe(balance, make_run(payiano), "50", "5000")

    said = "Unusual change. It moved from USD 50.00 to USD 5,000.00. A second reading confirmed it."
    screen = see(client, balance)
    assert noticed(screen) == ([said] if is_said else [])
    assert ("USD\u00a05,000.00" in screen.response.content.decode()) is is_said


@pytest.mark.parametrize("flags", [["OLDER_ANSWER"], ["NEGATIVE"]])
def test_figure_that_stays_for_want_of_a_newer_answer_is_named(
    client: Client, payiano: Credential, flags: list[str]
) -> None:
    balance = make_balance(payiano, flags=flags)

    said = [
        "The provider now answers with an older figure than this one."
        " The newer figure stays; it is replaced once the provider tells a later one."
    ]
    assert noticed(see(client, balance)) == (said if "OLDER_ANSWER" in flags else [])


def test_reopened_account_is_named_for_a_week(client: Client, payiano: Credential) -> None:
    balance = make_balance(payiano, reopened_at=NOW - timedelta(days=8))

    assert noticed(see(client, balance)) == []


# --- Held readings --------------------------------------------------------------------------------
def test_closing_says_how_many_balances_it_closes_and_what_opens_them_again(
    client: Client, payiano: Credential
) -> None:
    account = make_account(payiano)
    balances = [make_balance(payiano, code, account=account) for code in ("USD", "EUR", "EGP")]
    alone = make_balance(payiano)

    several = see(client, balances[0]).text("//form[contains(@action, '/close/')]/p")
    one = see(client, alone).text("//form[contains(@action, '/close/')]/p")

    assert several.startswith("Closes all 3 balances of this account. It leaves current totals")
    assert one.startswith("Closes its one balance. It leaves current totals")
    assert several.endswith("reports other figures, a new balance, or one that was missing.")


def test_held_reading_stands_beside_the_old_figure(client: Client, payiano: Credential) -> None:
    balance = make_balance(payiano, "USD", "100.00", external_ref="main")
    held = hold(balance, [{"account_ref": "main", "currency": "USD", "available": "10000"}])

    screen = see(client, balance)

    assert screen.text(f"//*[{classed('big')}]") == "USD100.00"
    (said,) = noticed(screen)
    assert said == (
        "A reading is held. A figure moved by an exact power of ten (1 of 1)."
        " The old figure stands. Read 11:00, it says USD 10,000.00."
    )
    form = screen.part(f"//form[@action='/acme/held/{held.public_id}/']")
    assert form.texts(".//button/@value") == ["accept", "discard"]


def test_held_reading_without_this_balance_says_so(client: Client, payiano: Credential) -> None:
    balance = make_balance(payiano, external_ref="main")
    hold(balance, [{"account_ref": "other", "currency": "USD", "available": "1"}])

    assert "this balance is not in it" in noticed(see(client, balance))[0]


@pytest.mark.parametrize("who", ["analyst", "auditor", "bob"])
def test_only_an_admin_decides(
    payiano: Credential, request: pytest.FixtureRequest, sign_in: SignIn, who: str
) -> None:
    balance = make_balance(payiano, external_ref="main")
    hold(balance, [{"account_ref": "main", "currency": "USD", "available": None}])

    screen = see(sign_in(request.getfixturevalue(who)), balance)

    assert "A reading is held." in noticed(screen)[0]
    assert not screen.has("//form[contains(@action, '/held/')]")


# --- What each role may do ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "actions"),
    [("alice", ADMIN_ACTIONS), ("analyst", ["rename"]), ("auditor", []), ("bob", [])],
)
def test_actions_are_those_of_the_role(
    payiano: Credential,
    request: pytest.FixtureRequest,
    sign_in: SignIn,
    who: str,
    actions: list[str],
) -> None:
    screen = see(sign_in(request.getfixturevalue(who)), make_balance(payiano))

    assert offered(screen) == actions
    assert screen.has("//form[@action='/acme/sync/']") == (who in {"alice", "analyst"})
    assert bool(screen.texts("//dl//a")) == (who != "bob")


@pytest.mark.parametrize(
    ("values", "actions"),
    [
        ({"closed_at": NOW}, ["rename", "holder", "reopen"]),
        (MISSING, ["rename", "holder", "keep", "close"]),
        ({"missing_since": NOW, "missing_readings": 3}, ["rename", "holder", "close"]),
        ({"missing_since": DAY_AGO, "missing_readings": 2}, ["rename", "holder", "close"]),
        ({**MISSING, "kept_at": NOW}, ["rename", "holder", "close"]),
        ({**MISSING, "kept_at": DAY_AGO - HOUR}, ["rename", "holder", "keep", "close"]),
        ({"kind": "CUSTOMER"}, ["rename", "close"]),
    ],
    ids=[
        "closed",
        "missing",
        "for too short",
        "too seldom",
        "kept",
        "missing anew",
        "fixed holder",
    ],
)
def test_actions_fit_what_became_of_the_account(
    client: Client, payiano: Credential, values: dict[str, Any], actions: list[str]
) -> None:
    assert sorted(offered(see(client, make_balance(payiano, **values)))) == sorted(actions)


def test_paused_credential_is_not_offered_to_be_read(client: Client, acme: Tenant) -> None:
    paused = make_credential(acme, paused_at=NOW)

    assert not see(client, make_balance(paused)).has("//form[@action='/acme/sync/']")


def test_close_form_proposes_today_in_the_tenants_zone(
    client: Client, payiano: Credential, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = NOW.replace(hour=23)  # in Cairo it is the next day
    stop_clock(monkeypatch, late)
    client.force_login(alice)

    balance = make_balance(payiano, scope=make_scope(payiano, read_at=late))

    assert see(client, balance).text("//*[@id='close-closed_from']/@value") == "2026-11-21"
