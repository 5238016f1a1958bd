"""Doubtful readings: which are held, what a second one proves, what a person decides."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from balances import ingest
from balances.ingest import Recorded
from balances.ingest.holding import AGAIN_AFTER, decode_rows, encode_row
from balances.models import Account, Coverage, Decision, HeldReading, HoldReason, Observation
from providers import schedule
from providers.errors import ServerError
from providers.models import Credential, Outcome, RunScope, Scope
from providers.rows import AccountKind, BalanceRow, Flag
from providers.tenancy.models import Tenant
from tests.balances.builders import make_credential
from tests.balances.readings import MINUTE, T0, balance, failed, keep, many, open_run, row


@pytest.fixture
def credential(acme: Tenant) -> Credential:
    return make_credential(acme)


def waited() -> None:
    """Let the minute pass after which a second reading counts."""
    earlier = schedule.database_now() - AGAIN_AFTER - timedelta(seconds=5)
    HeldReading.unscoped.filter(decision=Decision.WAITING).update(held_at=earlier)


def figures() -> list[tuple[Decimal | None, datetime | None]]:
    return [(balance(f"m-{i:03}").available, balance(f"m-{i:03}").missing_since) for i in range(3)]


@pytest.mark.parametrize(
    ("known", "dropped", "is_held"),
    [(4, 3, False), (4, 4, True), (20, 4, False), (20, 5, True), (3, 3, False)],
)
def test_dropping_more_than_three_and_a_fifth_is_held(
    credential: Credential, known: int, dropped: int, is_held: bool
) -> None:
    keep(credential, *many(known))

    recorded = keep(credential, *many(known)[dropped:], at=T0 + MINUTE)

    assert (recorded.outcome == Outcome.HELD) == is_held
    assert HeldReading.unscoped.exists() == is_held


@pytest.mark.parametrize(("zeroed", "is_held"), [(3, False), (4, True)])
def test_zeroing_more_than_three_and_a_fifth_is_held(
    credential: Credential, zeroed: int, is_held: bool
) -> None:
    keep(credential, *many(10))

    rows = [*many(10, "0")[:zeroed], *many(10)[zeroed:]]
    recorded = keep(credential, *rows, at=T0 + MINUTE)

    assert (recorded.outcome == Outcome.HELD) == is_held


@pytest.mark.parametrize(
    ("before", "after", "values", "is_held"),
    [
        ("10.00", "1000.00", {}, True),
        ("1000.00", "10.00", {}, True),
        ("10.00", "100.00", {}, False),
        ("10.00", "1000.01", {}, False),
        ("1.5", "1500000", {"currency": "USDC"}, True),
        ("1.5", "150", {"currency": "USDC"}, False),
        ("10.00", "10000.00", {"decimals": 3}, True),
        ("500", "50000", {"currency": "JPY"}, False),
        ("12345678901234567.123456789012345678", "1234567890123456712.3456789012345678", {}, True),
    ],
)
def test_move_by_exactly_its_scale_is_held(
    credential: Credential, before: str, after: str, values: dict[str, object], is_held: bool
) -> None:
    keep(credential, row("m-1", before, **values))

    recorded = keep(credential, row("m-1", after, **values), at=T0 + MINUTE)

    assert (recorded.outcome == Outcome.HELD) == is_held


def leave_out(credential: Credential) -> None:
    for at in (MINUTE, 3 * MINUTE):  # the second time it is believed
        keep(credential, row("n-1"), at=T0 + at)
        waited()


def close(credential: Credential) -> None:
    Account.unscoped.update(closed_at=T0, closed_from=T0.date())


def move_away(credential: Credential) -> None:
    Scope.unscoped.update(ref="elsewhere")


@pytest.mark.parametrize("meanwhile", [leave_out, close, move_away])
@pytest.mark.parametrize(
    ("after", "reason"), [("12345", HoldReason.SCALE), ("0", HoldReason.ZEROED)]
)
def test_what_was_missing_closed_or_elsewhere_is_doubted_too(
    credential: Credential,
    meanwhile: Callable[[Credential], None],
    after: str,
    reason: HoldReason,
) -> None:
    keep(credential, *many(4, "123.45"), row("n-1"))
    meanwhile(credential)

    recorded = keep(credential, *many(4, after), row("n-1"), at=T0 + 5 * MINUTE)

    assert (recorded.outcome, recorded.detail) == (Outcome.HELD, "4 of 5")
    assert balance("m-000").available == Decimal("123.45")
    assert HeldReading.unscoped.get(decision=Decision.WAITING).reason == reason


def test_first_reading_ever_is_never_held(credential: Credential) -> None:
    assert keep(credential, *many(50, "0")).outcome == Outcome.READ


def test_while_held_the_old_figures_and_times_stand(credential: Credential) -> None:
    keep(credential, *many(10))
    before = figures()

    keep(credential, at=T0 + MINUTE)

    scope = Scope.unscoped.get()
    held = HeldReading.unscoped.get()
    assert figures() == before
    assert (scope.read_at, scope.held_at) == (T0, T0 + MINUTE)
    assert scope.due_at == held.held_at + timedelta(seconds=60)
    assert (held.reason, held.detail, held.decision) == (HoldReason.DROPPED, "10 of 10", "WAITING")
    assert Coverage.unscoped.get().ended_at == T0
    assert RunScope.unscoped.get(outcome=Outcome.HELD).rows_read == 0


def hold_then(credential: Credential, *second: BalanceRow, first: list[BalanceRow]) -> Recorded:
    keep(credential, *many(10))
    keep(credential, *first, at=T0 + MINUTE)
    waited()
    return keep(credential, *second, at=T0 + 3 * MINUTE)


def test_second_reading_of_a_mass_disappearance_releases_it(credential: Credential) -> None:
    recorded = hold_then(credential, row("m-000", "11.00"), first=many(1))

    gone = balance("m-005")
    assert recorded.outcome == Outcome.READ
    assert gone.available == Decimal("10.00")
    assert gone.missing_since == T0 + 3 * MINUTE
    assert gone.unusual_at is not None
    assert balance("m-000").unusual_at is None
    assert HeldReading.unscoped.get().decision == Decision.CONFIRMED
    assert Scope.unscoped.get().held_at is None


def test_second_reading_of_a_mass_zeroing_need_not_be_equal(credential: Credential) -> None:
    recorded = hold_then(credential, *many(6, "0"), *many(10)[6:], first=many(10, "0"))

    assert recorded.outcome == Outcome.READ
    assert balance("m-000").available == Decimal(0)
    assert balance("m-000").unusual_at is not None
    assert Coverage.unscoped.count() == 2


def test_second_reading_before_its_time_proves_nothing(credential: Credential) -> None:
    keep(credential, *many(10))
    keep(credential, at=T0 + MINUTE)

    recorded = keep(credential, at=T0 + MINUTE + timedelta(seconds=30))

    assert recorded.outcome == Outcome.HELD
    assert HeldReading.unscoped.get().decision == Decision.WAITING


def test_plain_second_reading_refutes_the_first(credential: Credential) -> None:
    hold_then(credential, *many(10, "12.00"), first=[])

    assert HeldReading.unscoped.get().decision == Decision.REFUTED
    assert balance("m-001").available == Decimal("12.00")
    assert Scope.unscoped.get().held_at is None


def test_another_doubt_the_second_time_is_held_anew(credential: Credential) -> None:
    recorded = hold_then(credential, *many(10, "0"), first=[])

    assert recorded.outcome == Outcome.HELD
    assert list(HeldReading.unscoped.order_by("pk").values_list("reason", "decision")) == [
        (HoldReason.DROPPED, Decision.REFUTED),
        (HoldReason.ZEROED, Decision.WAITING),
    ]


def test_changed_unit_agrees_with_itself_and_stays_held(credential: Credential) -> None:
    changed = many(10, "1000.00")

    recorded = hold_then(credential, *changed, first=changed)

    assert recorded.outcome == Outcome.HELD
    assert HeldReading.unscoped.get().decision == Decision.WAITING
    assert Scope.unscoped.get().due_at is None
    assert balance("m-001").available == Decimal("10.00")


def test_accepted_rows_are_applied_exactly_and_read_again_at_once(credential: Credential) -> None:
    keep(credential, row("m-1", "10.00"))
    keep(credential, row("m-1", "1000.00"), at=T0 + MINUTE)

    held = HeldReading.unscoped.select_related("scope__credential__tenant", "run").get()
    changed = ingest.accept_held(held)

    scope = Scope.unscoped.get()
    assert changed == 1
    assert balance().available == Decimal("1000.00")
    assert (scope.read_at, scope.held_at) == (T0 + MINUTE, None)
    assert scope.due_at is not None
    assert Observation.unscoped.count() == 2


def test_held_rows_come_back_exactly() -> None:
    full = BalanceRow(
        account_ref="w-1",
        account_kind=AccountKind.WALLET,
        currency="USDC",
        available=Decimal("-12345678901234567890.123456789012345678"),
        pending=None,
        ledger=Decimal(0),
        as_of=T0,
        account_name="Näme",
        owner_ref="c",
        owner_name="o",
        network="base",
        address="0x1",
        decimals=6,
        verified=False,
        flags=frozenset({Flag.FUTURE_TIME}),
    )

    assert decode_rows([encode_row(full)]) == (full,)


@pytest.mark.parametrize(
    ("doubted", "is_due"),
    [(many(5, "0"), True), (many(5, "1000.00"), False)],
    ids=["zero", "scale"],
)
def test_second_reading_that_fails_is_asked_for_again(
    credential: Credential, doubted: list[BalanceRow], is_due: bool
) -> None:
    keep(credential, *many(5))
    keep(credential, *doubted, at=T0 + MINUTE)
    waited()

    run = open_run(credential)
    ingest.record(run, reading=failed(ServerError("503"), at=T0 + 2 * MINUTE))

    scope = Scope.unscoped.get()
    assert scope.held_at is not None
    assert (scope.due_at is not None) == is_due
    if scope.due_at is not None:
        assert scope.due_at > schedule.database_now()
