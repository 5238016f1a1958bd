"""Say how each value counted as a day ended, whatever was decided since: each money once.

The judgement is `balances.ingest`'s, made of what held at the cut-off.
"""

from typing import Any

from django.db.models import Case, CharField, F, Q, Value, When, Window
from django.db.models.functions import RowNumber
from django.db.models.lookups import GreaterThan

from balances.closings.days import Day
from balances.ingest import BY_IDENTITY
from balances.models import DUPLICATES, Counting
from providers.currencies import CURRENCIES, is_test
from providers.models import Credential
from providers.tenancy.models import ActivityEntry

PAUSE, RESUME = "credential.pause", "credential.resume"
TEST_CODES = [code for code in CURRENCIES if is_test(code)]
ANSWERED = Value(0)


def counted(day: Day, *, path: str = "", is_awaited: Any = ANSWERED) -> Case:
    """Return how each balance counted; `path` leads to it from the rows selected.

    A balance is compared with the others selected alone, so none that may be the same money may be left out.
    """
    was_duplicate = Q((f"{path}counting__in", DUPLICATES))
    is_test_money = Q((f"{path}currency__in", TEST_CODES))
    is_test_money |= Q((f"{path}account__counting", Counting.TEST))
    is_doubtful = Q((f"{path}verified", False), (f"{path}account__counting", Counting.LIVE))
    is_second = GreaterThan(_place(day, path=path, is_awaited=is_awaited), 1)
    return Case(
        When(is_second & is_test_money, then=Value(Counting.TEST_DUPLICATE.value)),
        When(is_second, then=Value(Counting.DUPLICATE.value)),
        When(was_duplicate & is_test_money, then=Value(Counting.TEST.value)),
        When(was_duplicate & is_doubtful, then=Value(Counting.UNVERIFIED.value)),
        When(was_duplicate, then=F(f"{path}account__counting")),
        default=F(f"{path}counting"),
        output_field=CharField(),
    )


def _place(day: Day, *, path: str, is_awaited: Any) -> Window:
    """Rank the readings of one money: answered before awaited, read before paused, then the oldest."""
    paused = Q((f"{path}account__credential__in", _paused(day)))
    return Window(
        RowNumber(),
        partition_by=same_money(path),
        order_by=(
            is_awaited,
            Case(When(paused, then=Value(1)), default=Value(0)),
            F(f"{path}account__credential__created_at"),
            F(f"{path}account__credential"),
        ),
    )


def same_money(path: str = "") -> list[Any]:
    """Return what two balances of one tenant must share to be one money, as `ingest.same_money` names it."""
    credential = f"{path}account__credential"
    is_by_key = Q((f"{path}account__kind__in", BY_IDENTITY))
    is_unknown = is_by_key & Q((f"{credential}__identity_ref", ""))
    is_alone = is_unknown | Q((f"{path}counting", Counting.MANUAL))
    return [
        F(f"{credential}__provider"),
        F(f"{credential}__environment"),
        Case(When(is_by_key, then=F(f"{credential}__identity_ref")), default=Value("")),
        Case(When(is_alone, then=F(f"{path}id")), default=Value(0)),
        F(f"{path}account__external_ref"),
        F(f"{path}currency"),
    ]


def _paused(day: Day) -> list[int]:
    """Return the credentials that were paused at the cut-off: today's, with what was done since undone."""
    # Read before the log, so that what is done in between is undone too.
    credentials = list(
        Credential.objects.for_tenant(day.tenant).values_list("pk", "public_id", "paused_at")
    )
    since = ActivityEntry.objects.for_tenant(day.tenant).filter(
        action__in=(PAUSE, RESUME), at__gt=day.cutoff
    )
    # The first thing done since tells what had held until then; here it is read last.
    done = dict(since.order_by("-at", "-id").values_list("object_ref", "action"))
    return [
        pk
        for pk, ref, paused_at in credentials
        if (done[ref] == RESUME if ref in done else paused_at is not None)
    ]
