"""Keep amounts exact, and text findable, the same on SQLite and PostgreSQL.

SQLite's decimals are floats: they lose digits, compare wrong and sum wrong. There an amount is a text of
fixed width, `amount × 10^18` raised by an offset that makes it positive, so that text compares, sorts and
indexes as the numbers do; sums are made in Python. PostgreSQL has numeric(38,18).
"""

import unicodedata
from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, Count, Func, Max, Min, Q, Subquery, lookups
from django.db.models.expressions import BaseExpression, Col, CombinedExpression, ExpressionList
from django.db.models.functions import Coalesce, NullIf
from django.db.models.indexes import IndexExpression
from django.db.models.sql.where import WhereNode

from providers.money import PLACES, WHOLE_DIGITS, AmountError, check_amount, parse_amount, plain

if TYPE_CHECKING:
    # Django's fields are generic for the type checker alone.
    _Field = models.Field[Decimal | None, Decimal | None]
    _TextField = models.TextField[str, str]
    _Lookup = type[lookups.Lookup[Any]]
else:
    _Field, _TextField, _Lookup = models.Field, models.TextField, type

# The default context keeps 28 digits and would drop the rest unseen.
EXACT = Context(prec=60)
_STEP = Decimal(1).scaleb(-PLACES)


class ArithmeticRefused(FieldError):
    """Say which expression would compute with amounts inside the database."""

    def __init__(self, expression: object) -> None:
        """Name the expression and the way that is exact."""
        super().__init__(f"{expression!r} is not exact everywhere; use AmountSum, or Python.")


class AmountField(_Field):
    """Store a Decimal of up to 20 whole digits and 18 places without losing one.

    It derives from Field, not DecimalField, so that `F() + F()` finds no common type and raises.
    Units: natural. Raises: AmountError for floats, NaN and amounts out of range.
    """

    description = "Exact amount"
    empty_strings_allowed = False
    whole_digits = WHOLE_DIGITS

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Name the column's type."""
        if connection.vendor == "sqlite":
            return f"varchar({self._width})"
        return f"numeric({self.whole_digits + PLACES}, {PLACES})"

    def to_python(self, value: Any) -> Decimal | None:
        """Read what forms and fixtures hold. Raises: ValidationError."""
        if value is None or value == "":
            return None
        try:
            return parse_amount(value) if isinstance(value, str) else check_amount(_decimal(value))
        except AmountError as fault:
            raise ValidationError(str(fault), code="invalid") from None

    def get_prep_value(self, value: Any) -> Any:
        """Check a value on its way to the database. Raises: AmountError."""
        value = super().get_prep_value(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return self.check_range(_decimal(value))

    def check_range(self, amount: Decimal) -> Decimal:
        """Return the amount, which the column is able to hold. Raises: AmountError."""
        return check_amount(amount)

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        """Write a value in the database's own form."""
        value = value if prepared else self.get_prep_value(value)
        if connection.vendor != "sqlite" or not isinstance(value, Decimal):
            return value
        return self._encode(value)

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Refuse arithmetic of the database as a value to save. Raises: ArithmeticRefused."""
        refuse_arithmetic(value)
        return super().get_db_prep_save(value, connection)

    def from_db_value(
        self, value: Any, expression: Any, connection: BaseDatabaseWrapper
    ) -> Decimal | None:
        """Read a stored amount. Raises: ArithmeticRefused, when an expression computed it."""
        if not isinstance(expression, Col):
            refuse_arithmetic(expression)
        if value is None or isinstance(value, Decimal):
            return value
        return EXACT.scaleb(Decimal(int(value) - self._offset), -PLACES)

    def value_to_string(self, obj: models.Model) -> str:
        """Write the amount for a fixture."""
        value = self.value_from_object(obj)
        return "" if value is None else plain(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Offer what compares amounts, and nothing that would search the stored text."""
        return super().get_lookup(lookup_name) if lookup_name in _LOOKUPS else None

    def formfield(self, **kwargs: Any) -> forms.Field | None:
        """Offer a text input that reads exact decimals."""
        return super().formfield(**{"form_class": AmountInput, **kwargs})

    @property
    def _offset(self) -> int:
        return int(10 ** (self.whole_digits + PLACES))

    @property
    def _width(self) -> int:
        return self.whole_digits + PLACES + 1

    def _encode(self, amount: Decimal) -> str:
        scaled = int(EXACT.scaleb(amount, PLACES))
        return f"{scaled + self._offset:0{self._width}d}"


class TotalField(AmountField):
    """Hold a sum of amounts, which may pass 20 whole digits; for expressions, and for sums that are kept."""

    description = "Exact total"
    whole_digits = WHOLE_DIGITS + 10

    def check_range(self, amount: Decimal) -> Decimal:
        """Return a finite total. Raises: AmountError."""
        if not amount.is_finite() or amount.adjusted() >= self.whole_digits:
            raise AmountError(f"not a total: {amount}")
        return amount


class AmountSum(Aggregate):
    """Sum amounts exactly; None when no row has one."""

    function = "SUM"
    name = "AmountSum"
    arity = 1

    def __init__(self, expression: Any, **extra: Any) -> None:
        super().__init__(expression, output_field=TotalField(), **extra)

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **extra: Any) -> Any:
        """Call the aggregate that `balances.sqlite` made."""
        return self.as_sql(compiler, connection, function="AMOUNT_SUM", **extra)


