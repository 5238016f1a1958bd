"""Claims about credentials: what may be saved, what a test shows, what a change does."""

import json
from datetime import timedelta
from typing import Any

import pytest

from providers.connectors import CONNECTORS
from providers.connectors.base import CredentialField, FieldKind, SettingsError
from providers.models import Credential, Scope, Secret
from providers.schedule import database_now
from providers.sealing import SealingError
from providers.services import credentials
from providers.services.drafts import check, check_environment
from providers.services.secrets import open_secrets, rewrap_secrets, values_of
from providers.services.verification import Finding, probe
from providers.tenancy.models import ActivityEntry, Tenant, User
from tests.providers.entries import LATER, NOW, edit, enter, save


def none_held(credential: Credential) -> frozenset[str]:
    return frozenset()


def open_scopes(credential: Credential) -> set[str]:
    scopes = Scope.objects.for_tenant(credential.tenant).filter(credential=credential)
    return set(scopes.filter(closed_at=None).values_list("ref", flat=True))


def last_entry(tenant: Tenant) -> ActivityEntry:
    entry: ActivityEntry | None = ActivityEntry.objects.for_tenant(tenant).order_by("-pk").first()
    assert entry is not None
    return entry


def faults_of(
    tenant: Tenant, simulator: Any, slot: str = "payiano", **changes: Any
) -> dict[str, str]:
    with pytest.raises(SettingsError) as refused:
        check(enter(tenant, simulator, slot, **changes))
    return refused.value.errors


# --- Checked before anything is asked -------------------------------------------------------------
def test_all_faults_are_named_at_once(acme: Tenant, simulator: Any) -> None:
    changes = {"interval": "30", "customer_ids": ",", "currencies": ""}

    faults = faults_of(acme, simulator, "payman", name=" ", secrets={}, settings=changes)

    assert set(faults) == {"name", "interval", "currencies", "api_secret"}


def test_a_name_is_taken_once_per_provider_and_environment(
    acme: Tenant, globex: Tenant, simulator: Any
) -> None:
    save(acme, simulator, name="Main")

    assert "name" in faults_of(acme, simulator, name=" Main ")
    for tenant, slot, environment in (
        (acme, "payiano", "SANDBOX"),
        (acme, "payman", "LIVE"),
        (globex, "payiano", "LIVE"),
    ):
        entered = enter(tenant, simulator, slot, name="Main", environment=environment)
        assert check(entered).name == "Main"


def test_figures_may_not_be_stale_before_two_intervals(acme: Tenant, simulator: Any) -> None:
    changes = {"interval": "600", "stale_after": "900"}

    assert "20 minutes" in faults_of(acme, simulator, settings=changes)["stale_after"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/v1",
        "http://api.payiano.com/v1",
        "https://api.payiano.com:8443/v1",
        "https://169.254.169.254/latest",
        "http://127.0.0.1:1/v1",
    ],
)
def test_an_address_off_the_list_is_refused(acme: Tenant, simulator: Any, address: str) -> None:
    faults = faults_of(acme, simulator, settings={"base_url": address})

    assert "not allowed" in faults["base_url"]
    assert not Credential.objects.for_tenant(acme).exists()


def test_the_providers_own_host_needs_no_permission(acme: Tenant, simulator: Any) -> None:
    assert check(enter(acme, simulator, settings={"base_url": ""})).settings["base_url"] == ""


@pytest.mark.parametrize(
    ("slot", "environment"), [("swipelux_sandbox", "LIVE"), ("swipelux", "SANDBOX")]
)
def test_a_key_that_names_another_environment_is_refused(
    acme: Tenant, simulator: Any, slot: str, environment: str
) -> None:
    draft = check(enter(acme, simulator, slot, environment=environment))

    with pytest.raises(SettingsError) as refused:
        check_environment(draft)

    assert set(refused.value.errors) == {"api_key"}


SERVED = [
    ("payiano", "LIVE", "https://api.payiano.dev/v1", "https://api.payiano.com/v1"),
    ("payiano", "SANDBOX", "https://API.payiano.com/v1", "https://api.payiano.dev/v1"),
    ("payman", "LIVE", "https://agent-sandbox.payman.ai/api", "https://agent.payman.ai/api"),
    ("payman", "SANDBOX", "https://agent.payman.ai/api", "https://agent-sandbox.payman.ai/api"),
    ("swipelux", "LIVE", "https://platform.sbx.swipelux.com", "https://platform.swipelux.com"),
]


