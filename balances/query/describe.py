"""Say a query in a sentence, for the heading, the chart's title and the cover of a file.

Texts are plain; the caller gives the translator. `labels` names codes for people: field → value → words.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from balances.query.catalogue import (
    FIELDS,
    INSTANT_PHRASES,
    MINUTES_PHRASES,
    OPERATORS,
    Arity,
    Field,
    Kind,
    Operator,
)
from balances.query.tree import BalanceQuery, Condition, Group, Logic, Sort, Value
from balances.query.values import encode_value
from providers.money import format_amount
from providers.phrases import phrase as _

Labels = Mapping[str, Mapping[str, str]]
Translator = Callable[[str], str]
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def describe(
    query: BalanceQuery, *, labels: Labels, zone: ZoneInfo, gettext: Translator = str
) -> str:
    """Return the sentence: what is searched, filtered, left out, grouped and sorted.

    Time: instants are told in `zone`.
    """
    words = _Words(labels=labels, zone=zone, gettext=gettext)
    parts = [words.search(query), words.filters(query)]
    about = f" {gettext('and')} ".join(part for part in parts if part)
    sentences = [
        f"{gettext('Balances where')} {about}" if about else gettext("All balances"),
        "" if query.names_state else gettext("Closed balances are left out"),
        words.grouping(query),
        words.order(query),
    ]
    return ". ".join(sentence for sentence in sentences if sentence) + "."


def words_of(
    condition: Condition, *, labels: Labels, zone: ZoneInfo, gettext: Translator = str
) -> tuple[str, str, str]:
    """Return a condition's field, operator and value in words, for a chip."""
    return _Words(labels=labels, zone=zone, gettext=gettext).condition(condition)


def words_of_group(
    group: Group, *, labels: Labels, zone: ZoneInfo, gettext: Translator = str
) -> str:
    """Return a group of the top level in words, in brackets as a sentence has it."""
    return f"({_Words(labels=labels, zone=zone, gettext=gettext).group(group)})"


class _Words:
    """Say parts of one query in one language and zone."""

    def __init__(self, *, labels: Labels, zone: ZoneInfo, gettext: Translator) -> None:
        self.labels = labels
        self.zone = zone
        self.gettext = gettext

    def search(self, query: BalanceQuery) -> str:
        """Say what is searched for."""
        if not query.q:
            return ""
        terms = f" {self.gettext('and')} ".join(f"“{term}”" for term in query.q.split())
        return f"{self.gettext('any text holds')} {terms}"

    def filters(self, query: BalanceQuery) -> str:
        """Say the whole filter; a group that stands alone in the sentence needs no brackets."""
        where = query.where
        alone = where.filters[0] if len(where.filters) == 1 and not query.q else None
        return self.group(alone if isinstance(alone, Group) else where)

    def group(self, group: Group) -> str:
        """Say a group; a group inside another stands in brackets."""
        between = f" {self.gettext(_('or') if group.logic is Logic.OR else _('and'))} "
        return between.join(
            " ".join(self.condition(part))
            if isinstance(part, Condition)
            else f"({self.group(part)})"
            for part in group.filters
        )

    def condition(self, condition: Condition) -> tuple[str, str, str]:
        """Say field, operator and value; a negation says that rows without a value are in it."""
        field, operator = FIELDS[condition.field], OPERATORS[condition.operator]
        label = self.gettext(field.label)
        if operator.arity is Arity.NONE:
            phrase = field.absent if operator.name == "is_null" else field.present
            return (label, self.gettext("is"), self.gettext(phrase))
        join = _("and") if operator.arity is Arity.TWO else _("or")
        values = [self.value(field, value) for value in condition.values]
        said = f" {self.gettext(join)} ".join(values)
        if field.kind is Kind.MINUTES and operator.name != "lte":
            said = f"{said} {self.gettext('ago')}"
        if operator.negates and field.absent and "" not in condition.values:
            said = f"{said}, {self.gettext('or')} {self.gettext(field.absent)}"
        return (label, self.gettext(_phrase(field, operator)), said)

    def value(self, field: Field, value: Value) -> str:
        """Say one value."""
        if isinstance(value, Decimal):
            return format_amount(value, 0)
        if isinstance(value, datetime):
            return self.instant(value)
        if isinstance(value, bool):
            return self.gettext(_("yes") if value else _("no"))
        if isinstance(value, int):
            return self.span(value)
        written = encode_value(value) if value else self.gettext("none")
        return self.labels.get(field.name, {}).get(value, written)

    def span(self, minutes: int) -> str:
        """Say minutes in the largest unit that holds them exactly."""
        for size, unit in ((1440, _("days")), (60, _("hours"))):
            if minutes >= 2 * size and minutes % size == 0:
                return f"{minutes // size} {self.gettext(unit)}"
        return f"{minutes} {self.gettext('minutes')}"

    def instant(self, value: datetime) -> str:
        """Say an instant in the zone, to the second only where it has one."""
        local = value.astimezone(self.zone)
        day = f"{local.day} {self.gettext(MONTHS[local.month - 1])} {local.year}"
        return f"{day}, {local:%H:%M:%S}" if local.second else f"{day}, {local:%H:%M}"

    def grouping(self, query: BalanceQuery) -> str:
        """Say what rows are grouped by."""
        names = ", ".join(self.gettext(FIELDS[name].label).lower() for name in query.group_by)
        return f"{self.gettext('Grouped by')} {names}" if names else ""

    def order(self, query: BalanceQuery) -> str:
        """Say the order."""
        return f"{self.gettext('Sorted by')} {', '.join(map(self.sort, query.sort))}"

    def sort(self, key: Sort) -> str:
        """Say one sort key with its direction."""
        field = FIELDS[key.field]
        direction = field.descending if key.descending else field.ascending
        return f"{self.gettext(field.label).lower()} ({self.gettext(direction)})"


def _phrase(field: Field, operator: Operator) -> str:
    if field.kind is Kind.INSTANT:
        return INSTANT_PHRASES.get(operator.name, operator.phrase)
    return MINUTES_PHRASES[operator.name] if field.kind is Kind.MINUTES else operator.phrase
