"""Reopen closed accounts whose money is reported again, so that none moves unseen."""

from collections.abc import Collection
from datetime import datetime

from balances.ingest.comparing import Changes
from balances.models import Account
from providers.models import Credential
from providers.tenancy import activity


def reopen_reported(
    changes: Changes, *, joined: Collection[int], credential: Credential, now: datetime
) -> set[str]:
    """Reopen a closed account that was missing and is back, moved, or has new money; log each as a notice.

    `joined` are the closed accounts that new balances were written to. Returns the references reopened, which are
    to be recounted. An account that goes on being reported with what it was closed with stays closed.
    """
    moved = {
        change.stored.account_id
        for change in changes.changed
        if change.stored.account.closed_at is not None
        and (change.is_figure or change.stored.missing_since is not None)
    }
    moved.update(joined)
    closed = Account.unscoped.filter(pk__in=moved, closed_at__isnull=False) if moved else ()
    for account in closed:
        reopen(account, credential=credential, reason="Reported again", now=now)
    return {account.external_ref for account in closed}


def reopen(account: Account, *, credential: Credential, reason: str, now: datetime) -> None:
    """Put one account back into the totals, on the system's own account."""
    before = {"closed_from": account.closed_from, "reason": account.closed_reason}
    account.closed_at = account.closed_from = account.closed_by = None
    account.closed_reason = ""
    account.reopened_at = now
    account.save(
        update_fields=["closed_at", "closed_from", "closed_by", "closed_reason", "reopened_at"]
    )
    activity.record(
        credential.tenant,
        action="account.reopen",
        obj=account,
        before=before,
        reason=reason,
        now=now,
    )