@pytest.mark.parametrize(("slot", "environment", "url", "right"), SERVED)
def test_an_address_of_another_environment_is_refused_at_its_field(
    acme: Tenant, simulator: Any, slot: str, environment: str, url: str, right: str
) -> None:
    changes = {"environment": environment, "settings": {"base_url": url}}
    draft = check(enter(acme, simulator, slot, **changes))

    with pytest.raises(SettingsError) as refused:
        check_environment(draft)

    assert right in refused.value.errors["base_url"]


@pytest.mark.parametrize(
    ("slot", "environment", "url"),
    [
        ("payiano", "LIVE", ""),
        ("payiano", "SANDBOX", ""),
        ("payiano", "SANDBOX", "https://api.payiano.dev/v1"),
        ("payman", "LIVE", "https://agent.payman.ai/api"),
        ("swipelux_sandbox", "SANDBOX", "https://platform.swipelux.com"),  # the key alone decides
        ("swipelux_sandbox", "SANDBOX", "https://platform.sbx.swipelux.com"),
    ],
)
def test_an_address_of_the_same_environment_is_taken(
    acme: Tenant, simulator: Any, slot: str, environment: str, url: str
) -> None:
    changes = {"environment": environment, "settings": {"base_url": url}}

    check_environment(check(enter(acme, simulator, slot, **changes)))


def test_a_new_address_is_judged_and_a_saved_one_left_alone(acme: Tenant, simulator: Any) -> None:
    there = {"base_url": "https://api.payiano.dev/v1"}
    right, wrong = (save(acme, simulator, name=n, settings=s) for n, s in (("a", {}), ("b", there)))
    secrets = simulator.secrets["payiano"]

    check_environment(edit(wrong, settings={"interval": "120"}))
    with pytest.raises(SettingsError) as refused:
        check_environment(edit(right, settings=there, secrets=secrets))

    assert set(refused.value.errors) == {"base_url"}


def test_no_fault_shows_a_secret(acme: Tenant, simulator: Any) -> None:
    faults = faults_of(acme, simulator, secrets={"access_token": "canary with spaces"})

    assert "canary" not in str(faults)


def test_neither_entry_nor_draft_shows_a_secret(acme: Tenant, simulator: Any) -> None:
    entered = enter(acme, simulator)

    assert simulator.secrets["payiano"]["access_token"] not in f"{entered!r} {check(entered)!r}"


# --- Tested before anything is saved --------------------------------------------------------------
@pytest.mark.parametrize("slot", ["payman", "payiano", "swipelux"])
def test_a_test_reads_the_first_balances_and_saves_nothing(
    acme: Tenant, simulator: Any, slot: str
) -> None:
    finding = probe(check(enter(acme, simulator, slot)), held=none_held)

    assert finding.is_fit
    assert finding.verdict.rows
    assert [step.ok for step in finding.verdict.steps] == [True] * 4
    assert not Credential.objects.for_tenant(acme).exists()


def failing_step(finding: Finding) -> str:
    assert not finding.is_fit
    assert [step.ok for step in finding.verdict.steps].count(False) == 1
    return str(finding.verdict.steps[-1].name)


def test_a_test_names_the_host(acme: Tenant, simulator: Any, settings: Any) -> None:
    settings.PROVIDER_HOSTS = ["http://127.0.0.1:9"]
    draft = check(enter(acme, simulator, settings={"base_url": "http://127.0.0.1:9/v1"}))

    assert failing_step(probe(draft, held=none_held)) == "host"


def test_a_test_names_the_token(acme: Tenant, simulator: Any) -> None:
    draft = check(enter(acme, simulator, secrets={"access_token": "mistyped-token"}))

    assert failing_step(probe(draft, held=none_held)) == "token"


@pytest.mark.parametrize("slot", ["payiano_denied", "swipelux_denied"])
def test_a_test_names_the_permission(acme: Tenant, simulator: Any, slot: str) -> None:
    assert failing_step(probe(check(enter(acme, simulator, slot)), held=none_held)) == "permission"


