"""The operator's commands, over real HTTP to the simulator."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from balances.models import Account, Balance, HeldReading
from providers import schedule
from providers.models import Credential, RunStatus, Scope, SyncRun, Trigger
from providers.services import credentials
from providers.services.drafts import Draft, Entered, check
from providers.services.secrets import settings_of
from providers.services.verification import probe
from providers.simulator.server import Simulator
from providers.simulator.world import Customer
from providers.tenancy.models import Tenant
from tests.providers.entries import edit, enter
from tests.sync.worlds import PROVIDERS, connect, held, truth

pytestmark = pytest.mark.django_db(transaction=True)


def sync(tenant: Tenant, credential: Credential | None = None) -> tuple[int, str]:
    """Run the command; return its exit status and what it printed."""
    output = StringIO()
    options: dict[str, Any] = {"credential": credential.public_id} if credential else {}
    try:
        call_command("sync_balances", tenant=tenant.slug, stdout=output, **options)
    except SystemExit as end:
        return int(end.code or 0), output.getvalue()
    return 0, output.getvalue()


def verify() -> None:
    """Check every invariant."""
    call_command("verify", stdout=StringIO())


@pytest.mark.parametrize("slot", PROVIDERS)
def test_everything_a_provider_tells_is_held_exactly(
    acme: Tenant, simulator: Simulator, slot: str
) -> None:
    credential = connect(acme, simulator, slot)

    status, printed = sync(acme)

    run = SyncRun.unscoped.get()
    assert held(credential) == truth(simulator, slot)
    assert status == 0, printed
    assert (run.status, run.trigger) == (RunStatus.SUCCEEDED, Trigger.COMMAND)
    assert run.scopes_total == run.scopes_read == printed.count("rows=")
    assert run.rows_read == run.rows_changed
    assert run.requests == len(simulator.log)
    credential.refresh_from_db()
    assert credential.lease_until is None
    assert credential.due_at == run.ended_at + timedelta(seconds=300)
    verify()


def test_second_sync_follows_at_once_and_writes_no_balance_that_did_not_change(
    acme: Tenant, simulator: Simulator
) -> None:
    connect(acme, simulator, "payiano")
    sync(acme)
    before = list(Balance.unscoped.order_by("pk").values())

    status, _ = sync(acme)

    assert status == 0
    assert list(Balance.unscoped.order_by("pk").values()) == before
    assert SyncRun.unscoped.latest("pk").rows_changed == 0


def test_moved_figures_are_followed(acme: Tenant, simulator: Simulator) -> None:
    for slot in PROVIDERS:
        connect(acme, simulator, slot)
    sync(acme)

    simulator.advance(3)
    sync(acme)

    for credential in Credential.unscoped.all():
        if not HeldReading.unscoped.filter(scope__credential=credential).exists():
            assert held(credential) == truth(simulator, credential.name)
    verify()


def test_partial_run_exits_with_3_and_names_the_scope(acme: Tenant, simulator: Simulator) -> None:
    connect(acme, simulator, "payman")
    simulator.fault("status", provider="payman", path="*/EUR", status=403)

    status, printed = sync(acme)

    assert (status, SyncRun.unscoped.get().status) == (3, RunStatus.PARTIAL), printed
    assert "failed forbidden" in printed
    verify()


def test_rejected_key_exits_with_4_and_marks_the_credential(
    acme: Tenant, simulator: Simulator
) -> None:
    credential = connect(acme, simulator, "payiano")
    simulator.fault("status", provider="payiano", status=401)

    status, printed = sync(acme)

    credential.refresh_from_db()
    assert status == 4, printed
    assert "credential_rejected" in printed
    assert (credential.error_code, credential.failures) == ("credential_rejected", 1)
    assert credential.failing_since is not None
    assert not credential.scopes.exclude(error_code="").exists()
    verify()


def test_secret_that_cannot_be_opened_is_told_with_the_key_it_needs(
    acme: Tenant, simulator: Simulator, settings: Any
) -> None:
    credential = connect(acme, simulator, "payiano")
    settings.SEALING_KEYS = "other:" + "A" * 43 + "="

    status, printed = sync(acme)

    credential.refresh_from_db()
    assert status == 4, printed
    assert "secret_unreadable The key 'test' is not in the ring." in printed
    assert credential.error_code == "secret_unreadable"
    assert "'test'" in credential.error_detail
    assert simulator.log == []


def test_held_reading_exits_with_4_and_is_not_waited_for(
    acme: Tenant, simulator: Simulator
) -> None:
    credential = connect(acme, simulator, "payiano")
    sync(acme)
    before = held(credential)
    for ref, currency in list(simulator.truth("payiano")):
        simulator.edit("set", provider="payiano", ref=ref, currency=currency, available="0")

    status, printed = sync(acme)

    assert status == 4, printed
    assert ": held" in printed
    assert held(credential) == before
    verify()


def under_way(credential: Credential) -> SyncRun:
    """Begin a run elsewhere."""
    lease = schedule.claim(credential.pk, is_forced=True)
    assert lease
    run: SyncRun = SyncRun.unscoped.create(
        tenant=credential.tenant, credential=credential, fence=lease.fence
    )
    return run


def test_run_under_way_is_joined_and_its_end_is_ours(
    acme: Tenant, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = connect(acme, simulator, "payiano")
    run = under_way(credential)

    def finish(_: float) -> None:
        SyncRun.unscoped.filter(pk=run.pk).update(status=RunStatus.PARTIAL)

    monkeypatch.setattr("balances.management.commands.sync_balances.time.sleep", finish)

    status, printed = sync(acme)

    assert (status, simulator.log) == (3, [])
    assert "joined the run under way" in printed


def test_lost_run_is_waited_out_and_read_anew(
    acme: Tenant, simulator: Simulator, settings: Any
) -> None:
    settings.LEASE_SECONDS = 1
    credential = connect(acme, simulator, "payiano")
    run = under_way(credential)
    settings.LEASE_SECONDS = 120

    status, printed = sync(acme)

    run.refresh_from_db()
    assert (status, run.status) == (0, RunStatus.ABANDONED), printed
    assert held(credential) == truth(simulator, "payiano")
    verify()


def test_paused_credential_is_not_read(acme: Tenant, simulator: Simulator) -> None:
    credential = connect(acme, simulator, "payiano")
    Credential.unscoped.update(paused_at=schedule.database_now(), due_at=None)

    assert sync(acme)[0] == 4
    assert sync(acme, credential)[0] == 4
    assert simulator.log == []


@pytest.mark.parametrize("arguments", [{"tenant": "nobody"}, {"tenant": "acme", "credential": "x"}])
def test_unknown_names_are_refused(acme: Tenant, arguments: dict[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("sync_balances", **arguments)


# --- Whose key it is ------------------------------------------------------------------------------
def swap_secret(credential: Credential, simulator: Simulator, slot: str) -> Draft:
    """Enter the secret of another slot for a saved credential."""
    return check(
        Entered(
            tenant=credential.tenant,
            provider=credential.provider,
            environment=credential.environment,
            name=credential.name,
            settings=settings_of(credential),
            secrets=simulator.secrets[slot],
            saved=credential,
        )
    )


def test_same_key_twice_counts_once_though_it_was_never_tested(
    acme: Tenant, simulator: Simulator
) -> None:
    first = connect(acme, simulator, "payman")
    second = connect(acme, simulator, "payman", name="Again")

    assert sync(acme)[0] == 0

    real = Balance.unscoped.exclude(currency="TSD")
    counting = real.values_list("account__credential", "counting")
    assert set(counting) == {(first.pk, "LIVE"), (second.pk, "DUPLICATE")}
    verify()


def test_key_of_another_agent_is_refused_by_the_test_after_a_first_sync(
    acme: Tenant, simulator: Simulator
) -> None:
    credential = connect(acme, simulator, "payman")
    sync(acme)
    credential.refresh_from_db()

    finding = probe(swap_secret(credential, simulator, "payman_other"))

    assert finding.is_stranger
    assert not finding.is_fit


@pytest.mark.parametrize("chosen", [False, True])
def test_a_swipelux_customer_just_read_is_not_asked_again_by_anybody(
    acme: Tenant, simulator: Simulator, settings: Any, chosen: bool
) -> None:
    def asked() -> int:
        return sum(each.path.endswith("/balances") for each in simulator.log)

    settings.SCOPE_FLOOR_SECONDS = 30
    customers = list(simulator.company("swipelux").customers)
    credential = connect(
        acme, simulator, "swipelux", customer_ids=",".join(customers) if chosen else ""
    )
    sync(acme)
    first = asked()
    status, printed = sync(acme)
    second = asked()
    Scope.unscoped.filter(ref=f"customer:{customers[0]}").update(
        read_at=timezone.now() - timedelta(seconds=31)
    )
    sync(acme)

    run = SyncRun.unscoped.order_by("-pk").first()
    assert first == second == len(customers)
    assert asked() == first + 1
    assert (status, printed.count("not asked again")) == (0, len(customers))
    assert run is not None
    assert (run.status, run.scopes_read) == (RunStatus.SUCCEEDED, run.scopes_total)
    assert held(credential) == truth(simulator, "swipelux")
    verify()


def test_a_customer_that_failed_is_asked_again_at_once(
    acme: Tenant, simulator: Simulator, settings: Any
) -> None:
    settings.SCOPE_FLOOR_SECONDS = 30
    simulator.fault("status", status=404, path="*/cus_rtl/balances")
    credential = connect(acme, simulator, "swipelux")
    before, _ = sync(acme)
    simulator.clear_faults()

    assert (before, sync(acme)[0]) == (3, 0)
    assert held(credential) == truth(simulator, "swipelux")


def test_a_wallet_that_is_not_found_by_itself_unsays_nothing(
    acme: Tenant, simulator: Simulator
) -> None:
    def told() -> set[tuple[Any, ...]]:
        return set(Balance.unscoped.values_list("pk", "decimals", "as_of", "as_of_source"))

    connect(acme, simulator, "swipelux", read_wallet_detail="true")
    sync(acme)
    before = told()
    simulator.fault("status", status=404, path="/v1/wallets/*", count=1)
    sync(acme)
    after = told()
    simulator.clear_faults()
    sync(acme)

    assert before == after == told()
    verify()


def test_a_merchant_without_a_name_goes_by_our_label_until_it_is_told(
    acme: Tenant, simulator: Simulator
) -> None:
    def owners() -> set[tuple[str, str]]:
        return set(Account.unscoped.values_list("owner_ref", "owner_name"))

    simulator.fault("status", status=404, path="/app/whoami")
    connect(acme, simulator, "payiano", name="Treasury EU")
    sync(acme)
    unnamed = owners()
    sync(acme)
    unnamed_again = owners()
    simulator.clear_faults()
    sync(acme)
    named = owners()
    simulator.fault("status", status=404, path="/app/whoami")
    sync(acme)

    assert unnamed == unnamed_again == {("", "Treasury EU")}
    assert len(named) == 1
    assert all(ref and name != "Treasury EU" for ref, name in named)
    assert owners() == named
    verify()


def _newcomers_first(simulator: Simulator) -> None:
    company = simulator.company("swipelux")
    newest = {ref: Customer(ref=ref, name=ref) for ref in ("cus_n1", "cus_n2", "cus_n3")}
    company.customers = {**newest, **company.customers}


def _first_ones_emptied(simulator: Simulator) -> None:
    for customer in list(simulator.company("swipelux").customers.values())[:3]:
        for ref in list(customer.wallets):
            simulator.edit("remove_wallet", provider="swipelux", ref=ref)


def _nobody_has_wallets_but_one(simulator: Simulator) -> None:
    for customer in list(simulator.company("swipelux").customers.values())[:-1]:
        for ref in list(customer.wallets):
            simulator.edit("remove_wallet", provider="swipelux", ref=ref)


@pytest.mark.parametrize("chosen", ["", "all"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        (None, _newcomers_first),
        (None, _first_ones_emptied),
        (_nobody_has_wallets_but_one, None),
    ],
)
def test_a_new_key_of_the_same_swipelux_company_is_known_by_its_customers(
    acme: Tenant, simulator: Simulator, before: Any, after: Any, chosen: str
) -> None:
    if before:
        before(simulator)
    refs = ",".join(simulator.company("swipelux").customers) if chosen else ""
    credential = connect(acme, simulator, "swipelux", customer_ids=refs)
    sync(acme)
    if after:
        after(simulator)
    simulator.edit("replace_key", slot="swipelux")
    secrets = simulator.secrets["swipelux"]

    replaced = probe(edit(credential, secrets=secrets))
    added = probe(check(enter(acme, simulator, "swipelux", name="Again", secrets=secrets)))

    assert replaced.is_fit
    assert added.also_through == (credential,)


def test_another_swipelux_companys_key_stays_a_stranger(acme: Tenant, simulator: Simulator) -> None:
    credential = connect(acme, simulator, "swipelux")
    sync(acme)
    secrets = simulator.secrets["swipelux_other"]

    assert probe(edit(credential, secrets=secrets)).is_stranger
    assert not probe(
        check(enter(acme, simulator, "swipelux", name="Other", secrets=secrets))
    ).also_through


def test_key_of_another_agent_applies_nothing(acme: Tenant, simulator: Simulator) -> None:
    credential = connect(acme, simulator, "payman")
    sync(acme)
    before = list(Balance.unscoped.order_by("pk").values())
    credential.refresh_from_db()
    draft = swap_secret(credential, simulator, "payman_other")
    credentials.change(draft, actor=None, now=timezone.now())

    status, printed = sync(acme)

    assert status == 4, printed
    assert "another company's key" in printed
    assert list(Balance.unscoped.order_by("pk").values()) == before
    verify()


# --- What the provider asked for ------------------------------------------------------------------
def test_wait_the_provider_asked_for_is_kept_and_said(acme: Tenant, simulator: Simulator) -> None:
    connect(acme, simulator, "payiano")
    simulator.fault("retry_after", provider="payiano", seconds=7200.0, count=1)
    assert sync(acme)[0] == 4
    asked = len(simulator.log)

    status, printed = sync(acme)

    assert status == 4, printed
    assert "asked us to wait until" in printed
    assert len(simulator.log) == asked


# --- What a run under way leaves to do ------------------------------------------------------------
def test_joined_run_of_some_scopes_is_followed_by_a_whole_one(
    acme: Tenant, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = connect(acme, simulator, "payiano")
    run = under_way(credential)
    SyncRun.unscoped.filter(pk=run.pk).update(is_whole=False)

    def finish(_: float) -> None:
        SyncRun.unscoped.filter(pk=run.pk).update(
            status=RunStatus.SUCCEEDED, ended_at=schedule.database_now()
        )
        Credential.unscoped.update(lease_until=None)

    monkeypatch.setattr("balances.management.commands.sync_balances.time.sleep", finish)

    status, printed = sync(acme)

    assert status == 0, printed
    assert held(credential) == truth(simulator, "payiano")
    assert SyncRun.unscoped.latest("pk").is_whole


def test_joined_run_has_a_line_for_every_scope_unchanged_ones_too(
    acme: Tenant, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = connect(acme, simulator, "payman")
    sync(acme)
    run = under_way(credential)

    def finish(_: float) -> None:
        SyncRun.unscoped.filter(pk=run.pk).update(status=RunStatus.SUCCEEDED)

    monkeypatch.setattr("balances.management.commands.sync_balances.time.sleep", finish)

    status, printed = sync(acme)

    assert status == 0, printed
    for ref in credential.scopes.values_list("ref", flat=True):
        assert f"{ref}: read rows=1 changed=0" in printed


def test_scope_a_joined_run_did_not_reach_is_said_so(
    acme: Tenant, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = connect(acme, simulator, "payiano")
    run = under_way(credential)

    def finish(_: float) -> None:
        SyncRun.unscoped.filter(pk=run.pk).update(status=RunStatus.FAILED)

    monkeypatch.setattr("balances.management.commands.sync_balances.time.sleep", finish)

    status, printed = sync(acme)

    assert status == 4, printed
    assert "account: not reached" in printed


def test_sync_that_read_nothing_exits_with_4_and_says_so(
    acme: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sync(acme)[0] == 4
    assert "has no active credential; nothing was read" in capsys.readouterr().err


def test_older_rows_are_counted_on_their_scopes_line(acme: Tenant, simulator: Simulator) -> None:
    credential = connect(acme, simulator, "swipelux", read_wallet_detail="true")
    sync(acme)
    wallet = Account.unscoped.filter(credential=credential).earliest("pk").external_ref
    body = {
        "walletId": wallet,
        "network": "polygon",
        "balances": [{"currency": "USDC", "amount": "5.5", "decimals": 6}],
        "lastUpdated": "1970-01-01T00:00:00Z",
    }
    path = f"/v1/wallets/{wallet}/balance"
    simulator.fault("body", path=path, text=json.dumps(body), status=200)

    status, printed = sync(acme)

    assert status == 0, printed
    assert "older than what we hold" in printed
    verify()
