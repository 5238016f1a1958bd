"""Name what must always hold of the stored data, and find where it does not.

Each check yields one line per break, naming rows by kind and public id, never by amount or name.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.apps import apps
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Lag

from balances.closings import checking
from balances.ingest import BY_IDENTITY, balance_counting, duplicate_of
from balances.models import (
    DUPLICATES,
    Account,
    Balance,
    Coverage,
    Decision,
    HeldReading,
    Observation,
)
from providers.models import Credential, RunStatus, Scope, Secret, SyncRun
from providers.rows import AccountKind
from providers.services import secrecy
from providers.tenancy.models import TenantOwned

CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class Invariant:
    """One thing that must hold, with the check that yields its breaks."""

    name: str
    check: Callable[[], Iterable[str]]


def _named(rows: QuerySet[Any], what: str) -> Iterator[str]:
    """Name each row found and what is wrong with it."""
    kind = rows.model.__name__.lower()
    for public_id in rows.order_by("pk").values_list("public_id", flat=True):
        yield f"{kind} {public_id} {what}"


# --- Tenants --------------------------------------------------------------------------------------
def _tenants_agree() -> Iterator[str]:
    """Follow every foreign key from one tenant's row to another's."""
    for model in apps.get_models():
        if not issubclass(model, TenantOwned):
            continue
        for field in model._meta.concrete_fields:
            target = field.related_model
            if isinstance(target, type) and issubclass(target, TenantOwned):
                linked = model.unscoped.filter(**{f"{field.name}__isnull": False})
                foreign = linked.exclude(**{f"{field.name}__tenant": F("tenant")})
                yield from _named(foreign, f"has a {field.name} of another tenant")


# --- Figures --------------------------------------------------------------------------------------
def _current_is_latest() -> Iterator[str]:
    """Compare every balance with its latest observation: figures, time, and that there is one."""
    latest = Observation.unscoped.filter(balance=OuterRef("pk")).order_by("-as_of", "-pk")
    balances = (
        Balance.unscoped.annotate(latest=Subquery(latest.values("pk")[:1]))
        .select_related("scope")
        .order_by("pk")
        .iterator(chunk_size=CHUNK)
    )
    while chunk := list(islice(balances, CHUNK)):
        ids = [balance.latest for balance in chunk if balance.latest]
        observed = {each.pk: each for each in Observation.unscoped.filter(pk__in=ids)}
        for balance in chunk:
            if what := _departs(balance, observed.get(balance.latest)):
                yield f"balance {balance.public_id} {what}"


def _departs(balance: Balance, observed: Observation | None) -> str:
    if observed is None:
        return "was read but has no observation" if balance.changed_at else ""
    if balance.changed_at is None:
        return "has observations but was never read"
    if any(getattr(balance, n) != getattr(observed, n) for n in ("available", "pending", "ledger")):
        return "is not its latest observation"
    as_of = balance.as_of or balance.scope.as_of
    return "is older than its latest observation" if as_of and as_of < observed.as_of else ""


def _as_of_never_goes_back() -> Iterator[str]:
    before = Window(Lag("as_of"), partition_by="balance", order_by="pk")
    found = Observation.unscoped.annotate(before=before).filter(before__gt=F("as_of"))
    return _named(found, "is true at an earlier time than the one before it")


def _missing_is_frozen() -> Iterator[str]:
    times = Q(as_of=None) | Q(fetched_at=None) | Q(changed_at=None) | Q(missing_readings=0)
    missing = Balance.unscoped.filter(missing_since__isnull=False)
    yield from _named(missing.filter(times), "is missing without its last times")
    there = Balance.unscoped.filter(missing_since=None)
    kept = Q(missing_readings__gt=0) | Q(fetched_at__isnull=False)
    yield from _named(there.filter(kept), "is there but has the times of a missing one")


# --- Totals ---------------------------------------------------------------------------------------
def _holders_agree() -> Iterator[str]:
    differing = Balance.unscoped.exclude(holder=F("account__holder"))
    yield from _named(differing, "has another holder than its account")
    customers = Account.unscoped.filter(
        credential=OuterRef("credential"), holder=OuterRef("holder"), kind=AccountKind.CUSTOMER
    )
    agents = Account.unscoped.filter(Exists(customers), kind=AccountKind.AGENT)
    yield from _named(agents, "shares its holder with its customers")


def _counting_agrees() -> Iterator[str]:
    facts = ("account__counting", "currency", "verified")
    for found in Balance.unscoped.order_by().values(*facts, "counting").distinct():
        of_account, currency, is_verified = (found[name] for name in facts)
        right = balance_counting(of_account, currency=currency, is_verified=is_verified)
        if found["counting"] in DUPLICATES:
            right = duplicate_of(right)
        if right != found["counting"]:
            wrong = Balance.unscoped.filter(**found)
            yield from _named(wrong, f"counts as {found['counting']}, not as {right}")


def _each_balance_counts_once() -> Iterator[str]:
    is_duplicate = Q(counting__in=DUPLICATES)
    named = Balance.unscoped.filter(is_duplicate, counted_by=None)
    yield from _named(named, "is a duplicate of nothing")
    unnamed = Balance.unscoped.filter(~is_duplicate, counted_by__isnull=False)
    yield from _named(unnamed, "counts, but names where it is counted instead")
    is_open = Q(account__closed_at=None, scope__closed_at=None)
    twins = Balance.unscoped.filter(
        is_open,
        ~is_duplicate,
        account__credential=OuterRef("counted_by"),
        account__external_ref=OuterRef("account__external_ref"),
        currency=OuterRef("currency"),
    )
    lost = Balance.unscoped.filter(is_open, ~Exists(twins), is_duplicate, counted_by__isnull=False)
    yield from _named(lost, "is counted nowhere")
    yield from _named(_counted_twice(~is_duplicate), "is counted twice")


def _counted_twice(counting: Q) -> QuerySet[Balance]:
    """Find balances of one reference and currency that count through two credentials alike."""
    older = Balance.unscoped.filter(
        counting,
        tenant=OuterRef("tenant"),
        account__credential__provider=OuterRef("account__credential__provider"),
        account__credential__environment=OuterRef("account__credential__environment"),
        account__credential__lt=OuterRef("account__credential"),
        account__external_ref=OuterRef("account__external_ref"),
        currency=OuterRef("currency"),
    )
    same_key = Q(account__credential__identity_ref=OuterRef("account__credential__identity_ref"))
    by_key = older.filter(same_key).exclude(account__credential__identity_ref="")
    is_by_key = Q(account__kind__in=BY_IDENTITY)
    return Balance.unscoped.filter(counting).filter(
        (is_by_key & Exists(by_key)) | (~is_by_key & Exists(older))
    )


# --- Scopes ---------------------------------------------------------------------------------------
def _coverage_is_ordered() -> Iterator[str]:
    turned = Coverage.unscoped.filter(ended_at__lt=F("started_at"))
    yield from _named(turned, "ends before it starts")
    before = Window(Lag("ended_at"), partition_by="scope", order_by=("started_at", "pk"))
    overlapping = Coverage.unscoped.annotate(before=before).filter(before__gt=F("started_at"))
    yield from _named(overlapping, "overlaps the interval before it")
    ends = Scope.unscoped.annotate(covered=Max("coverage__ended_at"))
    unequal = Q(read_at__isnull=False) & (Q(covered=None) | ~Q(covered=F("read_at")))
    yield from _named(ends.filter(unequal), "was read when its coverage does not say so")


def _scopes_are_whole() -> Iterator[str]:
    half = Scope.unscoped.exclude(read_at=None, as_of=None, readings=0)
    half = half.filter(Q(read_at=None) | Q(as_of=None) | Q(readings=0))
    yield from _named(half, "has some but not all times of a reading")
    faults = Q(error_code="", failing_since__isnull=False) | Q(failing_since=None) & ~Q(
        error_code=""
    )
    yield from _named(
        Scope.unscoped.filter(faults), "fails without a time, or since a time without"
    )


def _held_waits_once() -> Iterator[str]:
    waiting = HeldReading.unscoped.filter(scope=OuterRef("pk"), decision=Decision.WAITING)
    held = Q(held_at__isnull=False)
    idle = Scope.unscoped.filter(held & ~Exists(waiting))
    yield from _named(idle, "is held for no reading")
    unheld = Scope.unscoped.filter(~held & Exists(waiting))
    yield from _named(unheld, "has a waiting reading but is not held")
    twice = HeldReading.unscoped.filter(decision=Decision.WAITING).values("scope__public_id")
    for found in twice.annotate(number=Count("pk")).filter(number__gt=1):
        yield f"scope {found['scope__public_id']} has {found['number']} waiting readings"


def _closed_is_whole() -> Iterator[str]:
    half = Q(closed_at=None, closed_from__isnull=False) | Q(
        closed_at__isnull=False, closed_from=None
    )
    yield from _named(Account.unscoped.filter(half), "is closed without a day, or the reverse")
    retired = Q(credential__retired_at__isnull=False, closed_at=None)
    for rows in (Account.unscoped.all(), Scope.unscoped.all()):
        yield from _named(rows.filter(retired), "is open though its credential is retired")


# --- Schedule and secrets -------------------------------------------------------------------------
def _leases_have_one_run() -> Iterator[str]:
    running = SyncRun.unscoped.filter(status=RunStatus.RUNNING)
    yield from _named(
        running.filter(Q(credential__lease_until=None) | ~Q(fence=F("credential__fence"))),
        "runs without its lease",
    )
    mine = running.filter(credential=OuterRef("pk"), fence=OuterRef("fence"))
    leased = Credential.unscoped.filter(~Exists(mine), lease_until__isnull=False)
    yield from _named(leased, "is leased to no run")
    unended = ~Q(status=RunStatus.RUNNING) & Q(ended_at=None)
    yield from _named(SyncRun.unscoped.filter(unended), "ended at no time")


def _active_has_a_future() -> Iterator[str]:
    stopped = Q(paused_at__isnull=False) | Q(retired_at__isnull=False)
    lost = Credential.unscoped.filter(~stopped, due_at=None, lease_until=None)
    yield from _named(lost, "is active but will never be read")
    due = Credential.unscoped.filter(stopped, due_at__isnull=False)
    yield from _named(due, "is due though it was stopped")


def _secrets_end() -> Iterator[str]:
    kept = Secret.unscoped.filter(credential__retired_at__isnull=False)
    yield from _named(kept, "outlived its credential")


INVARIANTS: tuple[Invariant, ...] = tuple(
    Invariant(name=name, check=check)
    for name, check in (
        ("tenants agree along every foreign key", _tenants_agree),
        ("a balance is its latest observation", _current_is_latest),
        ("as-of never goes back", _as_of_never_goes_back),
        ("a missing balance keeps its last times", _missing_is_frozen),
        ("a balance has its account's holder, and agents not their customers'", _holders_agree),
        ("a balance counts as its account does", _counting_agrees),
        ("an account counts once", _each_balance_counts_once),
        ("a day's closings count each money once", checking.counted_twice),
        ("a day's totals are the sums of its closings", checking.not_summed),
        ("coverage is ordered and without overlap", _coverage_is_ordered),
        ("a scope was read, or it was not", _scopes_are_whole),
        ("a held scope has one waiting reading", _held_waits_once),
        ("closed is closed from a day", _closed_is_whole),
        ("a lease has one run, and a run its lease", _leases_have_one_run),
        ("an active credential has a future, a stopped one none", _active_has_a_future),
        ("secrets open in their place", secrecy.unopened),
        ("no secret stands in the clear", secrecy.exposed),
        ("a secret ends with its credential", _secrets_end),
    )
)