def test_a_test_names_the_answer(acme: Tenant, simulator: Any) -> None:
    address = f"{simulator.base_url('payiano')}/elsewhere"
    draft = check(enter(acme, simulator, settings={"base_url": address}))

    assert failing_step(probe(draft, held=none_held)) == "answer"


# --- Saved ----------------------------------------------------------------------------------------
def test_a_saved_credential_is_due_at_once_with_its_scopes(
    acme: Tenant, alice: User, simulator: Any
) -> None:
    draft = check(enter(acme, simulator, "payman", settings={"interval": "120"}))

    saved = credentials.create(
        draft, actor=alice, now=NOW, verdict=probe(draft, held=none_held).verdict
    )

    saved.refresh_from_db()
    assert (saved.due_at, saved.interval, saved.created_by) == (NOW, 120, alice)
    assert saved.identity_ref.startswith("agt-")
    assert "agent:USD" in open_scopes(saved)
    assert "customer:cust_whale:USDC" in open_scopes(saved)
    assert len(open_scopes(saved)) == 4 * 6


def test_a_secret_is_sealed_and_shown_by_its_end(acme: Tenant, alice: User, simulator: Any) -> None:
    saved = credentials.create(check(enter(acme, simulator)), actor=alice, now=NOW)
    token = simulator.secrets["payiano"]["access_token"]

    (secret,) = Secret.objects.for_tenant(acme)

    assert token not in secret.sealed
    assert (secret.last_four, secret.set_by, secret.set_at) == (token[-4:], alice, NOW)
    assert values_of(saved)["access_token"].reveal() == token


def test_a_short_secret_shows_no_end(acme: Tenant, simulator: Any) -> None:
    save(acme, simulator, secrets={"access_token": "short-token"})

    assert Secret.objects.for_tenant(acme).get().last_four == ""


def test_the_log_tells_who_added_what_without_the_secret(
    acme: Tenant, alice: User, simulator: Any
) -> None:
    credentials.create(check(enter(acme, simulator)), actor=alice, now=NOW)
    token = simulator.secrets["payiano"]["access_token"]

    entry = last_entry(acme)

    assert (entry.action, entry.actor, entry.at) == ("credential.create", alice, NOW)
    assert entry.after["access_token"] == f"*** {token[-4:]}"
    assert token not in f"{entry.before} {entry.after}"


def test_the_log_calls_a_credential_by_its_providers_label(
    acme: Tenant, alice: User, simulator: Any
) -> None:
    saved = credentials.create(check(enter(acme, simulator, name="Main")), actor=alice, now=NOW)
    credentials.pause(saved, actor=alice, now=LATER)
    credentials.resume(saved, actor=alice, now=LATER)
    credentials.retire(saved, actor=alice, now=LATER)

    entries = ActivityEntry.objects.for_tenant(acme)
    assert entries.count() == 4
    assert set(entries.values_list("object_label", flat=True)) == {"Payiano Main"}


def test_a_secret_copied_to_another_credential_does_not_open(acme: Tenant, simulator: Any) -> None:
    save(acme, simulator, name="One")
    other = save(acme, simulator, name="Two")
    theirs, ours = Secret.objects.for_tenant(acme).order_by("pk")

    Secret.objects.for_tenant(acme).filter(pk=ours.pk).update(sealed=theirs.sealed)

    with pytest.raises(SealingError):
        open_secrets(other)


def test_a_refused_save_leaves_nothing(acme: Tenant, simulator: Any) -> None:
    drafts = [check(enter(acme, simulator, name="Twice")) for _ in range(2)]
    credentials.create(drafts[0], actor=None, now=NOW)

    with pytest.raises(SettingsError):
        credentials.create(drafts[1], actor=None, now=NOW)

    assert Credential.objects.for_tenant(acme).count() == 1
    assert ActivityEntry.objects.for_tenant(acme).count() == 1


# --- Changed --------------------------------------------------------------------------------------
def test_a_change_keeps_the_secret_and_is_due_at_once(
    acme: Tenant, alice: User, simulator: Any
) -> None:
    saved = save(acme, simulator)

    changed = credentials.change(edit(saved, name="Renamed"), actor=alice, now=LATER)

    assert (changed.name, changed.due_at) == ("Renamed", LATER)
    assert open_secrets(changed) == open_secrets(saved)
    entry = last_entry(acme)
    assert (entry.action, entry.before, entry.after) == (
        "credential.change",
        {"name": "payiano"},
        {"name": "Renamed"},
    )


