"""Read balances in the foreground, one line per scope."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from balances import tasks
from balances.ingest import Recorded
from providers import schedule
from providers.models import (
    Credential,
    Outcome,
    RunScope,
    RunStatus,
    Scope,
    ScopeKind,
    SyncRun,
    Trigger,
)
from providers.tenancy.models import Tenant

PARTIAL, FAILED, STOPPED = 3, 4, 130
POLL_SECONDS = 0.2


class Command(BaseCommand):
    """Read every active credential of a tenant, or one; join a run that reads everything already."""

    help = (
        "Read balances now. Exit status: 0 all read, 3 partial, 4 failed, held or nothing to read, "
        "130 stopped by Ctrl-C. "
        "A run under way is waited for, a held scope is not, nor a wait the provider asked for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare whose balances are read."""
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--credential", help="the id of one credential")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read one credential after another. Raises: CommandError, for unknown names."""
        found = _credentials(options)
        if not found:
            told = f"Tenant {options['tenant']!r} has no active credential; nothing was read."
            self.stderr.write(told)
        try:
            statuses = [self._read(each) for each in found]
        except KeyboardInterrupt:
            self.stderr.write("Stopped; what was read until then is kept.")
            raise SystemExit(STOPPED) from None
        if status := exit_status(statuses):
            raise SystemExit(status)

    def _read(self, credential: Credential) -> str:
        """Run, or join, and print; return how the run ended."""
        if not credential.is_active:
            self.stdout.write(f"{credential}: paused or retired, not read")
            return RunStatus.FAILED
        until = credential.throttled_until
        if until is not None and until > schedule.database_now():
            told = f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            self.stdout.write(f"{credential}: the provider asked us to wait until {told}, not read")
            return RunStatus.FAILED
        run = self._run(credential) or self._join(credential)
        if run is None:
            time.sleep(POLL_SECONDS)
            return self._read(Credential.unscoped.get(pk=credential.pk))
        why = f" {run.error_code} {run.error_detail}".rstrip()
        self.stdout.write(f"{credential}: {run.status.lower()}{why}")
        return run.status

    def _run(self, credential: Credential) -> SyncRun | None:
        def show(recorded: Recorded) -> None:
            self.stdout.write(f"{credential} {line(recorded)}")
            self.stdout.flush()

        return tasks.sync(credential.pk, trigger=Trigger.COMMAND, is_forced=True, watcher=show)

    def _join(self, credential: Credential) -> SyncRun | None:
        """Wait for the run under way; None where a new one must begin.

        One whose worker is lost is ended here; one of a few due scopes leaves the rest to be read.
        """
        runs = SyncRun.unscoped.filter(credential=credential).order_by("-pk")
        run: SyncRun | None = runs.filter(status=RunStatus.RUNNING).first()
        if run is None:
            return None
        self.stdout.write(f"{credential}: joined the run under way")
        while run.status == RunStatus.RUNNING:
            time.sleep(POLL_SECONDS)
            schedule.sweep(now=schedule.database_now())
            run.refresh_from_db()
        if run.status == RunStatus.ABANDONED:
            return None
        if not run.is_whole:
            self.stdout.write(f"{credential}: that run read some scopes only, reading all")
            return None
        for told in _lines_of(run):
            self.stdout.write(f"{credential} {told}")
        return run


def line(recorded: Recorded) -> str:
    """Put the end of one scope into a line, without amounts or names."""
    told = f"{recorded.ref}: {recorded.outcome.lower()}"
    if recorded.error is not None:
        return f"{told} {recorded.error}"
    counts = f"rows={recorded.rows_read} changed={recorded.rows_changed}"
    return f"{told} {counts} {recorded.detail}".rstrip()


def _lines_of(run: SyncRun) -> Iterator[str]:
    """Put the end of every scope of somebody else's run into a line."""
    outcomes = {each.scope_id: each for each in RunScope.unscoped.filter(run=run)}
    for scope in Scope.unscoped.filter(credential=run.credential_id).order_by("pk"):
        if outcome := outcomes.get(scope.pk):
            yield f"{scope.ref}: {_told(outcome)}"
        elif scope.closed_at is None:
            yield f"{scope.ref}: {_untold(scope, run=run)}"


def _told(outcome: RunScope) -> str:
    word = outcome.outcome.lower()
    if outcome.error_code:
        return f"{word} {outcome.error_code} {outcome.error_detail}".rstrip()
    counts = f"rows={outcome.rows_read} changed={outcome.rows_changed}"
    return f"{word} {counts} {outcome.error_detail}".rstrip()


def _untold(scope: Scope, *, run: SyncRun) -> str:
    """Say what became of a scope that the run wrote nothing of: read without a change, or not reached."""
    reached = scope.attempted_at is not None and scope.attempted_at >= run.started_at
    if not reached and run.status != RunStatus.SUCCEEDED:
        return "not reached"
    rows = 0 if scope.kind == ScopeKind.LISTING else scope.row_count
    return f"{Outcome.READ.lower()} rows={rows} changed=0"


def exit_status(statuses: list[str]) -> int:
    """Sum the runs up: 0 when all was read, 3 when some was, 4 when nothing was."""
    if not {RunStatus.SUCCEEDED, RunStatus.PARTIAL} & set(statuses):
        return FAILED
    return 0 if set(statuses) == {RunStatus.SUCCEEDED} else PARTIAL


def _credentials(options: dict[str, Any]) -> list[Credential]:
    """Find what is asked for; without an id, everything active."""
    tenant = Tenant.objects.filter(slug=options["tenant"]).first()
    if tenant is None:
        raise CommandError(f"There is no tenant {options['tenant']!r}.")
    found = Credential.objects.for_tenant(tenant).order_by("provider", "name", "pk")
    if options["credential"] is None:
        return list(found.filter(paused_at=None, retired_at=None))
    one = found.filter(public_id=options["credential"])
    if not one:
        raise CommandError(f"Tenant {tenant.slug!r} has no credential {options['credential']!r}.")
    return list(one)
