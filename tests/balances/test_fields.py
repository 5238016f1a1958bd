import unicodedata
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import connection, transaction
from django.db.models import (
    Avg,
    Case,
    CharField,
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    FloatField,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    When,
    Window,
)
from django.db.models.functions import Abs, Cast, Coalesce, Round
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from balances.fields import (
    EXACT,
    AmountField,
    AmountInput,
    AmountSum,
    ArithmeticRefused,
    FoldedField,
    fold,
    mean,
)
from balances.models import Account, Balance
from providers.money import AmountError
from providers.tenancy.models import Tenant
from tests.balances.builders import (
    make_account,
    make_balance,
    make_credential,
    make_scope,
    make_tenant,
)

MOST = Decimal("99999999999999999999.999999999999999999")
LEAST = MOST.copy_negate()  # a minus sign would round to the 28 digits of the default context
STEP = Decimal("0.000000000000000001")
EXTREMES = [MOST, LEAST, Decimal(0), STEP, -STEP, Decimal("12345678901234567.123456789")]


@st.composite
def amounts(draw: st.DrawFn) -> Decimal:
    """Draw from all amounts, near ones and extremes as often as any."""
    scaled = draw(
        st.one_of(
            st.integers(-(10**38) + 1, 10**38 - 1),
            st.integers(-20, 20),
            st.integers(-100, 100).map(lambda n: n * 10**18),
        )
    )
    return draw(st.one_of(st.just(EXACT.scaleb(Decimal(scaled), -18)), st.sampled_from(EXTREMES)))


# The examples share one test's database; each clears its own rows.
shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
some = st.lists(st.one_of(st.none(), amounts()), max_size=12)


@pytest.fixture
def keep(db: None) -> Any:
    """Give the function that stores exactly these amounts, one a row."""
    credential = make_credential(make_tenant())
    scope, account = make_scope(credential), make_account(credential)

    def store(values: list[Decimal | None]) -> Any:
        Balance.unscoped.all().delete()
        Balance.unscoped.bulk_create(
            Balance(
                tenant=credential.tenant,
                account=account,
                scope=scope,
                currency=f"C{number:03}",
                holder="OWN",
                available=value,
            )
            for number, value in enumerate(values)
        )
        return Balance.unscoped.order_by("currency")

    return store


def stored(rows: Any) -> list[Decimal | None]:
    return list(rows.values_list("available", flat=True))


@shared
@given(values=some)
def test_amounts_return_as_they_were_stored(keep: Any, values: list[Decimal | None]) -> None:
    assert stored(keep(values)) == values


@shared
@given(values=some, bound=amounts(), other=amounts())
def test_comparisons_are_those_of_decimal(
    keep: Any, values: list[Decimal | None], bound: Decimal, other: Decimal
) -> None:
    rows = keep(values)
    known = [value for value in values if value is not None]

    assert stored(rows.filter(available=bound)) == [v for v in known if v == bound]
    assert stored(rows.filter(available__lt=bound)) == [v for v in known if v < bound]
    assert stored(rows.filter(available__lte=bound)) == [v for v in known if v <= bound]
    assert stored(rows.filter(available__gt=bound)) == [v for v in known if v > bound]
    assert stored(rows.filter(available__gte=bound)) == [v for v in known if v >= bound]
    between = [v for v in known if bound <= v <= other]
    assert stored(rows.filter(available__range=(bound, other))) == between
    assert stored(rows.filter(available__in=[bound, other])) == [
        v for v in known if v in (bound, other)
    ]
    assert stored(rows.filter(available__isnull=True)) == [v for v in values if v is None]


@shared
@given(values=some)
def test_order_is_that_of_decimal(keep: Any, values: list[Decimal | None]) -> None:
    rows = keep(values).filter(available__isnull=False)
    known = sorted(value for value in values if value is not None)

    assert stored(rows.order_by("available")) == known
    assert stored(rows.order_by("-available")) == known[::-1]


@shared
@given(values=some)
def test_aggregates_are_those_of_decimal(keep: Any, values: list[Decimal | None]) -> None:
    below = Q(available__lt=Decimal(0))
    found = keep(values).aggregate(
        total=AmountSum("available"),
        debt=AmountSum("available", filter=below),
        least=Min("available"),
        most=Max("available"),
        n=Count("available"),
    )

    known = [value for value in values if value is not None]
    wide = Context(prec=80)
    total, debt = Decimal(0), Decimal(0)
    for value in known:
        total, debt = wide.add(total, value), wide.add(debt, min(value, Decimal(0)))
    assert found["total"] == (total if known else None)
    assert found["debt"] == (debt if min(known, default=0) < 0 else None)
    assert (found["least"], found["most"]) == (min(known, default=None), max(known, default=None))
    assert found["n"] == len(known)
    if known:
        assert Fraction(mean(found["total"], count=found["n"])) == mean_of(known)