def test_a_secret_is_replaced_in_place(acme: Tenant, alice: User, simulator: Any) -> None:
    saved = save(acme, simulator)
    draft = edit(saved, secrets={"access_token": "another-token-9z9z"})

    credentials.change(draft, actor=alice, now=LATER)

    secret = Secret.objects.for_tenant(acme).get()
    assert (secret.last_four, secret.set_by, secret.set_at) == ("9z9z", alice, LATER)
    assert values_of(saved)["access_token"].reveal() == "another-token-9z9z"
    assert last_entry(acme).action == "credential.replace_secret"
    assert "another-token" not in str(last_entry(acme).after)


def test_another_host_demands_the_secret_again(acme: Tenant, simulator: Any, settings: Any) -> None:
    settings.PROVIDER_HOSTS = [simulator.url, "thief.example"]
    saved = save(acme, simulator)

    with pytest.raises(SettingsError) as refused:
        edit(saved, settings={"base_url": "https://thief.example/v1"})

    assert set(refused.value.errors) == {"access_token"}
    assert open_secrets(saved)


def test_another_host_never_receives_the_old_secret(
    acme: Tenant, simulator: Any, settings: Any
) -> None:
    settings.PROVIDER_HOSTS = [simulator.url, "moved.example"]
    saved = save(acme, simulator)
    address = {"base_url": "https://moved.example/v1"}

    draft = edit(saved, settings=address, secrets={"access_token": "fresh-token-0000"})
    credentials.change(draft, actor=None, now=LATER)

    assert draft.values()["access_token"].reveal() == "fresh-token-0000"
    assert Secret.objects.for_tenant(acme).get().last_four == "0000"


