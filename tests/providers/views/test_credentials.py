"""Claims about the list of credentials and the page of one, in the words a person reads."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from providers.models import Credential, RunStatus, Secret, SyncRun
from providers.services.credentials import pause
from providers.tenancy.models import Tenant, User
from tests.balances.builders import NOW, make_credential, make_scope
from tests.providers.entries import LATER, enter, save
from tests.screen import Screen, SignIn, classed, stop_clock, words

LIST = "/acme/providers/"
ROWS = f"//table[{classed('creds')}]/tbody/tr[not({classed('band')})]"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REFUSED = 'HTTP 401: {"message":"Unauthenticated."}'


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_clock(monkeypatch, NOW)


@pytest.fixture
def client(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


def see(client: Client, path: str = LIST, *, status: int = 200) -> Screen:
    return Screen(client.get(path), status=status)


def rows(screen: Screen) -> list[str]:
    return screen.texts(ROWS)


def read(credential: Credential, *, ago: timedelta = timedelta(minutes=1)) -> Credential:
    credential.last_succeeded_at = NOW - ago
    credential.save()
    return credential


# --- The list -------------------------------------------------------------------------------------
def test_row_says_environment_secret_schedule_health_day_and_last_success(
    client: Client, acme: Tenant, alice: User
) -> None:
    main = read(make_credential(acme, name="Collections", interval=900))
    Secret.unscoped.create(
        tenant=acme,
        credential=main,
        field="access_token",
        sealed="x",
        last_four="7f3c",
        set_by=alice,
        set_at=NOW - 41 * DAY,
    )
    SyncRun.unscoped.create(
        tenant=acme, credential=main, fence=1, status=RunStatus.SUCCEEDED, started_at=NOW - HOUR
    )

    (row,) = rows(see(client))

    assert row.startswith(
        "Payiano Collections Live ends 7f3c, 41 days old Every 15 minutes Up to date"
        " 1 of 1 run 10:59"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (60, "Every minute"),
        (300, "Every 5 minutes"),
        (3_600, "Every hour"),
        (7_200, "Every 2 hours"),
        (86_400, "Every day"),
        (90, "Every 90 seconds"),
    ],
)
def test_schedule_is_said_in_the_largest_unit(
    client: Client, acme: Tenant, seconds: int, said: str
) -> None:
    make_credential(acme, interval=seconds)

    assert f" {said} " in rows(see(client))[0]


@pytest.mark.parametrize(
    ("values", "said", "tone"),
    [
        ({"error_code": "credential_rejected", "error_detail": REFUSED}, "Failing, 401", "bad"),
        ({"error_code": "timeout"}, "Failing, timed out", "bad"),
        ({"error_code": "server_error", "error_detail": "HTTP 503"}, "Failing, 503", "bad"),
        ({"last_succeeded_at": NOW - HOUR}, "Stale", "warn"),
        ({"last_succeeded_at": NOW}, "Up to date", "ok"),
        ({"last_succeeded_at": NOW, "paused_at": NOW}, "Paused", "off"),
        ({"retired_at": NOW}, "Retired", "off"),
        ({"lease_until": NOW + HOUR, "error_code": "timeout"}, "Syncing", "run"),
        ({}, "Never read", "off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_health_is_one_word_and_names_the_class_of_a_failure(
    client: Client, acme: Tenant, values: dict[str, Any], said: str, tone: str
) -> None:
    make_credential(acme, **values)

    (state,) = see(client).root.xpath(f"{ROWS}//*[{classed('state')}]")

    assert (words(state), state.get("class")) == (said, f"state {tone}")


def test_list_draws_the_same_day_as_the_overview(client: Client, acme: Tenant) -> None:
    main = make_credential(acme)
    for number, status in enumerate((RunStatus.FAILED, RunStatus.PARTIAL, RunStatus.SUCCEEDED)):
        SyncRun.unscoped.create(
            tenant=acme,
            credential=main,
            fence=number,
            status=status,
            started_at=NOW - number * HOUR,
        )
    ticks = f"//*[{classed('ticks')}]/rect/@class"

    drawn = see(client).texts(ticks)

    assert drawn == see(client, "/acme/").texts(ticks)
    assert drawn[-5:] == ["ok", "off", "late", "off", "fail"]


@pytest.fixture
def several(acme: Tenant) -> None:
    read(make_credential(acme, name="Good"))
    make_credential(acme, name="Bad", error_code="timeout", lease_until=NOW + HOUR)
    make_scope(read(make_credential(acme, name="Partly")), error_code="timeout")
    read(make_credential(acme, name="Late"), ago=DAY)
    pause(read(make_credential(acme, name="Resting")), actor=None, now=NOW)
    make_credential(acme, name="Gone", retired_at=NOW)


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("All", ["Bad", "Good", "Late", "Partly", "Resting", "Gone"]),
        ("Failing", ["Bad", "Partly"]),
        ("Up to date", ["Good"]),
        ("Paused", ["Resting"]),
    ],
)
@pytest.mark.usefixtures("several")
def test_choices_of_health_are_addresses(client: Client, choice: str, names: list[str]) -> None:
    screen = see(client, see(client).href(choice))

    assert screen.texts(f"{ROWS}/th") == [f"Payiano {name}" for name in names]
    assert screen.texts("//main//nav/a[@aria-current='true']") == [choice]
    assert screen.text(f"//*[{classed('head')}]//p") == "5 credentials of Acme"


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("query", ["health=broken", "colour=red", "health=failing&page=2"])
def test_choice_not_understood_shows_no_rows_and_says_why(client: Client, query: str) -> None:
    screen = see(client, f"{LIST}?{query}", status=422)

    assert rows(screen) == []
    assert "Nothing is shown" in screen.text(f"//main//*[{classed('notice')} and not(@hidden)]")
    assert screen.href("All credentials") == LIST


def test_choice_without_credentials_says_so(client: Client, acme: Tenant) -> None:
    make_credential(acme)

    screen = see(client, f"{LIST}?health=paused")

    assert "No credential is in this state" in screen.text("//main")
    assert screen.href("All credentials") == LIST


def test_nothing_connected_offers_no_choices(client: Client) -> None:
    screen = see(client)

    assert "No provider is connected" in screen.text("//main")
    assert screen.href("Add a provider") == f"{LIST}add/payman/"
    assert not screen.has(f"//main//*[{classed('seg')}]")


def test_list_says_what_is_unknown_to_us(client: Client, acme: Tenant, simulator: Any) -> None:
    save(acme, simulator, "payman", name="Treasury")

    foot = see(client).text(f"//*[{classed('sheet-foot')}]")

    assert foot.startswith("Treasury. Payman: ")
    assert foot.endswith("are watched; others are unknown to us.")


# --- One credential -------------------------------------------------------------------------------
def test_saved_secret_is_told_by_its_end_and_replaced_behind_a_summary(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    main = save(acme, simulator)
    end = simulator.secrets["payiano"]["access_token"][-4:]

    screen = see(client, f"{LIST}{main.public_id}/")

    said = screen.text(f"//summary[{classed('secret')}]")
    assert said.startswith(f"Saved, ends {end}. Set ")
    assert said.endswith("Replace")
    field = screen.part("//details[@class='replace']//input[@name='access_token']").root
    assert field.get("value") is None
    assert field.getparent().getparent().get("open") is None
    assert not see(client, f"{LIST}add/payiano/").has("//details[@class='replace']")


def test_refused_secret_says_so_at_its_field(client: Client, acme: Tenant, simulator: Any) -> None:
    main = save(acme, simulator)
    main.error_code, main.failing_since = "credential_rejected", NOW - HOUR
    main.save()

    screen = see(client, f"{LIST}{main.public_id}/")

    assert screen.text(f"//form//*[{classed('error')}]") == (
        "Payiano refuses the saved one. Since 10:00."
    )


def test_environment_of_a_saved_credential_is_plain_text(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    main = save(acme, simulator)

    screen = see(client, f"{LIST}{main.public_id}/")

    assert screen.text(f"//*[{classed('plain')}]") == "Live"
    assert not screen.has("//*[@name='environment']")
    assert see(client, f"{LIST}add/payiano/").has("//select[@name='environment']")


def test_page_names_the_last_change_and_who_made_it(
    client: Client, acme: Tenant, alice: User, simulator: Any
) -> None:
    main = pause(save(acme, simulator), actor=alice, now=LATER)

    sub = see(client, f"{LIST}{main.public_id}/").text(f"//*[{classed('head')}]//p")

    assert sub == f"Acme. Last changed 12:45 by {alice}"


def test_health_leads_to_what_it_holds_and_to_its_runs(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    main = save(acme, simulator)
    main.scopes.update(row_count=9, currencies=["USD", "EGP"])

    screen = see(client, f"{LIST}{main.public_id}/")

    told = dict(zip(screen.texts("//aside//dt"), screen.texts("//aside//dd"), strict=True))
    assert told["Holds"] == "9 balances in EGP, USD"
    assert screen.href("9 balances") == f"/acme/balances/?credential={main.public_id}"
    assert screen.href("See its runs") == f"/acme/sync-runs/?credential={main.public_id}"


def test_retire_stands_behind_its_head_and_delete_nowhere(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    main = save(acme, simulator)

    screen = see(client, f"{LIST}{main.public_id}/")

    assert screen.texts("//aside//details/summary") == ["Change whose money it reads", "Retire…"]
    assert "Delete" not in screen.text("//main")


@pytest.mark.parametrize(
    ("code", "about"),
    [
        ("payman", "API secret; client id and secret only for the assistant."),
        ("swipelux", "API key."),
        ("payiano", "Access token."),
    ],
)
def test_each_provider_says_which_key_it_takes(client: Client, code: str, about: str) -> None:
    screen = see(client, f"{LIST}add/{code}/")

    assert f" {about} " in screen.text("//nav/a[@aria-current='true' and @class='choice']")


def test_spans_are_chosen_in_words_and_an_odd_one_stays(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    main = save(acme, simulator, settings={"interval": "420", "stale_after": "5400"})

    screen = see(client, f"{LIST}{main.public_id}/")

    chosen = screen.texts("//form//select/option[@selected]")
    assert {"Every 7 minutes", "90 minutes"} <= set(chosen)
    assert "Every 15 minutes" in screen.texts("//select[@name='interval']/option")


def test_span_typed_wrongly_is_shown_again_with_what_would_be_right(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    data = {**posted(acme, simulator), "interval": "<b>soon"}

    screen = Screen(client.post(f"{LIST}add/payiano/", data), status=422)

    assert screen.texts("//select[@name='interval']/option[@selected]") == ["<b>soon"]
    assert screen.has("//*[@id='id_interval_error']")


def posted(tenant: Tenant, simulator: Any, slot: str = "payiano") -> dict[str, Any]:
    entered = enter(tenant, simulator, slot)
    own = {"name": entered.name, "environment": entered.environment}
    return {**own, **entered.settings, **entered.secrets}


def test_summary_takes_focus_counts_the_fields_and_leads_to_each(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    data = {**posted(acme, simulator), "name": "", "interval": "5"}

    screen = Screen(client.post(f"{LIST}add/payiano/", data), status=422)

    summary = screen.part(f"//*[{classed('summary-errors')}]")
    assert summary.root.get("autofocus") is not None
    assert summary.text("h2") == "Not saved: 2 fields need attention"
    for target in summary.texts(".//a/@href"):
        assert screen.has(f"//*[@id='{target.removeprefix('#')}' and @aria-invalid='true']")
    assert data["access_token"].encode() not in screen.response.content


def test_fault_of_saving_is_no_fault_of_a_test(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    data = {**posted(acme, simulator), "name": "", "provider": "payiano"}
    result = "//*[@id='providers-test-result']"

    saved = Screen(client.post(f"{LIST}add/payiano/", data), status=422)
    tested = Screen(client.post(f"{LIST}test/", data), status=422)

    assert "Not tested" not in saved.text(result)
    assert tested.text(result).startswith("Not tested")


def test_who_may_only_read_is_told_the_schedule_in_words(
    auditor: User, sign_in: SignIn, acme: Tenant, simulator: Any
) -> None:
    main = save(acme, simulator, settings={"interval": "900", "stale_after": "3600"})

    screen = see(sign_in(auditor), f"{LIST}{main.public_id}/")

    told = dict(zip(screen.texts("//dt"), screen.texts("//dd"), strict=True))
    assert (told["Sync"], told["Mark figures stale after"]) == ("Every 15 minutes", "1 hour")


# --- A test ---------------------------------------------------------------------------------------
def steps(screen: Screen) -> list[str]:
    return screen.texts(f"//ol[{classed('steps')}]/li")


def test_passed_test_counts_what_it_read_and_how_long_it_took(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    data = {**posted(acme, simulator), "provider": "payiano"}

    screen = Screen(client.post(f"{LIST}test/", data))

    reach, sign_in, answer = steps(screen)
    assert reach == "Reached Payiano"
    assert sign_in.startswith("Signed in")
    assert answer.startswith("Read ")
    assert " balances: " in answer
    assert answer.endswith(" ms")
    assert screen.text(f"//*[{classed('result-head')}]/span[2]") == "11:00, live"


def test_failed_step_says_what_to_do_and_the_rest_were_not_tried(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    simulator.fault(kind="status", status=401)
    data = {**posted(acme, simulator), "provider": "payiano"}

    screen = Screen(client.post(f"{LIST}test/", data))

    reach, sign_in, answer = steps(screen)
    assert screen.text(f"//*[{classed('result-head')}]//strong") == "Test failed at sign-in"
    assert reach == "Reached Payiano"
    assert sign_in.startswith("The provider does not accept this key.")
    assert "401" in sign_in
    assert sign_in.endswith(" ms")
    assert answer == "Read balances, not tried"


def test_missing_permission_is_the_failed_reading(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    data = {**posted(acme, simulator, "payiano_denied"), "provider": "payiano"}

    screen = Screen(client.post(f"{LIST}test/", data))

    assert "Test failed at the permission" in screen.text(f"//*[{classed('result-head')}]")
    assert "payment.balances.view" in steps(screen)[-1]


@pytest.mark.parametrize(
    ("fault", "place", "said"),
    [
        ({"kind": "reset"}, "id_base_url_error", "Check the base URL"),
        ({"kind": "status", "status": 401}, "id_access_token_error", "does not accept this key"),
        ({"kind": "status", "status": 403}, "id_access_token_error", "payment.balances.view"),
    ],
)
def test_a_save_that_fails_its_test_says_so_at_the_field_that_mends_it(
    client: Client, acme: Tenant, simulator: Any, fault: dict[str, Any], place: str, said: str
) -> None:
    simulator.fault(**fault)

    answer = client.post(f"{LIST}add/payiano/", posted(acme, simulator))

    screen = Screen(answer, status=422)
    assert said in screen.text(f"//*[@id='{place}']")
    assert "Not saved: 1 field needs attention" in screen.text("//*[@role='alert']")
    assert not Credential.unscoped.exists()


def test_a_save_that_finds_the_provider_at_fault_says_so_above_the_form(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    simulator.fault(kind="status", status=500)

    screen = Screen(client.post(f"{LIST}add/payiano/", posted(acme, simulator)), status=422)

    assert "fault of its own" in screen.text("//*[@role='alert']")
    assert not screen.has("//*[@aria-invalid='true']")


def test_answer_not_understood_proves_nothing_of_the_key(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    simulator.fault(kind="status", status=500)
    data = {**posted(acme, simulator), "provider": "payiano"}

    reach, sign_in, answer = steps(Screen(client.post(f"{LIST}test/", data)))

    assert (reach, sign_in) == ("Reached Payiano", "Sign in, not known")
    assert "fault of its own" in answer


# --- What a refused page says ---------------------------------------------------------------------
def test_what_a_move_asks_for_is_said_at_the_address(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    saved = save(acme, simulator)

    screen = see(client, f"{LIST}{saved.public_id}/")

    moving = "Another scheme, host or port asks for the secret again."
    assert moving in screen.text("//*[@id='id_base_url_helptext']")
    assert screen.text("//main").count(moving) == 1
    assert moving not in see(client, f"{LIST}add/payiano/").text("//main")


@pytest.mark.parametrize(
    ("slot", "field", "said"),
    [
        ("payiano", "access_token", "Paste the access token."),
        ("payman", "api_secret", "Paste the API secret."),
        ("payman", "currencies", "Enter at least one currency, such as USD."),
        ("swipelux", "api_key", "Paste the API key."),
    ],
)
def test_what_is_left_empty_is_asked_for_by_name(
    client: Client, acme: Tenant, simulator: Any, slot: str, field: str, said: str
) -> None:
    data = {**posted(acme, simulator, slot), field: ""}

    screen = Screen(client.post(f"{LIST}add/{slot}/", data), status=422)

    assert screen.text(f"//*[@id='id_{field}_error']") == said


def test_a_secret_emptied_by_the_fault_of_another_field_asks_to_be_pasted_again(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    again = "Paste it again: no page ever holds a secret."
    data = posted(acme, simulator)
    saved = save(acme, simulator, name="Saved")
    new, kept = f"{LIST}add/payiano/", f"{LIST}{saved.public_id}/"

    def said(path: str, **changes: str) -> str:
        screen = Screen(client.post(path, data | changes), status=422)
        field = screen.part(f"//*[@id='id_access_token']/parent::*[{classed('field')}]")
        return (
            field.text(f".//*[{classed('error')}]")
            if field.has(f".//*[{classed('error')}]")
            else ""
        )

    assert said(new, name="") == again
    assert said(kept, name="") == again
    assert said(kept, name="", access_token="") == ""
    assert said(new, access_token="") == "Paste the access token."
    answer = Screen(client.post(kept, data | {"name": ""}), status=422)
    assert answer.has("//details[@open]//*[@id='id_access_token']")
    assert not see(client, new).has(f"//*[{classed('error')}]")


def test_health_says_the_providers_message_without_its_json(client: Client, acme: Tenant) -> None:
    failing = make_credential(acme, error_code="credential_rejected", error_detail=REFUSED)

    detail = see(client, f"{LIST}{failing.public_id}/").text(f"//*[{classed('detail')}]")

    assert detail.startswith("The key was refused (HTTP 401: Unauthenticated). ")


def test_a_refusal_is_said_without_json_by_test_summary_and_field(
    client: Client, acme: Tenant, simulator: Any
) -> None:
    data = {**posted(acme, simulator), "access_token": "not-a-token-of-ours", "provider": "payiano"}

    tested = Screen(client.post(f"{LIST}test/", data))
    saved = Screen(client.post(f"{LIST}add/payiano/", data), status=422)

    said = [*steps(tested), *steps(saved)]
    said += [saved.text("//*[@id='id_access_token_error']"), saved.text("//*[@role='alert']")]
    told = [text for text in said if "HTTP 401" in text]
    assert len(told) == 4
    assert all("(HTTP 401: Unauthenticated)" in text for text in told)