def mean_of(amounts: Iterable[Decimal]) -> Fraction:
    """Return the mean to 18 places, half to even, by whole numbers alone."""
    scaled = [Fraction(amount) * 10**18 for amount in amounts]
    return Fraction(round(sum(scaled, Fraction()) / len(scaled)), 10**18)


@given(values=st.lists(amounts(), min_size=1, max_size=12))
def test_means_are_those_of_fractions(values: list[Decimal]) -> None:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)

    assert Fraction(mean(total, count=len(values))) == mean_of(values)


@pytest.mark.parametrize(
    ("total", "count", "expected"),
    [("1", 3, "0.333333333333333333"), ("3e-18", 2, "2e-18"), ("-5e-18", 2, "-2e-18")],
)
def test_means_have_18_places_half_to_even(total: str, count: int, expected: str) -> None:
    assert mean(Decimal(total), count=count) == Decimal(expected)


@shared
@given(values=some, limit=amounts())
def test_totals_are_compared_exactly(
    keep: Any, values: list[Decimal | None], limit: Decimal
) -> None:
    groups = keep(values).order_by().values("holder").annotate(total=AmountSum("available"))

    known = [value for value in values if value is not None]
    total = Decimal(0)
    for value in known:
        total = EXACT.add(total, value)
    assert bool(groups.filter(total__gte=limit)) == (bool(known) and total >= limit)


@shared
@given(old=some, new=amounts())
def test_update_and_upsert_keep_every_digit(
    keep: Any, old: list[Decimal | None], new: Decimal
) -> None:
    rows = keep([*old, None])
    last = rows.last()

    rows.filter(pk=last.pk).update(available=new)
    assert stored(rows) == [*old, new]

    rows.update(available=F("available"), pending=F("available"))
    assert [row.pending for row in rows] == [*old, new]

    fresh = [
        Balance(
            tenant_id=row.tenant_id,
            account_id=row.account_id,
            scope_id=row.scope_id,
            currency=row.currency,
            holder="OWN",
            available=new,
        )
        for row in rows
    ]
    Balance.unscoped.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["tenant", "account", "currency"],
        update_fields=["available"],
    )
    assert stored(rows) == [new] * (len(old) + 1)


@shared
@given(value=amounts())
def test_expressions_that_only_choose_keep_the_amount(keep: Any, value: Decimal) -> None:
    rows = keep([value]).annotate(
        other=Coalesce("pending", "available"),
        chosen=Case(When(available__isnull=False, then=F("available"))),
    )

    assert rows.values_list("other", "chosen").get() == (value, value)


NO_AMOUNTS = [
    *(1.5, float("nan"), True, "1.50", 10**20),
    *(EXACT.add(MOST, STEP), Decimal("1e-19"), Decimal("NaN"), Decimal("Infinity")),
]


@pytest.mark.parametrize("wrong", NO_AMOUNTS)
def test_values_that_are_no_amounts_are_refused(keep: Any, wrong: Any) -> None:
    rows = keep([Decimal(1)])

    with pytest.raises(AmountError):
        rows.filter(available__gte=wrong).count()
    with pytest.raises(AmountError), transaction.atomic():
        rows.update(available=wrong)
    assert stored(rows) == [Decimal(1)]


@pytest.mark.parametrize("aggregate", [Sum, Avg])
def test_plain_aggregates_of_amounts_raise(keep: Any, aggregate: Any) -> None:
    rows = keep([Decimal(1), Decimal(2)])

    with pytest.raises(FieldError):
        rows.aggregate(x=aggregate("available"))
    with pytest.raises(FieldError):
        list(rows.values("holder").annotate(x=Coalesce(aggregate("available"), "available")))