def mean(total: Decimal, *, count: int) -> Decimal:
    """Divide a total by how many make it up, to 18 places, half to even: the one figure we round."""
    return EXACT.divide(total, Decimal(count)).quantize(_STEP, ROUND_HALF_EVEN, EXACT)


# These hand an amount on as it stands.
_EXACT = (AmountSum, Min, Max, Count, Coalesce, NullIf, ExpressionList, IndexExpression)
# Whatever these speak of, their own value is no amount.
_NO_AMOUNTS = (Count, lookups.Lookup, WhereNode, Q)


def refuse_arithmetic(expression: object) -> None:
    """Raise ArithmeticRefused when an expression computes in the database what is to be an amount."""
    for part in _parts(expression):
        if _is_computing(part):
            raise ArithmeticRefused(part)


def _is_computing(part: object) -> bool:
    return isinstance(part, CombinedExpression | Func) and not isinstance(part, _EXACT)


def _parts(expression: object) -> Iterator[object]:
    """Walk all whose value an expression's value is made of."""
    if isinstance(expression, _NO_AMOUNTS):
        return
    yield expression
    if hasattr(expression, "get_source_expressions"):
        for source in expression.get_source_expressions():
            yield from _parts(source)


def _is_amount(part: object) -> bool:
    if not isinstance(part, Col | Subquery | AmountSum):
        return False
    return isinstance(part.output_field, AmountField)


def guard(expressions: type[BaseExpression]) -> None:
    """Have a class of Django's refuse amounts as its names are resolved, wherever in a query it stands.

    Where it only sorts, or is given another output field, nothing of it ever comes back to an AmountField.
    """
    resolve = expressions.resolve_expression

    def resolve_expression(self: BaseExpression, *args: Any, **kwargs: Any) -> Any:
        resolved = resolve(self, *args, **kwargs)
        if _is_computing(resolved) and any(map(_is_amount, _parts(resolved))):
            raise ArithmeticRefused(self)
        return resolved

    expressions.resolve_expression = resolve_expression  # type: ignore[method-assign]  # Django has no hook here


def _decimal(value: object) -> Decimal:
    """Take Decimal and int. Raises: AmountError for a float, a bool, a text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if not isinstance(value, Decimal):
        raise AmountError(f"not a Decimal: {type(value).__name__}")
    return value


def _refusing(lookup: _Lookup) -> _Lookup:
    """Derive a comparison neither side of which may be computed by the database."""

    def get_prep_lookup(self: Any) -> Any:
        refuse_arithmetic(self.lhs)
        for side in self.rhs if isinstance(self.rhs, list | tuple | set) else (self.rhs,):
            refuse_arithmetic(side)
        return lookup.get_prep_lookup(self)

    return type(f"Amount{lookup.__name__}", (lookup,), {"get_prep_lookup": get_prep_lookup})


_COMPARISONS: tuple[_Lookup, ...] = (
    lookups.Exact,
    lookups.GreaterThan,
    lookups.GreaterThanOrEqual,
    lookups.LessThan,
    lookups.LessThanOrEqual,
    lookups.In,
    lookups.Range,
)
_LOOKUPS = {"isnull", *(each.lookup_name for each in _COMPARISONS)}
for _lookup in _COMPARISONS:
    AmountField.register_lookup(_refusing(_lookup))


class AmountInput(forms.CharField):
    """Read an exact decimal that a person typed; an empty input is None."""

    def to_python(self, value: Any) -> Any:
        """Check the text. Raises: ValidationError."""
        return AmountField().to_python(super().to_python(value))

    def prepare_value(self, value: Any) -> Any:
        """Show the amount without exponent or trailing zeros."""
        return plain(value) if isinstance(value, Decimal) else value


class FoldedField(_TextField):
    """Store the folded twin of other attributes, one a line, to sort and search by.

    It is computed whenever the row is saved, in bulk too; a save with `update_fields` must name it.
    Migrations know nothing of `of`: their models lack the properties it names, and keep the twin as it is.
    Bytes order it on every database, which is the order of Python's `str`.
    """

    def __init__(self, *, of: Sequence[str] = (), **kwargs: Any) -> None:
        defaults: dict[str, Any] = {"editable": False, "blank": True, "default": ""}
        super().__init__(**(defaults | kwargs))
        self.of = tuple(of)

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """Order by bytes: PostgreSQL is told so, SQLite does by itself."""
        parameters = super().db_parameters(connection)
        collation = "C" if connection.vendor == "postgresql" else None
        return {**parameters, "collation": collation}

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Fold what the other attributes hold now."""
        if self.of:
            texts = (str(getattr(model_instance, name)) for name in self.of)
            setattr(model_instance, self.attname, fold("\n".join(texts)))
        return super().pre_save(model_instance, add)


def fold(text: str) -> str:
    """Return the form in which texts are compared: NFC, then casefold."""
    return unicodedata.normalize("NFC", text).casefold()
