"""Put equal failures of one credential in a row into one line, and say which parts of a run were not read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Aggregate,
    CharField,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    Window,
)
from django.db.models.functions import Cast, Coalesce, Concat, RowNumber, Substr

from providers.models import Outcome, RunScope, RunStatus, SyncRun
from providers.services.holdings import given_names
from providers.tenancy.models import Tenant
from providers.words import error_brief

NAMED, LISTED = 3, 25
TROUBLED = (RunStatus.PARTIAL, RunStatus.HELD, RunStatus.FAILED)
# What two failures share when they are one line; fences of a credential follow its runs in time.
EQUAL = Q(status=RunStatus.FAILED, error_code=OuterRef("error_code"))

# What made a run start, and who; how its provider answered, which `words.told_status` reads from the same letters.
ASKER = Concat("trigger", Cast("requested_by", CharField()))
ANSWER = Substr("error_detail", 1, len("HTTP 000"))


class MeanSpan(Aggregate):
    """Average spans of time, which may be what amounts may not: nearly right."""

    function = "AVG"
    output_field = DurationField()


@dataclass(frozen=True, kw_only=True)
class Missed:
    """The parts one run did not read, with why: the first few `names`, the `others`; `unlisted` counts yet more."""

    names: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    unlisted: int = 0


# --- Streaks --------------------------------------------------------------------------------------
def heads(runs: QuerySet[SyncRun], *, tenant: Tenant) -> QuerySet[SyncRun]:
    """Leave out each failure that the next run of its credential repeats; the last of them stands for all."""
    newer = _of_credential(tenant).filter(fence__gt=OuterRef("fence")).order_by("fence")
    return runs.annotate(
        next_status=Coalesce(Subquery(newer.values("status")[:1]), Value("")),
        next_code=Coalesce(Subquery(newer.values("error_code")[:1]), Value("")),
    ).exclude(status=RunStatus.FAILED, next_status=RunStatus.FAILED, next_code=F("error_code"))


def counted(
    runs: QuerySet[SyncRun], *, tenant: Tenant, since: datetime | None
) -> QuerySet[SyncRun]:
    """Add to each head how many runs it stands for, when the first began, how long each took, and where they differ."""
    own = _of_credential(tenant)
    older = own.filter(~EQUAL, fence__lt=OuterRef("fence")).order_by("-fence")
    members = own.filter(EQUAL, fence__gt=OuterRef("before"), fence__lte=OuterRef("fence"))
    if since is not None:
        members = members.filter(started_at__gt=since)
    took = ExpressionWrapper(F("ended_at") - F("started_at"), output_field=DurationField())
    grouped = members.order_by().values("credential")
    return runs.annotate(
        before=Coalesce(Subquery(older.values("fence")[:1]), -1, output_field=IntegerField())
    ).annotate(
        streak=Coalesce(Subquery(grouped.annotate(n=Count("pk")).values("n")), 1),
        first_at=Subquery(grouped.annotate(at=Min("started_at")).values("at")),
        each_took=Subquery(grouped.annotate(took=MeanSpan(took)).values("took")),
        triggers=Coalesce(Subquery(grouped.annotate(n=Count(ASKER, distinct=True)).values("n")), 1),
        answers=Coalesce(Subquery(grouped.annotate(n=Count(ANSWER, distinct=True)).values("n")), 1),
    )


def _of_credential(tenant: Tenant) -> QuerySet[SyncRun]:
    found: QuerySet[SyncRun] = SyncRun.objects.for_tenant(tenant).filter(
        credential=OuterRef("credential")
    )
    return found


# --- What was not read ----------------------------------------------------------------------------
def missed(tenant: Tenant, runs: Sequence[SyncRun]) -> Mapping[int, Missed]:
    """Return by the key of a run what it did not read, with three queries for all of them."""
    troubled = [run.pk for run in runs if run.status in TROUBLED]
    outcomes = RunScope.objects.for_tenant(tenant).filter(run__in=troubled)
    outcomes = outcomes.exclude(outcome=Outcome.READ)
    counts = outcomes.order_by().values("run_id").annotate(n=Count("pk"))
    names = _names(outcomes, tenant=tenant)
    return {
        each["run_id"]: Missed(
            names=tuple(names[each["run_id"]][:NAMED]),
            others=tuple(names[each["run_id"]][NAMED:]),
            unlisted=each["n"] - len(names[each["run_id"]]),
        )
        for each in counts
    }


def _names(outcomes: QuerySet[RunScope], *, tenant: Tenant) -> dict[int, list[str]]:
    """Name the first parts of each run, with why each was not read."""
    first = outcomes.annotate(
        place=Window(RowNumber(), partition_by=F("run_id"), order_by=F("scope_id").asc())
    ).filter(place__lte=LISTED)
    listed = list(first.order_by("run_id", "scope_id").values(*_NAME))
    given = given_names(tenant, scopes={each["scope_id"] for each in listed})
    found: dict[int, list[str]] = {}
    for each in listed:
        found.setdefault(each["run_id"], []).append(_named(each, given=given))
    return found


_NAME = ("run_id", "scope_id", "outcome", "error_code", "error_detail", "scope__name", "scope__ref")


def _named(each: Mapping[str, Any], *, given: Mapping[int, str]) -> str:
    name = given.get(each["scope_id"]) or each["scope__name"] or each["scope__ref"]
    if each["outcome"] == Outcome.HELD:
        return f"{name}: {str(Outcome.HELD.label).lower()}"
    return f"{name}: {error_brief(each['error_code'], detail=each['error_detail'])}"
