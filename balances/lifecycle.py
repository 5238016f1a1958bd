"""Do what people decide about accounts, held readings and credentials, each with its line in the log.

Whoever changes what counts also recounts, in the same transaction, so that no money counts twice or vanishes.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from balances import ingest
from balances.models import Account, Balance, Decision, HeldReading, Holder
from providers.connectors import CONNECTORS
from providers.models import Credential
from providers.rows import AccountKind
from providers.services import credentials as service
from providers.tenancy import activity
from providers.tenancy.models import User

REASON_LENGTH = 300
RETIRED = "Credential retired"
# An agent's figure may contain its customers': were they one holder's, a total could count money twice.
FIXED_HOLDERS = (AccountKind.AGENT, AccountKind.CUSTOMER)
FIXED = gettext_lazy("An agent's figure may contain its customers', so the two keep their holders.")


class Refused(ValueError):
    """Say to a person why their decision was not carried out; nothing was changed.

    `field` names what of the decision is at fault, if one part is.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        """Hold the words and the part they are about."""
        super().__init__(message)
        self.field = field


# --- Credentials ----------------------------------------------------------------------------------
def pause(
    credential: Credential, *, actor: User | None, now: datetime, reason: str = ""
) -> Credential:
    """Pause a credential; what another one reads as well counts there from now on."""
    return _recounted(service.pause, credential, actor=actor, now=now, reason=reason)


def resume(
    credential: Credential, *, actor: User | None, now: datetime, reason: str = ""
) -> Credential:
    """Read a paused credential again, at once."""
    return _recounted(service.resume, credential, actor=actor, now=now, reason=reason)


def retire(
    credential: Credential, *, actor: User | None, now: datetime, reason: str = ""
) -> Credential:
    """End a credential for good and close its accounts; their history stays."""
    with transaction.atomic():
        retired = _recounted(service.retire, credential, actor=actor, now=now, reason=reason)
        accounts = Account.objects.for_tenant(credential.tenant).filter(credential=credential)
        accounts.filter(closed_at=None).update(
            closed_at=now,
            closed_from=_today(credential, now=now),
            closed_by=actor,
            closed_reason=reason[:REASON_LENGTH] or RETIRED,
        )
        ingest.recount_of(credential)
    return retired


def _recounted(act: Callable[..., Credential], credential: Credential, **said: Any) -> Credential:
    """Act on a credential and recount what it shares; all that may share is locked first, in one order."""
    with transaction.atomic():
        ingest.group_of(credential)
        changed = act(credential, **said)
        ingest.recount_of(credential)
    return changed


def set_credential_holder(
    credential: Credential, *, holder: Holder, actor: User | None, reason: str, now: datetime
) -> None:
    """Say whose money a credential reads; accounts with a holder of their own keep it.

    Raises: Refused, without a reason, and where it may change for no account.
    """
    reason = _reason(reason)
    connector = CONNECTORS.get(credential.provider)
    if connector is not None and connector.has_fixed_holders:
        raise Refused(str(FIXED), field="holder")
    with transaction.atomic():
        ingest.group_of(credential)
        rows = Credential.objects.for_tenant(credential.tenant).filter(pk=credential.pk)
        before = rows.values_list("holder", flat=True).get()
        rows.update(holder=holder)
        accounts = Account.objects.for_tenant(credential.tenant).filter(credential=credential)
        free = accounts.filter(holder_set=False).exclude(kind__in=FIXED_HOLDERS)
        _put_holder(credential, ids=list(free.values_list("pk", flat=True)), holder=holder)
        activity.record(
            credential.tenant,
            action="credential.holder",
            actor=actor,
            obj=credential,
            label=service.named(credential),
            before={"holder": before},
            after={"holder": holder},
            reason=reason,
            now=now,
        )


# --- Accounts -------------------------------------------------------------------------------------
def close_account(
    account: Account, *, closed_from: date, actor: User | None, reason: str, now: datetime
) -> None:
    """Take an account out of current totals from a day on; views as of before that day keep it.

    Raises: Refused, when it is closed already, the day lies ahead or before it was first seen, or no reason is given.
    """
    reason = _reason(reason)
    with transaction.atomic():
        locked = _locked(account)
        if locked.closed_at is not None:
            raise Refused(_("This account is closed already."))
        _check_day(locked, closed_from, now=now)
        locked.closed_at, locked.closed_from = now, closed_from
        locked.closed_by, locked.closed_reason = actor, reason
        locked.save(update_fields=["closed_at", "closed_from", "closed_by", "closed_reason"])
        ingest.recount_of(locked.credential, refs={locked.external_ref})
        after = {"closed_from": closed_from}
        _record(locked, "account.close", actor=actor, after=after, reason=reason, now=now)


def _check_day(account: Account, day: date, *, now: datetime) -> None:
    """Refuse a day from which an account cannot have been closed."""
    if day > _today(account.credential, now=now):
        raise Refused(_("Close it from today or from an earlier day."), field="closed_from")
    first = _today(account.credential, now=min(account.created_at, now))
    if day < first:
        why = _("It was first seen on %(day)s: close it from then on.") % {"day": first}
        raise Refused(why, field="closed_from")


