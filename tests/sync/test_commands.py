"""The operator's commands, over real HTTP to the simulator."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from balances.models import Balance, HeldReading
from providers import schedule
from providers.models import Credential, RunStatus, SyncRun, Trigger
from providers.simulator.server import Simulator
from providers.tenancy.models import Tenant
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

    assert sync(acme)[0] == 0
    assert sync(acme, credential)[0] == 4
    assert simulator.log == []


@pytest.mark.parametrize("arguments", [{"tenant": "nobody"}, {"tenant": "acme", "credential": "x"}])
def test_unknown_names_are_refused(acme: Tenant, arguments: dict[str, str]) -> None:
    with pytest.raises(CommandError):
        call_command("sync_balances", **arguments)
