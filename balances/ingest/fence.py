"""Let only the run that holds the lease write."""

from datetime import datetime

from django.db import connection

from balances.ingest.counting import group_of
from providers import schedule
from providers.models import Credential, SyncRun


def locked(run: SyncRun) -> tuple[list[Credential], Credential, datetime]:
    """Lock a run's credential and those that may share accounts with it; return them and the time.

    Call it first in a transaction. Time: the database's clock.
    Raises: LeaseLost, when the run's fence is not the credential's any more, or it was paused.
    """
    _bound_idling()
    group = group_of(run.credential)
    now = schedule.database_now()
    credential = next((row for row in group if row.pk == run.credential_id), None)
    if credential is None or not schedule.holds(credential, fence=run.fence, now=now):
        raise schedule.LeaseLost(f"run {run.public_id} may not write any more")
    credential.tenant = run.credential.tenant
    return group, credential, now


def _bound_idling() -> None:
    """Free the locks of a process that freezes inside this transaction; SQLite has no such bound."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '60s'")
