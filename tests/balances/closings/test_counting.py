"""A closing counts each money once, as the day ended, whatever was decided since."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from balances import ingest, lifecycle
from balances.closings import checking
from balances.closings.making import make
from balances.models import Balance, Closing, ClosingTotal
from providers.models import Credential
from providers.rows import AccountKind
from providers.tenancy import activity
from providers.tenancy.models import Tenant
from tests.balances.builders import make_account, make_balance, make_credential, make_scope
from tests.balances.readings import keep, row

DAY = date(2026, 11, 20)
CUTOFF = datetime(2026, 11, 20, 22, tzinfo=UTC)  # midnight in Cairo
READ = CUTOFF - timedelta(hours=2)
AFTER = CUTOFF + timedelta(minutes=1)
MADE = CUTOFF + timedelta(minutes=3)
Act = Callable[[Credential], object]


def twins(tenant: Tenant) -> tuple[Credential, Credential]:
    Tenant.objects.filter(pk=tenant.pk).update(time_zone="Africa/Cairo")
    tenant.refresh_from_db()
    old = make_credential(tenant, created_at=READ - timedelta(days=2))
    new = make_credential(tenant, created_at=READ - timedelta(days=1))
    for credential in (old, new):
        keep(credential, row("m-1", "100.00"), at=READ)
    return old, new


def live(tenant: Tenant) -> list[Decimal | None]:
    totals = ClosingTotal.objects.for_tenant(tenant).filter(business_date=DAY, counting="LIVE")
    return list(totals.values_list("available", flat=True))


def unwatch(credential: Credential) -> None:
    credential.scopes.update(closed_at=AFTER)
    ingest.recount_of(credential)


@pytest.mark.parametrize(
    "act",
    [
        lambda credential: None,
        lambda credential: lifecycle.retire(credential, actor=None, now=AFTER),
        lambda credential: lifecycle.pause(credential, actor=None, now=AFTER),
        unwatch,
    ],
    ids=["nothing", "retire", "pause", "unwatch"],
)
def test_what_is_decided_after_the_cut_off_changes_no_closing(acme: Tenant, act: Act) -> None:
    old, _new = twins(acme)
    act(old)

    make(acme, now=MADE)

    assert live(acme) == [Decimal(100)]
    counted = Closing.objects.for_tenant(acme).exclude(counting="DUPLICATE")
    assert [each.balance.account.credential for each in counted] == [old]
    assert Closing.objects.for_tenant(acme).count() == 2


def test_what_was_watched_no_more_at_the_cut_off_has_no_closing(acme: Tenant) -> None:
    old, new = twins(acme)
    old.scopes.update(closed_at=READ)
    ingest.recount_of(old)

    make(acme, now=MADE)

    assert live(acme) == [Decimal(100)]
    (closing,) = Closing.objects.for_tenant(acme)
    assert closing.balance.account.credential == new


def test_what_was_read_first_after_the_cut_off_stands_for_nothing(acme: Tenant) -> None:
    old, _new = twins(acme)
    late = make_credential(acme, created_at=READ - timedelta(days=3))
    keep(late, row("m-1", "100.00"), at=AFTER)
    assert set(Balance.unscoped.filter(account__credential=old).values_list("counting")) == {
        ("DUPLICATE",)
    }

    make(acme, now=MADE)

    assert live(acme) == [Decimal(100)]


def test_a_doubtful_value_that_counts_again_stays_doubtful(acme: Tenant) -> None:
    old, new = twins(acme)
    for credential in (old, new):
        keep(credential, row("m-2", "5.00", verified=False), row("m-1", "100.00"), at=READ)
    lifecycle.pause(old, actor=None, now=AFTER)

    make(acme, now=MADE)

    found = Closing.objects.for_tenant(acme).filter(balance__account__external_ref="m-2")
    assert set(found.values_list("counting", flat=True)) == {"UNVERIFIED", "DUPLICATE"}


# --- Pauses ---------------------------------------------------------------------------------------
BEFORE = READ + timedelta(minutes=30)
HOUR = timedelta(hours=1)
LONG_AFTER = CUTOFF + timedelta(days=3)
Acts = Sequence[tuple[str, datetime]]
ACTS = {"pause": lifecycle.pause, "resume": lifecycle.resume, "retire": lifecycle.retire}


@pytest.mark.parametrize(
    ("acts", "counts"),
    [
        pytest.param([("pause", BEFORE)], "new", id="paused"),
        pytest.param([("pause", CUTOFF)], "new", id="paused-at-the-cut-off"),
        pytest.param([("pause", BEFORE), ("resume", AFTER)], "new", id="resumed-since"),
        pytest.param(
            [("pause", BEFORE), ("resume", AFTER), ("pause", AFTER), ("resume", AFTER)],
            "new",
            id="resumed-since-and-again",
        ),
        pytest.param(
            [("pause", BEFORE), ("resume", AFTER), ("pause", AFTER + HOUR)],
            "new",
            id="resumed-and-paused-since",
        ),
        pytest.param([("pause", BEFORE), ("retire", AFTER)], "new", id="paused-then-retired"),
        pytest.param([("pause", BEFORE), ("resume", BEFORE)], "old", id="resumed-by-then"),
        pytest.param([("pause", BEFORE), ("resume", CUTOFF)], "old", id="resumed-at-the-cut-off"),
        pytest.param([("pause", AFTER)], "old", id="paused-since"),
        pytest.param(
            [("pause", AFTER), ("resume", AFTER + HOUR)], "old", id="paused-a-while-since"
        ),
        pytest.param([("pause", AFTER), ("retire", AFTER)], "old", id="paused-and-retired-since"),
    ],
)
def test_what_was_paused_at_the_cut_off_counts_after_its_twin(
    acme: Tenant, acts: Acts, counts: str
) -> None:
    old, new = twins(acme)
    for name, at in acts:
        ACTS[name](old, actor=None, now=at)
        if at == BEFORE:
            keep(new, row("m-1", "105.00"), at=CUTOFF - HOUR)
    activity.record(acme, action="credential.resume", obj=new, now=BEFORE)

    make(acme, now=LONG_AFTER)

    rows = Closing.objects.for_tenant(acme).filter(business_date=DAY)
    counted = rows.exclude(counting="DUPLICATE").select_related("balance__account__credential")
    assert [each.balance.account.credential for each in counted] == [
        {"old": old, "new": new}[counts]
    ]
    assert live(acme) == [each.available for each in counted]


def test_a_credential_made_after_the_cut_off_counts_for_nothing(acme: Tenant) -> None:
    old, new = twins(acme)
    lifecycle.pause(old, actor=None, now=BEFORE)
    lifecycle.pause(new, actor=None, now=BEFORE)
    late = make_credential(acme, created_at=AFTER)
    expect(late, "m-1", at=AFTER)
    keep(late, row("m-1", "1.00"), at=AFTER, ref="expected")

    make(acme, now=MADE)

    assert live(acme) == [Decimal(100)]
    assert waiting(acme) == {}


# --- Expected and never read ----------------------------------------------------------------------
def expect(
    credential: Credential,
    ref: str,
    *,
    at: datetime = READ,
    kind: str = "MERCHANT",
    scope: str = "expected",
) -> Balance:
    """Save what the settings of a credential name, before any answer."""
    watched = make_scope(credential, ref=scope, read_at=None)
    account = make_account(
        credential,
        external_ref=ref,
        kind=kind,
        created_at=at,
        counting=ingest.counting.account_counting(credential),
    )
    expected = make_balance(credential, available=None, account=account, scope=watched)
    ingest.recount_of(credential)
    return expected


def waiting(tenant: Tenant) -> dict[str, int]:
    """Return how many rows of the day were unknown, by counting."""
    totals = ClosingTotal.objects.for_tenant(tenant).filter(business_date=DAY, unknown__gt=0)
    return dict(totals.values_list("counting", "unknown"))


@pytest.mark.parametrize("act", ["read", "retire"])
def test_what_was_never_read_by_then_stands_behind_its_twin(acme: Tenant, act: str) -> None:
    old, new = twins(acme)
    first = make_credential(acme, created_at=READ - timedelta(days=3))
    expect(first, "m-1")
    if act == "read":
        keep(first, row("m-1", "7.00"), at=AFTER, ref="expected")
        ingest.recount_of(first)
    else:
        for credential in (old, new):
            lifecycle.retire(credential, actor=None, now=AFTER)

    make(acme, now=LONG_AFTER)

    (total,) = ClosingTotal.objects.for_tenant(acme).filter(business_date=DAY, counting="LIVE")
    assert (total.rows, total.unknown, total.available) == (1, 0, Decimal(100))
    assert waiting(acme) == {"DUPLICATE": 1}


def test_of_two_never_read_one_is_unknown(acme: Tenant) -> None:
    old, new = twins(acme)
    for credential in (old, new):
        expect(credential, "m-9")
    lifecycle.pause(old, actor=None, now=BEFORE)
    lifecycle.resume(old, actor=None, now=AFTER)

    make(acme, now=MADE)

    assert waiting(acme) == {"LIVE": 1, "DUPLICATE": 1}


def test_what_did_not_exist_at_one_is_unknown_at_its_twin_alone(acme: Tenant) -> None:
    old, new = twins(acme)
    named_since = expect(old, "m-9")
    Balance.unscoped.filter(pk=named_since.pk).update(scope=old.scopes.get(ref="account"))
    expect(new, "m-9")

    make(acme, now=MADE)

    assert waiting(acme) == {"LIVE": 1}


def test_expected_test_money_waits_as_test_money(acme: Tenant) -> None:
    old, _new = twins(acme)
    late = make_credential(acme, created_at=READ)
    balance = expect(late, "m-1")
    Balance.unscoped.filter(pk=balance.pk).update(currency="TSD")
    ingest.recount_of(late)
    lifecycle.retire(old, actor=None, now=AFTER)

    make(acme, now=MADE)

    assert waiting(acme) == {"TEST": 1}


def test_what_was_entered_by_hand_is_no_twin(acme: Tenant) -> None:
    old, _new = twins(acme)
    Balance.unscoped.filter(account__credential=old).update(counting="MANUAL")
    ingest.recount_of(old)

    make(acme, now=MADE)

    rows = Closing.objects.for_tenant(acme).values_list("counting", flat=True)
    assert sorted(rows) == ["LIVE", "MANUAL"]


# --- As ingest counts -----------------------------------------------------------------------------
def scatter(tenant: Tenant, random: Random) -> None:
    """Save twins of all kinds: of known and unknown identity, read and awaited, doubtful and paused."""
    kinds = {"payiano": ["MERCHANT"], "payman": ["AGENT", "CUSTOMER"]}
    for number in range(6):
        provider = random.choice(sorted(kinds))
        credential = make_credential(
            tenant,
            provider=provider,
            environment=random.choice(["LIVE", "LIVE", "SANDBOX"]),
            identity_ref=random.choice(["", "a", "b"]),
            created_at=READ - timedelta(days=random.randint(1, 3)),
        )
        for ref in random.sample(["m-1", "m-2", "m-3"], 2):
            kind = random.choice(kinds[provider])
            scope = f"{kind}:{ref}"
            if random.random() < 0.3:
                expect(credential, ref, kind=kind, scope=scope)
            else:
                is_sure = random.random() < 0.8
                told = row(ref, str(number), account_kind=AccountKind(kind), verified=is_sure)
                keep(credential, told, at=READ, ref=scope)
        ingest.recount_of(credential)
        if random.random() < 0.3:
            lifecycle.pause(credential, actor=None, now=BEFORE)


@pytest.mark.parametrize("seed", range(12))
def test_a_day_counts_as_ingest_did_when_it_ended(acme: Tenant, seed: int) -> None:
    random = Random(seed)
    scatter(acme, random)
    balances = Balance.objects.for_tenant(acme)
    counted = dict(balances.filter(changed_at__isnull=False).values_list("pk", "counting"))
    awaited = Counter(
        balances.filter(changed_at=None).values_list("currency", "holder", "counting")
    )
    for credential in Credential.objects.for_tenant(acme):
        random.choice([lifecycle.pause, lifecycle.resume, lifecycle.retire])(
            credential, actor=None, now=AFTER
        )

    make(acme, now=MADE)

    closings = Closing.objects.for_tenant(acme).filter(business_date=DAY)
    assert dict(closings.values_list("balance", "counting")) == counted
    totals = ClosingTotal.objects.for_tenant(acme).filter(business_date=DAY, unknown__gt=0)
    keys = totals.values_list("currency", "holder", "counting", "unknown")
    assert {tuple(key): number for *key, number in keys} == awaited
    assert [*checking.counted_twice(), *checking.not_summed()] == []


def test_the_statements_of_a_day_do_not_grow_with_its_twins(acme: Tenant) -> None:
    old, new = twins(acme)
    with CaptureQueriesContext(connection) as few:
        make(acme, now=MADE)
    for credential in (old, new):
        keep(credential, *(row(f"m-{n}") for n in range(40)), at=READ + timedelta(days=1))

    with CaptureQueriesContext(connection) as many:
        make(acme, now=MADE + timedelta(days=1))

    assert Closing.objects.for_tenant(acme).count() == 2 + 80
    assert len(many) == len(few)
