"""Select what a day closes with, from observations and coverage alone, in one statement."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
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

from balances.ingest import same_money
from balances.models import Balance, Closing, Counting, Coverage, Observation
from providers.currencies import CURRENCIES, is_test
from providers.models import Credential
from providers.tenancy.models import Tenant

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


@dataclass(frozen=True, kw_only=True)
class Day:
    """One business day of one tenant; Time: `cutoff` is where it ends."""

    tenant: Tenant
    date: date
    cutoff: datetime


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
        counted=_counted(day),
        seen_at=_seen_at(day),
        is_seen=_is_seen(day),
    )
    chosen: QuerySet[Any] = made.values_list(*SELECTED.values())
    return chosen


def unknown(day: Day) -> QuerySet[Any]:
    """Select the open balances that were expected by the cut-off and had never been read.

    Whatever a scope that had been read did not name did not exist.
    """
    closed = Closing.objects.for_tenant(day.tenant).filter(
        balance=OuterRef("pk"), business_date=day.date
    )
    read = Coverage.objects.for_tenant(day.tenant).filter(
        scope=OuterRef("scope"), started_at__lte=day.cutoff
    )
    known = _open(day).filter(account__created_at__lte=day.cutoff)
    return known.filter(~Exists(closed), ~Exists(read))


def _open(day: Day) -> QuerySet[Any]:
    """Select the balances whose account was not closed, and that were still watched, as the day ended."""
    until = Q(account__closed_from=None) | Q(account__closed_from__gt=day.date)
    watched = Q(scope__closed_at=None) | Q(scope__closed_at__gt=day.cutoff)
    return Balance.objects.for_tenant(day.tenant).filter(until, watched).order_by()


def _counted(day: Day) -> Case:
    """Return how each value counted as the day ended; what counts today may have changed since."""
    was_duplicate = Q(balance__counting=Counting.DUPLICATE)
    test_codes = [code for code in CURRENCIES if is_test(code)]
    return Case(
        When(balance__in=duplicates(day), then=Value(Counting.DUPLICATE.value)),
        When(was_duplicate & Q(balance__currency__in=test_codes), then=Value(Counting.TEST.value)),
        When(
            was_duplicate & Q(balance__verified=False, balance__account__counting=Counting.LIVE),
            then=Value(Counting.UNVERIFIED.value),
        ),
        When(was_duplicate, then=F("balance__account__counting")),
        default=F("balance__counting"),
        output_field=CharField(),
    )


def duplicates(day: Day) -> list[int]:
    """Return the balances that another credential's reading of the same money stood for at the cut-off.

    Of those read by then the oldest credential counts, one that was paused by then after the others.
    """
    credentials = {c.pk: c for c in Credential.objects.for_tenant(day.tenant)}
    if len({(c.provider, c.environment) for c in credentials.values()}) == len(credentials):
        return []
    twins: dict[tuple[str, ...], list[tuple[tuple[object, ...], int]]] = {}
    read = Observation.objects.for_tenant(day.tenant).filter(
        balance=OuterRef("pk"), fetched_at__lte=day.cutoff
    )
    fields = ("account__kind", "account__external_ref", "currency", "account__credential_id", "pk")
    for kind, ref, currency, key, pk in _open(day).filter(Exists(read)).values_list(*fields):
        credential = credentials[key]
        money = same_money(kind, ref, currency, credential=credential)
        group = (credential.provider, credential.environment, *money)
        twins.setdefault(group, []).append((_rank(credential, day), pk))
    return [pk for members in twins.values() for _, pk in sorted(members)[1:]]


def _rank(credential: Credential, day: Day) -> tuple[object, ...]:
    was_paused = credential.paused_at is not None and credential.paused_at <= day.cutoff
    return (was_paused, credential.created_at, credential.pk)


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
