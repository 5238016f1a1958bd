"""Say whose an account's money is, and in which part of a total it counts, so that none counts twice."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from balances.ingest.stored import BATCH
from balances.models import Balance, Counting, Holder
from providers import currencies
from providers.models import Credential
from providers.rows import AccountKind, default_holder

# One secret has one agent, and customers are asked by ids of our own choice: only the identity behind
# the key tells whether two of them are the same.
BY_IDENTITY = (AccountKind.AGENT, AccountKind.CUSTOMER)


class Candidate(NamedTuple):
    """One balance that may be read through several credentials."""

    pk: int
    credential_id: int
    external_ref: str
    currency: str
    kind: str
    is_verified: bool
    counting: str
    counted_by_id: int | None
    changed_at: datetime | None
    account_closed_at: datetime | None
    scope_closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Tell whether it stands in current totals at all."""
        return self.account_closed_at is None and self.scope_closed_at is None


FIELDS = (
    "pk",
    "account__credential_id",
    "account__external_ref",
    "currency",
    "account__kind",
    "verified",
    "counting",
    "counted_by_id",
    "changed_at",
    "account__closed_at",
    "scope__closed_at",
)
Verdict = tuple[str, int | None]


def holder_of(credential: Credential, *, kind: str) -> Holder:
    """Return whose money such an account of a credential holds when nobody said so of the account itself.

    An agent's figure may contain its customers', so the credential's choice never brings the two together.
    """
    if credential.holder and kind not in BY_IDENTITY:
        return Holder(credential.holder)
    return Holder(default_holder(AccountKind(kind)))


def account_counting(credential: Credential) -> Counting:
    """Return how an account of a credential counts while nothing else reads it."""
    return Counting.TEST if credential.is_test else Counting.LIVE


def balance_counting(account_counting: str, *, currency: str, is_verified: bool) -> Counting:
    """Return how one balance counts: as its account, unless its own currency or doubt says otherwise."""
    if account_counting == Counting.TEST or currencies.is_test(currency):
        return Counting.TEST
    return Counting(account_counting) if is_verified else Counting.UNVERIFIED


def duplicate_of(own: Counting) -> Counting:
    """Return how a balance that counts elsewhere is listed; test money stays apart even there."""
    return Counting.TEST_DUPLICATE if own == Counting.TEST else Counting.DUPLICATE


def group_of(credential: Credential) -> list[Credential]:
    """Lock and return all credentials that may read the same accounts, this one among them.

    They are locked in one order, so that two ingests never wait for each other.
    """
    group = Credential.unscoped.filter(
        tenant=credential.tenant_id,
        provider=credential.provider,
        environment=credential.environment,
    )
    return list(group.select_for_update().order_by("pk"))


def recount_of(credential: Credential, *, refs: Collection[str] | None = None) -> int:
    """Recount what a credential may share with others; return how many balances changed."""
    group = group_of(credential)
    return recount(group, refs=refs) if len(group) > 1 else 0


def recount(group: Iterable[Credential], *, refs: Collection[str] | None = None) -> int:
    """Let each balance count through one credential only; return how many changed.

    `group` are locked credentials of one tenant, provider and environment; `refs` bounds the accounts
    looked at.
    """
    wanted: dict[Verdict, list[int]] = {}
    for candidate, verdict in verdicts(group, refs=refs):
        if verdict != (candidate.counting, candidate.counted_by_id):
            wanted.setdefault(verdict, []).append(candidate.pk)
    for (counting, counted_by), ids in wanted.items():
        for part in _parts(ids):
            rows = Balance.unscoped.filter(pk__in=part)
            rows.update(counting=counting, counted_by=counted_by)
    return sum(map(len, wanted.values()))


def verdicts(
    group: Iterable[Credential], *, refs: Collection[str] | None = None
) -> Iterator[tuple[Candidate, Verdict]]:
    """Judge each balance of a group: how it counts, and through which credential where not by itself."""
    by_id = {credential.pk: credential for credential in group}
    twins: dict[tuple[str, ...], list[Candidate]] = {}
    for candidate in _candidates(by_id, refs=refs):
        place = (candidate.kind, candidate.external_ref, candidate.currency)
        key = same_money(*place, credential=by_id[candidate.credential_id])
        twins.setdefault(key, []).append(candidate)
    for members in twins.values():
        yield from _judged(members, by_id)


def _candidates(
    by_id: dict[int, Credential], *, refs: Collection[str] | None
) -> Iterator[Candidate]:
    found = Balance.unscoped.filter(account__credential__in=by_id)
    found = found.exclude(counting=Counting.MANUAL)
    parts = [None] if refs is None else list(_parts(sorted(refs)))
    for part in parts:
        rows = found if part is None else found.filter(account__external_ref__in=part)
        for row in rows.values_list(*FIELDS):
            yield Candidate._make(row)


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def same_money(kind: str, ref: str, currency: str, *, credential: Credential) -> tuple[str, ...]:
    """Name what two credentials of one provider must share to read the same balance.

    Unknown identities share nothing.
    """
    if kind not in BY_IDENTITY:
        return ("", ref, currency)
    return (credential.identity_ref or f"credential {credential.pk}", ref, currency)


def _judged(
    members: list[Candidate], by_id: dict[int, Credential]
) -> Iterator[tuple[Candidate, Verdict]]:
    winner = min(members, key=lambda member: _rank(member, by_id[member.credential_id]))
    for member in members:
        credential = by_id[member.credential_id]
        own = balance_counting(
            account_counting(credential), currency=member.currency, is_verified=member.is_verified
        )
        if member is winner:
            yield member, (own.value, None)
        else:
            yield member, (duplicate_of(own).value, winner.credential_id)


def _rank(member: Candidate, credential: Credential) -> tuple[object, ...]:
    """Order twins: open before closed, answered before awaited, read before paused, then the oldest."""
    return (
        not member.is_open,
        member.changed_at is None,
        credential.retired_at is not None,
        credential.paused_at is not None,
        credential.created_at,
        credential.pk,
    )