def test_arithmetic_of_amounts_in_the_database_raises(keep: Any) -> None:
    rows = keep([Decimal(1)])
    both = F("available") + F("available")

    for act in (
        lambda: list(rows.annotate(x=both)),
        lambda: list(rows.annotate(x=ExpressionWrapper(both, output_field=AmountField()))),
        lambda: rows.update(available=both),
        lambda: rows.update(available=F("available") + 1),
        lambda: rows.filter(available__gt=both).count(),
        lambda: rows.filter(available__in=[both]).count(),
        lambda: rows.filter(available__range=(both, both)).count(),
    ):
        with pytest.raises(FieldError), transaction.atomic():
            act()
    assert stored(rows) == [Decimal(1)]


COMPUTED: dict[str, Callable[[], Any]] = {
    "sum of two": lambda: F("available") + F("pending"),
    "sum with a number": lambda: F("available") + 1,
    "number first": lambda: 1 - F("available"),
    "negated": lambda: -F("available"),
    "wrapped": lambda: ExpressionWrapper(F("available"), output_field=DecimalField()) + 1,
    "chosen": lambda: Case(When(available__gt=0, then=F("available"))) * 2,
    "absolute": lambda: Abs("available"),
    "cast": lambda: Cast("available", FloatField()),
    "cast to text": lambda: Cast("available", CharField()),
    "window": lambda: Window(Sum("available"), partition_by="holder"),
    "of another table": lambda: Abs(
        Subquery(Balance.unscoped.filter(pk=OuterRef("pk")).values("available"))
    ),
}
ADDED: dict[str, Callable[[], Any]] = {
    "sum": lambda: Sum("available"),
    "sum as decimal": lambda: Sum("available", output_field=DecimalField()),
    "mean": lambda: Avg("available", output_field=FloatField()),
    "absolute of most": lambda: Abs(Max("available")),
    "cast of exact": lambda: Cast(AmountSum("available"), FloatField()),
}


@pytest.mark.parametrize("made", COMPUTED.values(), ids=COMPUTED)
def test_nothing_computed_of_amounts_is_sorted_or_told(keep: Any, made: Callable[[], Any]) -> None:
    rows = keep([Decimal(1), Decimal(2)])
    asks: list[Callable[[], Any]] = [
        lambda: rows.order_by(made()),
        lambda: rows.annotate(x=made()).order_by("x"),
        lambda: rows.alias(x=made()).order_by("-x"),
        lambda: rows.annotate(y=F("available")).values_list(made()),
        lambda: rows.alias(x=made()).filter(x__gt=Decimal(0)),
    ]

    for ask in asks:
        with pytest.raises(ArithmeticRefused):
            list(ask())


@pytest.mark.parametrize("made", ADDED.values(), ids=ADDED)
def test_nothing_inexact_is_added_up(keep: Any, made: Callable[[], Any]) -> None:
    rows = keep([Decimal(1), Decimal(2)]).order_by()

    for ask in (
        lambda: rows.aggregate(x=made()),
        lambda: list(rows.values("holder").annotate(x=made()).order_by("x")),
        lambda: list(rows.values("holder").alias(x=made()).order_by("x").values("holder")),
        lambda: list(Account.unscoped.annotate(x=Sum("balances__available")).order_by("x")),
    ):
        with pytest.raises(ArithmeticRefused):
            ask()


@pytest.mark.parametrize(
    "lookup",
    "contains icontains startswith istartswith endswith iendswith regex iregex iexact".split(),
)
def test_amounts_are_no_text_to_search(keep: Any, lookup: str) -> None:
    rows = keep([Decimal(1)])

    with pytest.raises(FieldError, match=f"Unsupported lookup '{lookup}'"):
        rows.filter(**{f"available__{lookup}": "1"}).count()


def test_conditions_on_amounts_may_be_counted_and_computed_with(keep: Any) -> None:
    rows = keep([Decimal(-1), Decimal(2), None])
    below = Case(When(available__lt=0, then=1), default=0)

    found = rows.aggregate(
        debts=Sum(below) + Count("available"), n=Sum("scope_id", filter=Q(available__lt=0))
    )

    assert found == {"debts": 3, "n": rows.first().scope_id}


def test_a_refusal_names_the_exact_way() -> None:
    assert "AmountSum" in str(ArithmeticRefused(F("available") + 1))


@pytest.mark.sqlite
def test_sqlite_stores_amounts_as_text_of_one_width(keep: Any) -> None:
    keep([LEAST, Decimal(0), MOST])

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT available, typeof(available) FROM balances_balance ORDER BY available"
        )
        found = cursor.fetchall()
    assert {kind for _, kind in found} == {"text"}
    assert {len(text) for text, _ in found} == {39}


