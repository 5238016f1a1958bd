"""Tell what every sync learned of one balance: figures where it was read, "not known" where it was not.

A run writes a line of a scope only where that failed, was held or changed; that a figure was read unchanged follows
from a run which reached every scope. What follows from nothing is said to be unknown, never to be unchanged.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import islice, pairwise

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import ngettext

from balances.fields import EXACT
from balances.models import Balance, Observation
from balances.results import Row
from providers.models import AsOfSource, Outcome, RunScope, RunStatus, SyncRun
from providers.words import error_class

LINES = 15
RUNS = 200
READ = ("ok", "check")
FAILED = ("bad", "alert")
HELD = ("warn", "lock")
UNSURE = ("warn", "clock")


@dataclass(frozen=True, kw_only=True)
class Line:
    """Consecutive syncs that learned the same: `syncs` of them, from `first` to `last`.

    `said` tells lines apart, `text` is read. Figures are None where they are not reported, and where nothing was
    read (`is_known` is false). `change` is None where there is nothing to compare with. Time: of our readings, of the
    start of syncs that read nothing; `told_at` is the provider's own time of a new figure.
    """

    said: tuple[str, ...]
    look: tuple[str, str]
    first: datetime
    last: datetime
    syncs: int = 1
    is_known: bool = False
    is_first: bool = False
    available: Decimal | None = None
    pending: Decimal | None = None
    change: Decimal | None = None
    told_at: datetime | None = None
    url: str = ""

    @property
    def text(self) -> str:
        """Say how it went, once for all syncs of the line."""
        kind, why = self.said[0], self.said[-1]
        return _TEXTS[kind](self.syncs) % {"n": f"{self.syncs:,}", "why": why}

    @property
    def is_span(self) -> bool:
        """Tell whether it spans more than one minute."""
        return _minute(self.first) != _minute(self.last)


_TEXTS = {
    "read": lambda n: ngettext("Read", "Read %(n)s times", n),
    "failed": lambda n: ngettext("Read failed, %(why)s", "%(n)s reads failed, %(why)s", n),
    "held": lambda n: ngettext("Reading held", "%(n)s readings held", n),
    "lost": lambda n: ngettext("Sync abandoned", "%(n)s syncs abandoned", n),
    "unreached": lambda n: ngettext("Not reached", "Not reached by %(n)s syncs", n),
    "missing": lambda n: ngettext("Not in the answer", "Not in %(n)s answers", n),
}


def sync_log(
    row: Row, balance: Balance, *, observed: Sequence[Observation], linked: bool
) -> list[Line]:
    """Return the newest lines; `observed` are the balance's newest observations, newest first.

    `observed` has one more than there are lines, so that the oldest shown has something to compare with.
    """
    runs = _runs(balance)
    outcomes = {
        outcome.run_id: outcome
        for outcome in RunScope.objects.for_tenant(balance.tenant).filter(
            run__in=[run.pk for run in runs], scope_id=balance.scope_id
        )
    }
    slug = balance.tenant.slug if linked else ""
    found = merged(_lines(balance, runs, outcomes, observed=observed, slug=slug))
    return _confirmed(list(islice(found, LINES)), row)


def _runs(balance: Balance) -> list[SyncRun]:
    """Return the newest syncs since there is this balance, those under way too."""
    since = Q(ended_at__gte=balance.account.created_at) | Q(ended_at=None)
    runs = SyncRun.objects.for_tenant(balance.tenant).filter(
        since, credential_id=balance.scope.credential_id
    )
    return list(runs.order_by("-started_at", "-id")[:RUNS])


def _lines(
    balance: Balance,
    runs: Sequence[SyncRun],
    outcomes: Mapping[int, RunScope],
    *,
    observed: Sequence[Observation],
    slug: str,
) -> Iterator[Line]:
    """Yield a line per sync, and per figure of one that read some; then the figures of older syncs."""
    changes = _changes(observed)
    left = list(observed)
    new: dict[int, list[Observation]] = defaultdict(list)
    for each in observed:
        new[each.run_id].append(each)
    for run in runs:
        figures = new.get(run.pk, [])
        for figure in figures:
            left.remove(figure)
            yield _new(figure, changes, url=_url(run, slug))
        if not figures and run.status != RunStatus.RUNNING:
            line = _without_new(run, outcomes.get(run.pk), balance, stands=left[:1])
            if line is not None:
                yield replace(line, url=_url(run, slug))
    yield from (_new(figure, changes, url=_url(figure.run, slug)) for figure in left)


def _url(run: SyncRun, slug: str) -> str:
    return reverse("providers:run", args=[slug, run.public_id]) if slug else ""


def _changes(observed: Sequence[Observation]) -> dict[int, Decimal | None]:
    """Return how far each observation moved from the one before; the oldest is not compared."""
    return {
        now.pk: None
        if now.available is None or before.available is None
        else EXACT.subtract(now.available, before.available)
        for now, before in pairwise(observed)
    }


def _new(figure: Observation, changes: Mapping[int, Decimal | None], *, url: str) -> Line:
    told_at = figure.as_of if figure.as_of_source == AsOfSource.PROVIDER else None
    return Line(
        said=("read", str(figure.pk)),
        look=READ,
        first=figure.fetched_at,
        last=figure.fetched_at,
        is_known=True,
        is_first=figure.pk not in changes,
        available=figure.available,
        pending=figure.pending,
        change=changes.get(figure.pk),
        told_at=told_at,
        url=url,
    )


def _without_new(
    run: SyncRun, outcome: RunScope | None, balance: Balance, *, stands: Sequence[Observation]
) -> Line | None:
    """Return what a sync that brought no new figure learned; None when it was of other scopes alone."""
    if outcome is not None and outcome.outcome == Outcome.FAILED:
        why = error_class(outcome.error_code, detail=outcome.error_detail)
        return _at(run, "failed", why, look=FAILED)
    if outcome is not None and outcome.outcome == Outcome.HELD:
        return _at(run, "held", look=HELD)
    if outcome is not None or _reached_all(run) or _read_last(run, balance):
        return _unchanged(run, balance, stands=stands)
    if not run.is_whole:
        return None
    if run.error_code:
        return _at(run, "failed", error_class(run.error_code, detail=run.error_detail), look=FAILED)
    is_lost = run.status == RunStatus.ABANDONED
    return _at(run, "lost" if is_lost else "unreached", look=UNSURE)


def _at(run: SyncRun, *said: str, look: tuple[str, str]) -> Line:
    return Line(said=said, look=look, first=run.started_at, last=run.started_at)


def _reached_all(run: SyncRun) -> bool:
    """Tell whether every scope was asked, so that one without a line of its own was read unchanged."""
    done = run.scopes_read + run.scopes_held + run.scopes_failed
    return run.is_whole and (
        run.status == RunStatus.SUCCEEDED or (0 < run.scopes_total <= done and not run.error_code)
    )


def _read_last(run: SyncRun, balance: Balance) -> bool:
    """Tell whether it is the sync in which the scope was last read."""
    at, end = balance.scope.read_at, run.ended_at
    return at is not None and end is not None and run.started_at <= at <= end


def _unchanged(run: SyncRun, balance: Balance, *, stands: Sequence[Observation]) -> Line | None:
    """Say again what stood then, unless the answer was without this balance, or it had no figure yet."""
    ended = run.ended_at or run.started_at
    if balance.missing_since is not None and balance.missing_since <= ended:
        return _at(run, "missing", look=UNSURE)
    if not stands:
        return None
    figure = stands[0]
    return replace(
        _at(run, "read", "again", str(figure.pk), look=READ),
        is_known=True,
        available=figure.available,
        pending=figure.pending,
        change=None if figure.available is None else Decimal(0),
    )


def merged(lines: Iterable[Line]) -> Iterator[Line]:
    """Make one line of consecutive ones that say the same, newest first."""
    held: Line | None = None
    for line in lines:
        if held is not None and held.said == line.said:
            held = replace(held, first=line.first, syncs=held.syncs + line.syncs)
            continue
        if held is not None:
            yield held
        held = line
    if held is not None:
        yield held


def _confirmed(lines: list[Line], row: Row) -> list[Line]:
    """Let the newest reading end when it confirmed the figure, which is known to the second."""
    for place, line in enumerate(lines):
        if line.is_known:
            if row.fetched_at is not None and row.fetched_at > line.last:
                lines[place] = replace(line, last=row.fetched_at)
            break
    return lines


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
