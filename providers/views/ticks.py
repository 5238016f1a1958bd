"""Draw the last 24 hours of a credential: 48 half-hours, each as its worst run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.models import Credential, RunStatus, SyncRun
from providers.tenancy.models import Tenant

HALF_HOUR = timedelta(minutes=30)
TICKS = 48
GOOD = frozenset({RunStatus.SUCCEEDED})
LATE = frozenset({RunStatus.PARTIAL, RunStatus.HELD, RunStatus.ABANDONED})
# Top and height of a tick in a view box 14 high: what failed stands tallest, no run lowest.
SHAPES = {"ok": (4, 10), "late": (2, 12), "fail": (0, 14), "off": (9, 5)}
RANKS = ("off", "ok", "late", "fail")


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One half-hour: `css` is its colour, the rest its place in a view box 48 wide and 14 high."""

    css: str
    x: str
    y: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Day:
    """One credential's last 24 hours: 48 ticks, how many runs ended, and how many of them read all."""

    ticks: tuple[Tick, ...]
    runs: int
    good: int

    @property
    def text(self) -> str:
        """Say how many runs read all: 84 of 96 runs."""
        if not self.runs:
            return _("no runs")
        text = ngettext("%(good)d of %(all)d run", "%(good)d of %(all)d runs", self.runs)
        return text % {"good": self.good, "all": self.runs}


def days(tenant: Tenant, credentials: Sequence[Credential], *, now: datetime) -> Mapping[int, Day]:
    """Return the day of each credential by its key, with one query for all of them."""
    found: dict[int, list[tuple[datetime, str]]] = {each.pk: [] for each in credentials}
    runs = SyncRun.objects.for_tenant(tenant).filter(
        credential__in=credentials, started_at__gt=now - TICKS * HALF_HOUR
    )
    for key, at, status in runs.values_list("credential_id", "started_at", "status"):
        found[key].append((at, status))
    return {key: _day(each, now=now) for key, each in found.items()}


def _day(runs: Sequence[tuple[datetime, str]], *, now: datetime) -> Day:
    ended = [status for _at, status in runs if status != RunStatus.RUNNING]
    return Day(
        ticks=tuple(_ticks(runs, now=now)),
        runs=len(ended),
        good=sum(status in GOOD for status in ended),
    )


def _ticks(runs: Iterable[tuple[datetime, str]], *, now: datetime) -> Iterable[Tick]:
    """Draw 48 half-hours, the worst run of each; a low grey tick where none ran."""
    worst = ["off"] * TICKS
    for at, status in runs:
        place = TICKS - 1 - int((now - at) / HALF_HOUR)
        mark = _mark(status)
        if 0 <= place < TICKS and RANKS.index(mark) > RANKS.index(worst[place]):
            worst[place] = mark
    for place, css in enumerate(worst):
        y, height = SHAPES[css]
        yield Tick(css=css, x=f"{place}.16", y=y, height=height)


def _mark(status: str) -> str:
    if status == RunStatus.RUNNING:
        return "off"
    return "ok" if status in GOOD else "late" if status in LATE else "fail"