@pytest.mark.postgresql
def test_postgresql_stores_amounts_as_numeric(keep: Any) -> None:
    keep([MOST])

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_typeof(available)::text, available FROM balances_balance")
        assert cursor.fetchone() == ("numeric", MOST)


def test_the_default_sort_uses_its_index(keep: Any) -> None:
    rows = keep([Decimal(number) for number in range(50)])

    with connection.cursor() as cursor:
        names = {
            name
            for name, facts in connection.introspection.get_constraints(
                cursor, Balance._meta.db_table
            ).items()
            if facts["index"]
        }
    assert {"balance_default_sort", "balance_totals"} <= names
    assert rows.count() == 50


def test_the_form_field_reads_exact_decimals() -> None:
    field = AmountField(null=True, blank=True).formfield()
    assert isinstance(field, AmountInput)

    assert field.clean("12345678901234567.123456789") == Decimal("12345678901234567.123456789")
    assert field.clean("") is None
    assert field.prepare_value(Decimal("1.500000000000000000")) == "1.5"
    assert field.prepare_value("1,5") == "1,5"
    for wrong in ("1,5", "1e999999", "NaN", "٣", "9" * 5000):
        with pytest.raises(ValidationError):
            field.clean(wrong)


def test_amounts_go_through_fixtures_unchanged(db: None) -> None:
    balance = make_balance(make_credential(make_tenant()), available=MOST, pending=None)
    field = Balance._meta.get_field("available")

    assert field.to_python(field.value_to_string(balance)) == MOST
    assert Balance._meta.get_field("pending").value_to_string(balance) == ""
    with pytest.raises(ValidationError):
        field.to_python(1.5)


def test_folded_twins_follow_what_they_fold(db: None) -> None:
    credential = make_credential(make_tenant(), provider="payiano", name="Haupt")
    account = make_account(credential, external_ref="BAL-1", name="ÉTÉ Straße", network="TRON")
    assert account.label_folded == "été strasse"

    Account.unscoped.bulk_create(
        [
            Account(
                tenant=credential.tenant,
                credential=credential,
                external_ref="B2",
                kind="WALLET",
                holder="CUSTOMERS",
                display_name="ΣΊΣΥΦΟΣ",
            )
        ]
    )

    found = Account.unscoped.get(external_ref="B2")
    assert found.label_folded == "σίσυφοσ"
    assert found.search.split("\n")[-1] == "payiano haupt"


def test_folded_twins_order_by_bytes(db: None) -> None:
    credential = make_credential(make_tenant())
    names = ["ä", "a", "z", "Z", "é", "e", "_", "-", "1", "Ω", "😀", "ﬀ", "a b", "ab"]
    for name in names:
        make_account(credential, name=name)

    found = Account.unscoped.order_by("label_folded", "id").values_list("name", flat=True)

    assert list(found) == sorted(names, key=fold)


def test_a_migration_leaves_the_twin_as_it_is() -> None:
    _, path, args, kwargs = FoldedField(of=("name",)).deconstruct()

    assert (path, args, "of" in kwargs) == ("balances.fields.FoldedField", [], False)


@given(text=st.text())
def test_composed_and_decomposed_texts_fold_alike(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_a_total_beyond_all_totals_is_refused(keep: Any) -> None:
    groups = keep([Decimal(1)]).order_by().values("holder").annotate(total=AmountSum("available"))

    for wrong in (Decimal("Infinity"), Decimal("1e31")):
        with pytest.raises(AmountError):
            groups.filter(total__gt=wrong).count()
    assert groups.filter(total__gt=Decimal("1e29")).count() == 0


def test_a_twin_that_folds_nothing_keeps_its_text(db: None) -> None:
    account = make_account(make_credential(make_tenant()), name="Before")
    bare = FoldedField()
    bare.set_attributes_from_name("label_folded")

    account.label_folded = "as migrated"

    assert bare.pre_save(account, add=False) == "as migrated"


@pytest.mark.parametrize(
    "expression",
    [Abs("available"), Round("available"), Sum("available")],
    ids=["abs", "round", "sum"],
)
def test_what_the_database_would_compute_is_neither_read_nor_compared(
    acme: Tenant, expression: Any
) -> None:
    make_balance(make_credential(acme), available="1.005")
    found = Balance.unscoped.values("pk")

    with pytest.raises(FieldError):
        list(found.annotate(computed=expression).values_list("computed"))
    with pytest.raises(FieldError):
        list(found.annotate(computed=expression).filter(computed__gt=Decimal(1)))