def reopen_account(account: Account, *, actor: User | None, reason: str, now: datetime) -> None:
    """Put a closed account back into the totals.

    Raises: Refused, when it is open, or its credential retired or without a watch on it.
    """
    with transaction.atomic():
        locked = _locked(account)
        if locked.closed_at is None:
            raise Refused(_("This account is open."))
        if not locked.is_watched:
            raise Refused(_("Its credential is retired, or watches it no longer."))
        before = {"closed_from": locked.closed_from, "reason": locked.closed_reason}
        locked.closed_at = locked.closed_from = locked.closed_by = None
        locked.closed_reason = ""
        locked.save(update_fields=["closed_at", "closed_from", "closed_by", "closed_reason"])
        ingest.recount_of(locked.credential, refs={locked.external_ref})
        _record(locked, "account.reopen", actor=actor, before=before, reason=reason, now=now)


def keep_account(account: Account, *, actor: User | None, reason: str, now: datetime) -> None:
    """Carry a missing account's figures forward, and ask no more until it goes missing anew.

    Raises: Refused, without a reason.
    """
    reason = _reason(reason)
    with transaction.atomic():
        locked = _locked(account)
        before = {"kept_at": locked.kept_at}
        locked.kept_at = now
        locked.save(update_fields=["kept_at"])
        said: dict[str, Any] = {"actor": actor, "reason": reason, "now": now}
        _record(locked, "account.keep", before=before, after={"kept_at": now}, **said)


def set_holder(
    account: Account, *, holder: Holder, actor: User | None, reason: str, now: datetime
) -> None:
    """Say whose money an account holds; no sync changes that any more.

    Raises: Refused, for an agent or its customers, and without a reason.
    """
    reason = _reason(reason)
    with transaction.atomic():
        locked = _locked(account)
        if locked.kind in FIXED_HOLDERS and holder != locked.holder:
            raise Refused(str(FIXED), field="holder")
        before = {"holder": locked.holder}
        locked.holder_set = True
        locked.save(update_fields=["holder_set"])
        _put_holder(locked.credential, ids=[locked.pk], holder=holder)
        after = {"holder": holder}
        _record(
            locked,
            "account.holder",
            actor=actor,
            before=before,
            after=after,
            reason=reason,
            now=now,
        )


def rename_account(
    account: Account, *, display_name: str, actor: User | None, now: datetime
) -> None:
    """Give an account our own name, or take it away again; the reference stays."""
    with transaction.atomic():
        locked = _locked(account)
        before = locked.display_name
        locked.display_name = display_name.strip()
        if locked.display_name == before:
            return
        locked.save(update_fields=["display_name", "label_folded", "search"])
        _record(
            locked,
            "account.rename",
            actor=actor,
            before={"display_name": before},
            after={"display_name": locked.display_name},
            now=now,
        )


def _put_holder(credential: Credential, *, ids: list[int], holder: Holder) -> None:
    """Write a holder on accounts and on the copies that totals are indexed by."""
    accounts = Account.objects.for_tenant(credential.tenant)
    balances = Balance.objects.for_tenant(credential.tenant)
    for start in range(0, len(ids), ingest.BATCH):
        part = ids[start : start + ingest.BATCH]
        accounts.filter(pk__in=part).update(holder=holder)
        balances.filter(account__in=part).update(holder=holder)


# --- Held readings --------------------------------------------------------------------------------
def decide_held(
    held: HeldReading, *, is_accepted: bool, actor: User | None, reason: str, now: datetime
) -> None:
    """Apply a held reading's rows, or let the old figures stand and drop it.

    Raises: Refused, when it was decided meanwhile, or without a reason.
    """
    reason = _reason(reason)
    with transaction.atomic():
        ingest.group_of(held.scope.credential)
        readings = HeldReading.objects.for_tenant(held.tenant)
        locked = readings.select_related("scope__credential__tenant", "run").get(pk=held.pk)
        if locked.decision != Decision.WAITING:
            raise Refused(_("This reading was decided meanwhile."))
        changed = ingest.accept_held(locked) if is_accepted else _drop(locked)
        locked.decision = Decision.ACCEPTED if is_accepted else Decision.DISCARDED
        locked.decided_at, locked.decided_by, locked.decision_reason = now, actor, reason
        locked.save(update_fields=["decision", "decided_at", "decided_by", "decision_reason"])
        activity.record(
            locked.tenant,
            action="held.accept" if is_accepted else "held.discard",
            actor=actor,
            obj=locked,
            label=locked.scope.name or locked.scope.ref,
            before={"reason": locked.reason, "detail": locked.detail},
            after={"changed": changed},
            reason=reason,
            now=now,
        )


def _drop(held: HeldReading) -> int:
    held.scope.held_at = held.scope.due_at = None
    held.scope.save(update_fields=["held_at", "due_at"])
    return 0


# --- Common ---------------------------------------------------------------------------------------
def _locked(account: Account) -> Account:
    """Read an account afresh while no reading can touch it."""
    ingest.group_of(account.credential)
    accounts = Account.objects.for_tenant(account.tenant).select_related("credential__tenant")
    found: Account = accounts.get(pk=account.pk)
    return found


def _today(credential: Credential, *, now: datetime) -> date:
    return now.astimezone(ZoneInfo(credential.tenant.time_zone)).date()


def _reason(text: str) -> str:
    """Return the reason, trimmed. Raises: Refused, for none."""
    if not text.strip():
        raise Refused(_("Give a reason."), field="reason")
    return text.strip()[:REASON_LENGTH]


def _record(account: Account, action: str, **said: Any) -> None:
    activity.record(account.tenant, action=action, obj=account, **said)
