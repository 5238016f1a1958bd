"""Say whose an account's money is, and in which part of a total it counts, so that none counts twice."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from balances.ingest.stored import BATCH
from balances.models import Account, Balance, Counting, Holder
from providers import currencies
from providers.models import Credential
from providers.rows import AccountKind, default_holder

# One secret has one agent, and customers are asked by ids of our own choice: only the identity behind
# the key tells whether two of them are the same.
BY_IDENTITY = (AccountKind.AGENT, AccountKind.CUSTOMER)


class Candidate(NamedTuple):
    """One account that may be read through several credentials."""

    pk: int
    credential_id: int
    external_ref: str
    kind: str
    counting: str
    counted_by_id: int | None
    is_closed: bool


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


def recount(group: Iterable[Credential], *, refs: Collection[str] | None = None) -> int:
    """Let each account count through one credential only: the oldest that is read; return how many changed.

    `group` are locked credentials of one tenant, provider and environment; `refs` bounds the accounts
    looked at. Where none is read any more, the oldest not retired counts, so that no money vanishes.
    """
    by_id = {credential.pk: credential for credential in group}
    twins: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in _candidates(by_id, refs=refs):
        key = _key(candidate, by_id[candidate.credential_id])
        twins.setdefault(key, []).append(candidate)
    wanted: dict[tuple[str, int | None], list[int]] = {}
    for members in twins.values():
        for candidate, verdict in _verdicts(members, by_id):
            if verdict != (candidate.counting, candidate.counted_by_id):
                wanted.setdefault(verdict, []).append(candidate.pk)
    for (counting, counted_by), ids in wanted.items():
        _set(ids, counting=counting, counted_by=counted_by)
    return sum(map(len, wanted.values()))


def _candidates(
    by_id: dict[int, Credential], *, refs: Collection[str] | None
) -> Iterable[Candidate]:
    found = Account.unscoped.filter(credential__in=by_id).exclude(counting=Counting.MANUAL)
    fields = (
        "pk",
        "credential_id",
        "external_ref",
        "kind",
        "counting",
        "counted_by_id",
        "closed_at",
    )
    ordered = sorted(refs or ())
    parts = [ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH)]
    queries = [found] if refs is None else [found.filter(external_ref__in=part) for part in parts]
    for query in queries:
        for row in query.values_list(*fields):
            yield Candidate._make((*row[:-1], row[-1] is not None))


def _key(candidate: Candidate, credential: Credential) -> tuple[str, str]:
    """Name what two credentials must share to read the same account; unknown identities share nothing."""
    if candidate.kind not in BY_IDENTITY:
        return "", candidate.external_ref
    return credential.identity_ref or f"credential {credential.pk}", candidate.external_ref


def _verdicts(
    members: list[Candidate], by_id: dict[int, Credential]
) -> Iterable[tuple[Candidate, tuple[str, int | None]]]:
    winner = min(members, key=lambda member: _rank(member, by_id[member.credential_id]))
    for member in members:
        own = account_counting(by_id[member.credential_id])
        counts = member is winner or member.is_closed or own == Counting.TEST
        yield member, (own, None) if counts else (Counting.DUPLICATE, winner.credential_id)


def _rank(member: Candidate, credential: Credential) -> tuple[object, ...]:
    """Order twins: open before closed, read before paused before retired, then the oldest credential."""
    return (
        member.is_closed,
        credential.retired_at is not None,
        credential.paused_at is not None,
        credential.created_at,
        credential.pk,
    )


def _set(ids: list[int], *, counting: str, counted_by: int | None) -> None:
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        Account.unscoped.filter(pk__in=part).update(counting=counting, counted_by=counted_by)
        balances = Balance.unscoped.filter(account__in=part)
        for currency, is_verified in balances.values_list("currency", "verified").distinct():
            balances.filter(currency=currency, verified=is_verified).update(
                counting=balance_counting(counting, currency=currency, is_verified=is_verified)
            )