def test_another_host_never_receives_an_optional_old_secret_either(
    acme: Tenant, simulator: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    optional = CredentialField(name="webhook_secret", label="Webhook secret", kind=FieldKind.SECRET)
    connector = CONNECTORS["payiano"]
    monkeypatch.setattr(type(connector), "fields", (*connector.fields, optional))
    settings.PROVIDER_HOSTS = [simulator.url, "moved.example"]
    secrets = {"access_token": "fresh-token-0000"}
    saved = save(acme, simulator, secrets={**secrets, "webhook_secret": "optional-0000"})

    draft = edit(saved, settings={"base_url": "https://moved.example/v1"}, secrets=secrets)

    assert "webhook_secret" not in draft.values()
    credentials.change(draft, actor=None, now=LATER)
    assert "webhook_secret" not in open_secrets(saved)


def test_another_path_keeps_the_secret(acme: Tenant, simulator: Any) -> None:
    saved = save(acme, simulator)

    draft = edit(saved, settings={"base_url": f"{simulator.base_url('payiano')}/next"})

    assert not draft.has_moved


def test_the_environment_is_fixed(acme: Tenant, simulator: Any) -> None:
    saved = save(acme, simulator)

    draft = edit(saved, environment="SANDBOX")

    assert draft.environment == "LIVE"


def test_what_leaves_a_watch_list_is_closed_and_may_come_back(acme: Tenant, simulator: Any) -> None:
    saved = save(acme, simulator, "payman")
    everything = open_scopes(saved)

    fewer = credentials.change(
        edit(saved, settings={"currencies": "USD", "customer_ids": "cust_whale"}),
        actor=None,
        now=LATER,
    )

    assert open_scopes(fewer) == {"agent:USD", "customer:cust_whale:USD"}
    assert "agent:EUR" in last_entry(acme).after["closed"]
    closed = Scope.objects.for_tenant(acme).get(ref="agent:EUR")
    assert closed.closed_at == LATER

    again = credentials.change(edit(fewer, settings=saved.settings), actor=None, now=LATER)

    assert open_scopes(again) == everything


def test_customers_found_by_a_list_stay_watched_until_a_choice_is_made(
    acme: Tenant, simulator: Any
) -> None:
    saved = save(acme, simulator, "swipelux")
    for ref in ("customer:a", "customer:b"):
        Scope.unscoped.create(tenant=acme, credential=saved, ref=ref)

    credentials.change(edit(saved, name="Renamed"), actor=None, now=LATER)

    assert {"customers", "customer:a", "customer:b"} <= open_scopes(saved)


def test_an_edit_and_a_resumption_wait_as_the_provider_asked(acme: Tenant, simulator: Any) -> None:
    until = LATER + timedelta(hours=2)
    saved = save(acme, simulator)
    Credential.objects.for_tenant(acme).update(throttled_until=until)

    assert credentials.change(edit(saved, name="R"), actor=None, now=LATER).due_at == until
    credentials.pause(saved, actor=None, now=LATER)
    assert credentials.resume(saved, actor=None, now=LATER).due_at == until


def test_a_wait_the_old_host_asked_for_ends_with_the_move(acme: Tenant, simulator: Any) -> None:
    saved = save(acme, simulator)
    Credential.objects.for_tenant(acme).update(throttled_until=LATER)

    renamed = credentials.change(edit(saved, name="Renamed"), actor=None, now=LATER)
    assert renamed.throttled_until == LATER

    draft = edit(
        saved,
        settings={"base_url": "https://api.payiano.com/v1"},
        secrets=simulator.secrets["payiano"],
    )
    assert credentials.change(draft, actor=None, now=LATER).throttled_until is None


def test_an_edit_cuts_a_run_under_the_old_settings_short(acme: Tenant, simulator: Any) -> None:
    saved = save(acme, simulator, "payman")
    until = database_now() + timedelta(minutes=2)
    Credential.objects.for_tenant(acme).update(lease_until=until, fence=3)

    renamed = credentials.change(edit(saved, name="Renamed"), actor=None, now=LATER)
    assert renamed.lease_until == until

    changed = credentials.change(edit(saved, settings={"currencies": "USD"}), actor=None, now=LATER)
    assert changed.lease_until is not None
    assert changed.lease_until <= database_now()


# --- Whose key it is ------------------------------------------------------------------------------
def replaced(saved: Credential, simulator: Any, slot: str, *held: str) -> Finding:
    return probe(edit(saved, secrets=simulator.secrets[slot]), held=lambda _: frozenset(held))


def test_another_agents_key_is_refused(acme: Tenant, simulator: Any) -> None:
    draft = check(enter(acme, simulator, "payman"))
    saved = credentials.create(
        draft, actor=None, now=NOW, verdict=probe(draft, held=none_held).verdict
    )

    assert replaced(saved, simulator, "payman_other", "agent", "cust_whale").is_stranger
    assert not replaced(saved, simulator, "payman", "agent", "cust_whale").is_stranger


def test_a_kept_key_that_tells_another_agent_is_refused(acme: Tenant, simulator: Any) -> None:
    draft = check(enter(acme, simulator, "payman"))
    saved = credentials.create(
        draft, actor=None, now=NOW, verdict=probe(draft, held=none_held).verdict
    )
    other = json.dumps({"agentId": "agt-other", "handle": "o", "name": "Other"})
    simulator.fault("body", path="/me", text=other, status=200)

    assert probe(edit(saved, name="Renamed"), held=none_held).is_stranger


def test_a_key_that_does_not_tell_whose_it_is_is_refused_where_we_know(
    acme: Tenant, simulator: Any
) -> None:
    draft = check(enter(acme, simulator, "payman"))
    saved = credentials.create(
        draft, actor=None, now=NOW, verdict=probe(draft, held=none_held).verdict
    )
    simulator.fault("status", path="/me", status=404)
    simulator.fault("body", path="/version", text="{}", status=200)

    assert replaced(saved, simulator, "payman_other", "agent").is_stranger


@pytest.mark.parametrize("slot", ["payiano", "swipelux"])
def test_a_key_under_which_nothing_held_comes_back_is_refused(
    acme: Tenant, simulator: Any, slot: str
) -> None:
    saved = save(acme, simulator, slot)
    held = [ref for ref, _ in simulator.truth(slot)]

    assert replaced(saved, simulator, f"{slot}_other", *held).is_stranger
    assert replaced(saved, simulator, slot, *held).is_fit
    assert replaced(saved, simulator, f"{slot}_other").is_fit


def test_what_another_credential_reads_is_told(
    acme: Tenant, globex: Tenant, simulator: Any
) -> None:
    held = frozenset(ref for ref, _ in simulator.truth("payiano"))
    first = save(acme, simulator, name="First")
    save(acme, simulator, name="Sandbox", environment="SANDBOX")
    save(globex, simulator, name="Foreign")

    finding = probe(check(enter(acme, simulator, name="Second")), held=lambda _: held)

    assert finding.is_fit
    assert finding.also_through == (first,)


def test_an_agent_read_twice_is_known_by_its_identity_alone(acme: Tenant, simulator: Any) -> None:
    draft = check(enter(acme, simulator, "payman", name="First"))
    first = credentials.create(
        draft, actor=None, now=NOW, verdict=probe(draft, held=none_held).verdict
    )
    save(acme, simulator, "payman", name="Of unknown identity")
    held = frozenset({"agent", "cust_whale", "cust_o19CkS"})

    same = probe(check(enter(acme, simulator, "payman", name="Second")), held=lambda _: held)
    other = probe(check(enter(acme, simulator, "payman_other", name="Other")), held=lambda _: held)

    assert same.also_through == (first,)
    assert other.also_through == ()


def test_the_settings_name_who_knows_what_is_held(
    acme: Tenant, simulator: Any, settings: Any
) -> None:
    saved = save(acme, simulator)
    draft = edit(saved, secrets=simulator.secrets["payiano_other"])
    assert probe(draft).is_fit

    settings.HELD_REFS = "tests.providers.entries.one_held"

    assert probe(draft).is_stranger


# --- Paused, resumed, retired ---------------------------------------------------------------------
def test_pausing_ends_the_schedule_and_resuming_begins_it_at_once(
    acme: Tenant, alice: User, simulator: Any
) -> None:
    saved = save(acme, simulator)

    paused = credentials.pause(saved, actor=alice, now=LATER)
    assert (paused.paused_at, paused.paused_by, paused.due_at) == (LATER, alice, None)
    assert last_entry(acme).action == "credential.pause"

    resumed = credentials.resume(paused, actor=alice, now=LATER)
    assert (resumed.paused_at, resumed.due_at) == (None, LATER)
    assert last_entry(acme).action == "credential.resume"


def test_an_edit_does_not_wake_a_paused_credential(acme: Tenant, simulator: Any) -> None:
    paused = credentials.pause(save(acme, simulator), actor=None, now=NOW)

    changed = credentials.change(edit(paused, name="Renamed"), actor=None, now=LATER)

    assert changed.due_at is None


def test_retiring_destroys_the_secret_and_closes_what_was_watched(
    acme: Tenant, alice: User, simulator: Any
) -> None:
    saved = save(acme, simulator, "payman")

    retired = credentials.retire(saved, actor=alice, now=LATER, reason="Contract ended")

    assert (retired.retired_at, retired.due_at) == (LATER, None)
    assert not Secret.objects.for_tenant(acme).exists()
    assert open_scopes(retired) == set()
    assert Scope.objects.for_tenant(acme).count() == 24
    entry = last_entry(acme)
    assert (entry.action, entry.reason) == ("credential.retire", "Contract ended")


def test_a_retired_credential_neither_resumes_nor_changes(acme: Tenant, simulator: Any) -> None:
    saved = save(acme, simulator)
    draft = edit(saved, name="Renamed")
    credentials.pause(saved, actor=None, now=NOW)
    retired = credentials.retire(saved, actor=None, now=NOW)
    entries = ActivityEntry.objects.for_tenant(acme).count()

    assert credentials.resume(retired, actor=None, now=LATER).due_at is None
    with pytest.raises(SettingsError):
        credentials.change(draft, actor=None, now=LATER)
    assert ActivityEntry.objects.for_tenant(acme).count() == entries


# --- Keys of the ring -----------------------------------------------------------------------------
def test_rewrapping_moves_every_secret_to_the_first_key(
    acme: Tenant, globex: Tenant, simulator: Any, settings: Any
) -> None:
    saved = [save(acme, simulator), save(globex, simulator), save(acme, simulator, "payman")]
    before = [open_secrets(each) for each in saved]
    settings.SEALING_KEYS = f"next:{'B' * 43}=,{settings.SEALING_KEYS}"

    assert rewrap_secrets() == 3
    assert rewrap_secrets() == 0

    settings.SEALING_KEYS = settings.SEALING_KEYS.partition(",")[0]
    assert [open_secrets(each) for each in saved] == before
