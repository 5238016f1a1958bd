"""Select what a day closes with, from observations and coverage alone, in one statement."""

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateField,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest, Least

from balances.closings.counting import counted
from balances.closings.days import Day
from balances.models import Balance, Closing, Coverage, Observation
from providers.models import Credential

Key = tuple[str, str, str]

# Column of Closing → what is selected for it, in one order.
SELECTED = {
    "tenant_id": "tenant_id",
    "public_id": "new_id",
    "balance_id": "balance_id",
    "business_date": "day",
    "holder": "balance__holder",
    "counting": "counted",
    "available": "available",
    "pending": "pending",
    "ledger": "ledger",
    "as_of": "as_of",
    "as_of_source": "as_of_source",
    "fetched_at": "fetched_at",
    "confirmed_at": "seen_at",
    "is_confirmed": "is_seen",
}


class _NewId(Func):
    """Draw a public id inside the database."""

    arity = 0
    template = "lower(hex(randomblob(16)))"
    output_field: Any = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Take PostgreSQL's own strong random bits."""
        template = "replace(gen_random_uuid()::text, '-', '')"
        return self.as_sql(compiler, connection, template=template, **extra)


def closings(day: Day) -> QuerySet[Any]:
    """Select the rows of `SELECTED`: each open balance's last value read by the cut-off."""
    read = Observation.objects.for_tenant(day.tenant).filter(fetched_at__lte=day.cutoff)
    latest = read.filter(balance=OuterRef("pk")).order_by("-as_of", "-id").values("pk")[:1]
    ids = _open(day).annotate(latest=Subquery(latest)).values("latest")
    found = Observation.objects.for_tenant(day.tenant).filter(pk__in=ids).order_by()
    made = found.annotate(
        new_id=_NewId(),
        day=Value(day.date, output_field=DateField()),
        counted=counted(day, path="balance__"),
        seen_at=_seen_at(day),
        is_seen=_is_seen(day),
    )
    chosen: QuerySet[Any] = made.values_list(*SELECTED.values())
    return chosen


def unknown(day: Day) -> Counter[Key]:
    """Count by total what was expected by the cut-off and never read, in a day whose closings are written.

    Whatever a scope that had been read did not name did not exist.
    """
    is_closed = Exists(
        Closing.objects.for_tenant(day.tenant).filter(
            balance=OuterRef("pk"), business_date=day.date
        )
    )
    read = Coverage.objects.for_tenant(day.tenant).filter(
        scope=OuterRef("scope"), started_at__lte=day.cutoff
    )
    is_expected = Q(account__created_at__lte=day.cutoff) & ~Exists(read)
    # Nothing else can stand before what is awaited; this keeps the window small.
    refs = _open(day).filter(is_expected).values("account__external_ref")
    rows = _open(day).filter(is_closed | is_expected, account__external_ref__in=refs)
    judged = rows.annotate(
        waits=Case(When(is_closed, then=Value(0)), default=Value(1)),
        counted=counted(day, is_awaited=F("waits")),
    )
    of_awaited = Case(When(waits=1, then=F("counted")), default=None)
    found = judged.annotate(lacks=of_awaited).filter(lacks__isnull=False)
    return Counter(found.values_list("currency", "holder", "lacks").iterator())


def _open(day: Day) -> QuerySet[Balance]:
    """Select the balances whose account was not closed, and that were still watched, as the day ended."""
    until = Q(account__closed_from=None) | Q(account__closed_from__gt=day.date)
    watched = Q(scope__closed_at=None) | Q(scope__closed_at__gt=day.cutoff)
    found: QuerySet[Balance] = Balance.objects.for_tenant(day.tenant)
    return found.filter(until, watched).order_by()


def _is_missing(day: Day) -> Q:
    return Q(balance__missing_since__lte=day.cutoff)


def _seen_at(day: Day) -> Case:
    """Return when a value was last confirmed by the cut-off; a missing one's times are frozen."""
    covered = Coverage.objects.for_tenant(day.tenant).filter(
        scope=OuterRef("balance__scope"), started_at__lte=day.cutoff
    )
    end = Subquery(covered.order_by("-started_at", "-pk").values("ended_at")[:1])
    instant: DateTimeField[Any, Any] = DateTimeField()
    by_then = Least(Coalesce(end, F("fetched_at")), Value(day.cutoff, output_field=instant))
    return Case(
        When(_is_missing(day), then=F("balance__fetched_at")),
        default=Greatest(by_then, F("fetched_at")),
        output_field=instant,
    )


def _is_seen(day: Day) -> Case:
    """Tell what was confirmed within stale-after of the cut-off; each credential has its own."""
    limits: dict[int, list[int]] = {}
    credentials = Credential.objects.for_tenant(day.tenant)
    for pk, stale_after in credentials.values_list("pk", "stale_after"):
        limits.setdefault(stale_after, []).append(pk)
    seen = [
        When(
            balance__scope__credential_id__in=keys,
            seen_at__gte=day.cutoff - timedelta(seconds=seconds),
            then=Value(True),
        )
        for seconds, keys in limits.items()
    ]
    missing = When(_is_missing(day), then=Value(False))
    return Case(missing, *seen, default=Value(False), output_field=BooleanField())
