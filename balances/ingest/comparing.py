"""Compare a reading with what we hold, in Python, so that only what changed is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from balances.ingest.stored import TOLD, Stored, by_key, place_of
from providers.rows import AsOfSource, BalanceRow, Flag

# Whole readings without a row after which a person is asked, and counting may stop.
ASK_AFTER = 3


@dataclass(frozen=True, kw_only=True)
class Moment:
    """When figures were true: `at` is None while the scope's own time holds for them."""

    at: datetime | None
    source: str
    shown: datetime
    shown_source: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """When a reading was true and taken, never earlier than the one before it."""

    as_of: datetime
    as_of_source: str
    read_at: datetime
    before_as_of: datetime | None
    before_source: str
    before_read_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One stored balance and the row that replaces it."""

    stored: Stored
    row: BalanceRow
    moment: Moment
    is_figure: bool
    is_account: bool


@dataclass(kw_only=True)
class Changes:
    """All that a reading changes: rows unknown so far, rows that differ, balances that are gone.

    `older` are the balances that stay, each with the row that tells an earlier state of it.
    """

    new: list[BalanceRow] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    gone: list[Stored] = field(default_factory=list)
    older: list[tuple[Stored, BalanceRow]] = field(default_factory=list)

    @property
    def figures(self) -> int:
        """Count the balances whose figures are new or changed."""
        return len(self.new) + sum(change.is_figure for change in self.changed)


def compare(
    rows: Iterable[BalanceRow], *, stored: Iterable[Stored], scope_id: int, seen: Seen
) -> Changes:
    """Sort rows into new, changed and unchanged, and stored balances into seen and gone."""
    left = by_key(stored)
    changes = Changes()
    for row in rows:
        known = left.pop((row.account_ref, row.currency), None)
        if known is None:
            changes.new.append(row)
            continue
        whole = _with_known(row, known)
        if not _is_same(whole, known, scope_id=scope_id):
            _sort_changed(changes, row=whole, known=known, seen=seen)
    changes.gone = [known for known in left.values() if _is_gone(known, scope_id=scope_id)]
    return changes


def _with_known(row: BalanceRow, known: Stored) -> BalanceRow:
    """Keep what a reading does not tell: a side question that failed unsays nothing.

    That is the owner, the token's scale, and the provider's own time, which holds while the figures do.
    """
    kept: dict[str, Any] = {}
    account = known.account
    if not (row.owner_ref or row.owner_name) and (account.owner_ref or account.owner_name):
        kept |= {"owner_ref": account.owner_ref, "owner_name": account.owner_name}
    if row.decimals is None and known.decimals is not None:
        # The row judged its digits by the currency's scale; it does so anew by the token's.
        kept |= {"decimals": known.decimals, "flags": row.flags - {Flag.MORE_DECIMALS}}
    is_timed = known.as_of is not None and known.as_of_source == AsOfSource.PROVIDER
    if row.as_of is None and is_timed and not differs(row, known):
        kept["as_of"] = known.as_of
    return replace(row, **kept) if kept else row


def _is_same(row: BalanceRow, known: Stored, *, scope_id: int) -> bool:
    """Tell whether nothing at all would be written for this row."""
    return (
        known.available == row.available
        and known.pending == row.pending
        and known.ledger == row.ledger
        and known.missing_since is None
        and known.changed_at is not None
        and (known.as_of == row.as_of or _is_held_back(row, known))
        and known.decimals == row.decimals
        and known.verified == row.verified
        and known.scope_id == scope_id
        and known.account[:TOLD] == place_of(row)
        and known.flags == sorted(row.flags)
    )


def _is_held_back(row: BalanceRow, known: Stored) -> bool:
    """Tell whether the provider's time lies behind one we already showed, so that ours stands."""
    if row.as_of is None or known.as_of is None or known.as_of_source == AsOfSource.PROVIDER:
        return False
    return row.as_of <= known.as_of


def _sort_changed(changes: Changes, *, row: BalanceRow, known: Stored, seen: Seen) -> None:
    moment = moment_of(row, known=known, seen=seen)
    if moment is None:
        changes.older.append((known, row))
        return
    change = Change(
        stored=known,
        row=row,
        moment=moment,
        is_figure=not known.was_read or differs(row, known),
        is_account=known.account[:TOLD] != place_of(row),
    )
    changes.changed.append(change)


def differs(row: BalanceRow, known: Stored) -> bool:
    """Tell whether a row has other figures than a balance."""
    return known.figures != (row.available, row.pending, row.ledger)


def moment_of(row: BalanceRow, *, known: Stored | None, seen: Seen) -> Moment | None:
    """Return when the row was true, or None when we hold a newer answer of the provider.

    Where the provider's own time and the reading's disagree, the as-of time still never goes back.
    """
    own = (row.as_of, _clock_of(row)) if row.as_of else (None, "")
    shown, source = own if own[0] else (seen.as_of, seen.as_of_source)
    assert shown is not None  # noqa: S101  # one of the two always has a time
    before, before_source = shown_of(known, seen=seen) if known else (None, "")
    if before is not None and shown < before:
        if row.as_of is not None and before_source == AsOfSource.PROVIDER:
            return None
        return Moment(at=before, source=before_source, shown=before, shown_source=before_source)
    return Moment(at=own[0], source=own[1], shown=shown, shown_source=source)


def _clock_of(row: BalanceRow) -> str:
    """Return whose time a row carries: ours, where the provider's lay in the future."""
    is_ours = Flag.FUTURE_TIME in row.flags
    return str(AsOfSource.RECEIVED if is_ours else AsOfSource.PROVIDER)


def shown_of(known: Stored, *, seen: Seen) -> tuple[datetime | None, str]:
    """Return the as-of time people saw for a balance before this reading, and whose clock it was."""
    if known.as_of is not None:
        return known.as_of, known.as_of_source
    return (seen.before_as_of, seen.before_source) if known.was_read else (None, "")


def _is_gone(known: Stored, *, scope_id: int) -> bool:
    """Tell whether a balance that was not named is to be marked, or its absence counted on."""
    if known.scope_id != scope_id or not known.was_read:
        return False
    return known.missing_since is None or known.missing_readings < ASK_AFTER
