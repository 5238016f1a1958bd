from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from balances.models import Decision, HeldReading, HoldReason
from providers.models import AsOfSource, Credential, RunStatus, SyncRun
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_balance, make_credential, make_scope
from tests.screen import Screen, SignIn, classed, htmx, stop_clock, words

HOUR = timedelta(hours=1)
LIST = "/acme/balances/"
DRAWN = f"//*[@aria-labelledby='h-currency']//table[{classed('bars')}]/tbody/tr"
TWIN = f"//*[@aria-labelledby='h-currency']//table[{classed('table')}]/tbody/tr"
HOSTILE = "<script>alert(1)</script>‮=1+1"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def payiano(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payiano", name="Collections")


@pytest.fixture
def payman(acme: Tenant) -> Credential:
    return make_credential(acme, provider="payman", name="Treasury")


def see(client: Client, **headers: str) -> Screen:
    return Screen(client.get("/acme/", headers=headers))


def cards(screen: Screen) -> list[str]:
    return screen.texts(f"//ul[{classed('totals')}]/li[not({classed('totals-note')})]")


def problems(screen: Screen) -> list[str]:
    return screen.texts(f"//ul[{classed('problems')}]/li/p")


def blocks(screen: Screen) -> list[tuple[str, str, str]]:
    """Return colour, place and width of every block by currency."""
    rects = screen.root.xpath("//*[@aria-labelledby='h-currency']//rect")
    return [(rect.get("class"), rect.get("x"), rect.get("width")) for rect in rects]


def make_run(credential: Credential, status: RunStatus, *, ago: timedelta) -> None:
    SyncRun.unscoped.create(
        tenant=credential.tenant,
        credential=credential,
        fence=SyncRun.unscoped.count(),
        status=status,
        started_at=NOW - ago,
    )


# --- Nothing yet ----------------------------------------------------------------------------------
def test_empty_tenant_has_no_health_to_show(client: Client) -> None:
    assert not see(client).has(f"//*[{classed('strip')}]")


def test_credential_without_balances_shows_its_health_alone(
    client: Client, payiano: Credential
) -> None:
    screen = see(client)

    assert "Payiano Collections" in screen.text(f"//*[{classed('strip')}]")
    assert "No balances yet" in screen.text("//main")


# --- Cards ----------------------------------------------------------------------------------------
def test_a_card_is_one_currency_of_one_holder_our_own_first_and_test_money_last(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "10", pending="2")
    make_balance(payiano, "USD", "20")
    make_balance(payiano, "EUR", "40", holder="CUSTOMERS")
    make_balance(payiano, "USD", "80", counting="TEST")
    make_balance(payiano, "AED", "160", counting="UNVERIFIED")

    assert cards(see(client)) == [
        "USD US Dollar Own 30.00 2 balances 2.00 pending from 1 of 2",
        "EUR Euro Customers' 40.00 1 balance",
        "AED UAE Dirham Own, Unverified 160.00 1 balance",
        "USD US Dollar Own, Test 80.00 1 balance",
    ]


def test_card_leads_to_the_very_rows_it_adds_up(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "10", name="Ours")
    make_balance(payiano, "USD", "20", holder="CUSTOMERS", name="Theirs")
    make_balance(payiano, "USD", "40", counting="TEST", name="Play")

    card = see(client).texts(f"//*[{classed('total-name')}]/a/@href")[0]

    assert card == f"{LIST}?currency=USD&holder=own&counting=live"
    assert Screen(client.get(card)).column(0) == ["Ours"]


def test_card_names_negatives_and_what_is_not_up_to_date(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "EGP", "100000")
    make_balance(payiano, "EGP", "-42118.60", scope=make_scope(payiano, error_code="timeout"))

    assert cards(see(client)) == [
        "EGP Egyptian Pound Own 1 not synced 57,881.40 of which −42,118.60 in 1 2 balances"
        " oldest 10:59"
    ]


def test_card_says_what_is_below_zero_under_the_figure_it_belongs_to_and_not_beside_pending(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "EGP", "100000", pending=Decimal(7))
    make_balance(payiano, "EGP", "-42118.60", scope=make_scope(payiano, error_code="timeout"))

    lines = see(client).texts(f"//ul[{classed('totals')}]/li[1]//*[{classed('total-sub')}]")

    assert lines == [
        "of which −42,118.60 in 1",
        "2 balances",
        "7.00 pending from 1 of 2 oldest 10:59",
    ]


def test_unreported_currency_is_a_dash(client: Client, payman: Credential) -> None:
    make_balance(payman, "USD", None, scope=make_scope(payman, read_at=None))

    assert cards(see(client)) == ["USD US Dollar Own 1 never read not reported 1 balance"]


def test_card_counts_each_state_that_is_not_up_to_date_the_worst_first(
    client: Client, payiano: Credential, acme: Tenant
) -> None:
    make_balance(payiano, "EGP", "1")
    make_balance(payiano, "EGP", "1", scope=make_scope(payiano, read_at=NOW - 2 * HOUR))
    make_balance(payiano, "EGP", "1", scope=make_scope(payiano, held_at=NOW))
    for _ in range(2):
        make_balance(payiano, "EGP", "1", scope=make_scope(payiano, error_code="timeout"))
    make_balance(make_credential(acme, paused_at=NOW), "EGP", "1")

    tags = (
        see(client).part(f"//ul[{classed('totals')}]/li[1]").root.xpath(f".//*[{classed('tag')}]")
    )

    assert [(words(tag), tag.get("class")) for tag in tags] == [
        ("2 not synced", "tag bad"),
        ("1 held", "tag warn"),
        ("1 stale", "tag warn"),
        ("1 paused", "tag off"),
    ]


def test_bars_say_the_words_of_the_cards(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "EGP", "1", scope=make_scope(payiano, read_at=NOW - 2 * HOUR))
    make_balance(payiano, "EGP", "1", scope=make_scope(payiano, error_code="timeout"))

    screen = see(client)

    for section in ("h-currency", "h-provider"):
        marks = screen.root.xpath(f"//section[@aria-labelledby='{section}']//*[{classed('mark')}]")
        assert [(words(mark), mark.get("class")) for mark in marks] == [
            ("1 not synced", "mark bad"),
            ("1 stale", "mark warn"),
        ]
    assert "not up to date" not in words(screen.part("//main").root)


def test_card_up_to_date_bears_no_tag_and_no_age(client: Client, payiano: Credential) -> None:
    make_balance(payiano)

    screen = see(client)

    assert not screen.has(f"//ul[{classed('totals')}]//*[{classed('tag')}]")
    assert "oldest" not in cards(screen)[0]


# --- Export ---------------------------------------------------------------------------------------
def test_totals_are_exported_by_those_who_may_download(
    client: Client, payiano: Credential, bob: User, sign_in: SignIn
) -> None:
    make_balance(payiano)

    address = see(client).href("Export totals")

    assert address == "/acme/balances.xlsx"
    assert client.get(address).status_code == 200
    assert "Export totals" not in see(sign_in(bob)).text("//main")


def test_nothing_held_is_nothing_to_export(client: Client) -> None:
    assert "Export totals" not in see(client).text("//main")


# --- By currency ----------------------------------------------------------------------------------
def test_bar_is_the_whole_of_its_own_currency_and_holder(
    client: Client, payiano: Credential, payman: Credential
) -> None:
    make_balance(payman, "USD", "75")
    make_balance(payiano, "USD", "25")
    make_balance(payiano, "EUR", "1000000")
    make_balance(payman, "EUR", "3", holder="CUSTOMERS")

    screen = see(client)

    assert screen.texts(DRAWN) == [
        "Own",
        "EUR Payiano 100% 1,000,000.00",
        "USD Payman 75.0%, Payiano 25.0% 100.00",
        "Customers'",
        "EUR Payman 100% 3.00",
    ]
    assert blocks(screen) == [
        ("f3", "0.0", "1000.0"),
        ("f1", "0.0", "747.5"),  # a gap stands after a block, but for the last
        ("f3", "750.0", "250.0"),
        ("f1", "0.0", "1000.0"),
    ]


def test_block_names_its_balance_amount_and_share(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "999", name="Main")
    make_balance(payiano, "USD", "1", name="Small")

    titles = see(client).texts("//*[@aria-labelledby='h-currency']//rect/title")

    assert titles == [
        "Main, Payiano: USD 999.00 (99.9%)",
        "smaller balances, Payiano: USD 1.00 (0.1%)",
    ]


def test_negatives_are_counted_and_named_not_drawn(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "EGP", "100")
    make_balance(payiano, "EGP", "-30")
    make_balance(payiano, "USD", "-1", holder="CUSTOMERS")
    make_balance(payiano, "USD", "-2", holder="CUSTOMERS")

    screen = see(client)

    assert [width for _, _, width in blocks(screen)] == ["1000.0"]
    foot = screen.text(f"//*[@aria-labelledby='h-currency']/*[{classed('sheet-foot')}]")
    assert foot.endswith(
        "Counted in the totals and not drawn: 1 negative in EGP, Own (−30.00);"
        " 2 negative in USD, Customers' (−3.00)."
    )


def test_figures_of_the_bars_stand_in_a_table_with_what_is_not_drawn(
    client: Client, payiano: Credential, payman: Credential
) -> None:
    make_balance(payman, "USD", "900", name="Agent")
    make_balance(payiano, "USD", "99", name="Main")
    make_balance(payiano, "USD", "1", name="Small")
    make_balance(payiano, "USD", "-30", name="Below")

    assert see(client).texts(TWIN) == [
        "USD Own Agent Payman 900.00 90.0%",
        "USD Own Main Payiano 99.00 9.9%",
        "USD Own smaller balances Payiano 1.00 0.1%",
        "USD Own 1 below zero −30.00 not drawn",
    ]


def test_a_bar_leads_to_its_rows_without_a_second_stop_for_the_keyboard(
    client: Client, payiano: Credential
) -> None:
    make_balance(payiano, "USD", "10")

    bars = see(client).root.xpath(f"//*[{classed('barcell')}]/a")

    assert [bar.get("href") for bar in bars] == [
        f"{LIST}?currency=USD&holder=own&counting=live",
        f"{LIST}?currency=USD&provider=payiano&holder=own&counting=live",
    ]
    assert {(bar.get("tabindex"), bar.get("aria-hidden")) for bar in bars} == {("-1", "true")}


def test_test_money_stands_in_no_bar(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "10")
    make_balance(payiano, "USD", "90", counting="TEST")
    make_balance(payiano, "KWD", "5", counting="DUPLICATE")

    screen = see(client)

    assert screen.texts(DRAWN) == [
        *("Own", "USD Payiano 100% 10.00"),
    ]
    assert "KWD" not in screen.text("//*[@aria-labelledby='h-provider']")


def test_only_test_money_leaves_no_empty_charts(client: Client, payiano: Credential) -> None:
    make_balance(payiano, "USD", "90", counting="TEST")

    screen = see(client)

    assert len(cards(screen)) == 1
    assert not screen.has("//*[@id='h-currency']")


# --- By provider ----------------------------------------------------------------------------------
def test_provider_bar_is_its_share_of_the_currency_and_leads_to_its_rows(
    client: Client, payiano: Credential, payman: Credential
) -> None:
    make_balance(payman, "USD", "75", name="Agent")
    make_balance(payiano, "USD", "25", name="Main")

    screen = see(client)

    assert screen.texts("//*[@aria-labelledby='h-provider']//tbody/tr") == [
        *("Payman", "USD Own 75.0% 75.00"),
        *("Payiano", "USD Own 25.0% 25.00"),
    ]
    widths = screen.texts("//*[@aria-labelledby='h-provider']//rect[not(@class='track')]/@width")
    assert widths == ["750.0", "250.0"]
    link = screen.texts("//*[@aria-labelledby='h-provider']//th/a/@href")[1]
    assert Screen(client.get(link)).column(0) == ["Main"]


def test_providers_silent_about_pending_are_named(
    client: Client, payiano: Credential, payman: Credential, acme: Tenant
) -> None:
    for credential in (payiano, payman, make_credential(acme, provider="swipelux")):
        make_balance(credential)

    foot = see(client).text(f"//*[@aria-labelledby='h-provider']/*[{classed('sheet-foot')}]")

    assert foot.endswith("Pending amounts are not reported by Payman and Swipelux.")


def test_figures_of_charts_cards_and_list_agree(client: Client, payiano: Credential) -> None:
    for amount in ("10.5", "-3.25", "99999999999999999999.000000000000000001"):
        make_balance(payiano, "USD", amount)

    screen = see(client)
    figure = "100,000,000,000,000,000,006.250000000000000001"

    assert figure in cards(screen)[0]
    assert figure in screen.text(f"{DRAWN}[2]/td[2]")
    assert figure in screen.text("//*[@aria-labelledby='h-provider']//tbody/tr[2]/td[last()]")
    assert figure in Screen(client.get(LIST)).totals()[0]


# --- Health ---------------------------------------------------------------------------------------
def test_strip_draws_the_worst_run_of_each_half_hour(client: Client, payiano: Credential) -> None:
    for status, ago in (
        (RunStatus.SUCCEEDED, HOUR),
        (RunStatus.FAILED, HOUR + timedelta(minutes=5)),
        (RunStatus.PARTIAL, 10 * HOUR),
        (RunStatus.SUCCEEDED, timedelta(minutes=1)),
        (RunStatus.FAILED, timedelta(days=2)),
    ):
        make_run(payiano, status, ago=ago)

    screen = see(client)
    ticks = screen.texts(f"//*[{classed('ticks')}]/rect/@class")

    assert len(ticks) == 48
    assert {place: css for place, css in enumerate(ticks) if css != "off"} == {
        27: "late",
        45: "fail",
        47: "ok",
    }
    assert screen.text(f"//*[{classed('strip-note')}]").endswith("2 of 4 runs")


def test_retired_credential_leaves_the_strip(client: Client, payiano: Credential) -> None:
    make_credential(payiano.tenant, name="Old", retired_at=NOW)

    assert screen_names(see(client)) == ["Payiano Collections"]


def screen_names(screen: Screen) -> list[str]:
    return screen.texts(f"//*[{classed('strip-top')}]/*[1]")


def test_health_alone_is_asked_for_again(client: Client, payiano: Credential) -> None:
    make_balance(payiano)

    screen = see(client, **htmx("section#dashboard-health"))

    assert screen.has("//section[@id='dashboard-health']")
    assert not screen.has("//title")
    assert cards(screen) == []


def test_names_stay_text(client: Client, acme: Tenant) -> None:
    hostile = make_credential(acme, name=HOSTILE, error_code="timeout", failing_since=NOW)
    make_balance(hostile, name=HOSTILE)

    screen = see(client)

    assert b"<script>alert" not in screen.response.content
    assert HOSTILE in screen_names(screen)[0]


# --- Problems -------------------------------------------------------------------------------------
def test_failing_credential_is_one_line_with_what_mends_it(
    client: Client, acme: Tenant, auditor: User, bob: User, sign_in: SignIn
) -> None:
    failing = make_credential(
        acme,
        name="Main",
        error_code="credential_rejected",
        error_detail='HTTP 401: {"message":"Unauthenticated."}',
        failing_since=NOW - HOUR,
        last_succeeded_at=NOW - timedelta(hours=2, minutes=29),
    )
    for number in range(12):
        make_balance(failing, ("USD", "EGP")[number % 2])

    screen = see(client)

    assert problems(screen) == [
        "Payiano Main has not synced since 08:31. The key was refused (401)."
        " 12 balances in EGP and USD keep their 10:59 figures."
    ]
    assert screen.href("Replace the access token") == f"/acme/providers/{failing.public_id}/"
    links = f"//ul[{classed('problems')}]//a"
    assert see(sign_in(auditor)).texts(links) == ["See the failed runs"]
    assert see(sign_in(bob)).texts(links) == ["Show the 12 balances"]


def test_failure_without_an_answer_says_so_and_what_happens_next(
    client: Client, acme: Tenant
) -> None:
    failing = make_credential(acme, name="Main", error_code="unreachable")
    make_balance(failing, scope=make_scope(failing, read_at=NOW - HOUR))

    screen = see(client)

    assert problems(screen) == [
        "Payiano Main was never read whole. Could not be reached. It is tried again by itself."
        " 1 balance in USD keeps its 10:00 figure."
    ]
    assert screen.href("Open the credential") == f"/acme/providers/{failing.public_id}/"


def test_figures_of_several_times_are_said_by_the_oldest(client: Client, acme: Tenant) -> None:
    failing = make_credential(acme, name="Main", error_code="unreachable")
    for ago in (HOUR, 30 * HOUR):
        make_balance(failing, scope=make_scope(failing, read_at=NOW - ago))
    make_balance(failing, "EUR", None, scope=make_scope(failing, read_at=None))

    assert problems(see(client))[0].endswith(
        "2 balances in USD keep their last figures, the oldest of 19 Nov, 05:00."
    )


def test_stale_balances_are_one_line_per_credential_and_lead_to_them(
    client: Client, payiano: Credential
) -> None:
    for _ in range(2):
        late = make_scope(payiano, read_at=NOW - 2 * HOUR)
        make_balance(payiano, scope=late, name="Late")
    make_balance(payiano, name="Fresh")

    screen = see(client)

    assert problems(screen) == [
        "2 balances of Payiano Collections are stale. No run has confirmed them since 09:00."
    ]
    link = screen.href("Show the 2 balances")
    assert Screen(client.get(link)).column(0) == ["Late", "Late"]


def test_stale_balances_of_several_times_are_said_by_the_oldest(
    client: Client, payiano: Credential
) -> None:
    for ago in (2, 30):
        make_balance(payiano, scope=make_scope(payiano, read_at=NOW - ago * HOUR))

    assert problems(see(client))[0].endswith(
        " No run has confirmed them in time, the oldest since 19 Nov, 05:00."
    )


def test_paused_credential_is_no_problem_and_says_who_paused_it(
    client: Client, acme: Tenant, alice: User
) -> None:
    paused = make_credential(
        acme, name="Main", paused_at=NOW, paused_by=alice, error_code="unreachable", due_at=NOW
    )
    make_balance(paused)

    screen = see(client)

    assert problems(screen) == []
    assert screen.text(f"//*[{classed('strip-note')}]") == f"Paused by {alice} no runs"


def test_failing_parts_are_one_line_per_credential_and_reason(
    client: Client, payiano: Credential, payman: Credential
) -> None:
    for n in range(6):
        till = make_scope(payiano, error_code="timeout", failing_since=NOW - HOUR)
        make_balance(payiano, scope=till, name=f"Till {n}")
    make_scope(payiano, error_code="timeout", closed_at=NOW)
    make_scope(payman, name="Juniper in EUR", error_code="not_found", failing_since=NOW)

    screen = see(client)

    assert problems(screen) == [
        "6 balances of Payiano Collections are not synced: Till 0, Till 1, Till 2 and 3 more."
        " Since 10:00. No whole answer in time. It is tried again by itself."
        " 6 balances in USD keep their 10:59 figures.",
        "Juniper in EUR of Payman Treasury: not synced. Since 11:00. Not known to the provider."
        " Check the id among the watched ones. Figures stay as last read.",
    ]
    links = screen.texts(f"//ul[{classed('problems')}]//a/@href")
    assert links[0] == f"{LIST}?credential={payiano.public_id}&state=not_synced"


def test_a_tick_is_tall_for_trouble_and_low_for_no_run(client: Client, payiano: Credential) -> None:
    for hours, status in enumerate((RunStatus.SUCCEEDED, RunStatus.PARTIAL, RunStatus.FAILED)):
        make_run(payiano, status, ago=hours * HOUR)

    rects = see(client).root.xpath(f"//*[{classed('ticks')}]/rect")
    heights = {rect.get("class"): int(rect.get("height")) for rect in rects}

    assert sorted(heights, key=lambda css: heights[css]) == ["off", "ok", "late", "fail"]


@pytest.mark.parametrize("values", [{"error_code": "unreachable"}, {"paused_at": NOW}])
def test_parts_of_what_fails_or_rests_as_a_whole_are_not_named(
    client: Client, acme: Tenant, values: dict[str, Any]
) -> None:
    credential = make_credential(acme, **values)
    make_scope(credential, error_code="timeout")

    assert len(problems(see(client))) == len(values.keys() & {"error_code"})


def hold(credential: Credential, *, name: str = "Main account") -> HeldReading:
    run = SyncRun.unscoped.create(
        tenant=credential.tenant, credential=credential, fence=SyncRun.unscoped.count()
    )
    held: HeldReading = HeldReading.unscoped.create(
        tenant=credential.tenant,
        scope=make_scope(credential, name=name, held_at=NOW),
        run=run,
        reason=HoldReason.DROPPED,
        detail="4 of 5",
        held_at=NOW - HOUR,
        read_at=NOW,
        as_of=NOW,
        as_of_source=AsOfSource.RECEIVED,
    )
    return held


def test_held_reading_is_named_until_it_is_decided(client: Client, payiano: Credential) -> None:
    held = hold(payiano)

    assert problems(see(client)) == [
        "A reading of Payiano Collections, Main account, is held. Since 10:00."
        " Many balances are gone: 4 of 5."
    ]
    held.decision = Decision.REFUTED
    held.save()
    assert problems(see(client)) == []


def test_many_held_readings_are_one_line(client: Client, payiano: Credential) -> None:
    for number in range(8):
        hold(payiano, name=f"Customer {number}")

    screen = see(client)

    assert problems(screen) == [
        "8 readings of Payiano Collections are held. Since 10:00. Many balances are gone."
    ]
    assert screen.href("Open the list") == f"{LIST}?credential={payiano.public_id}"


def test_balances_missing_for_a_day_are_asked_about_in_one_line(
    client: Client, payiano: Credential
) -> None:
    gone: dict[str, Any] = {"missing_since": NOW - 25 * HOUR, "missing_readings": 3}
    for _ in range(2):
        make_balance(payiano, **gone)
    make_balance(payiano, missing_since=NOW - HOUR, missing_readings=3)
    make_balance(payiano, **gone, kept_at=NOW - HOUR)
    make_balance(payiano, **gone, closed_at=NOW)
    make_balance(payiano, "USD", Decimal(1), **gone, kept_at=NOW - 48 * HOUR)

    screen = see(client)

    assert problems(screen) == [
        "3 balances are not reported any more. Their last figures still count."
        " Close them or keep them?"
    ]
    assert screen.href("Show them") == f"{LIST}?state=missing"


def test_problems_of_another_tenant_stay_there(client: Client, globex: Tenant) -> None:
    make_balance(make_credential(globex, name="Theirs", error_code="timeout"))

    screen = see(client)

    assert problems(screen) == []
    assert "Theirs" not in screen.text("//body")
