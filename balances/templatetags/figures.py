"""Show amounts, instants, ages and states the same way wherever they stand."""

from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from django import template
from django.utils import timezone, translation
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from balances.states import STATES, StateWords
from providers.currencies import CURRENCIES
from providers.money import split_amount
from providers.phrases import translated

register = template.Library()

NO_AMOUNT = (
    '<span class="amt none"><span aria-hidden="true">–<span class="frac"></span></span>'
    '<span class="vh">{}</span></span>'
)


@register.simple_tag
def amount(value: Decimal | None, decimals: int, sign: str = "") -> SafeString:
    """Show an amount in full, a dash where the provider reports none.

    Units: natural units; `decimals` are the currency's, further digits the value has are dimmed.
    `sign="always"` shows a plus, and no colour: a movement is not judged.
    """
    if value is None:
        return format_html(NO_AMOUNT, _("not reported"))
    minus, whole, frac = split_amount(value, decimals)
    plus = "+" if sign == "always" and value > 0 else ""
    usual, beyond = frac[:decimals], frac[decimals:]
    dimmed = f'<span class="beyond">{beyond}</span>' if beyond else ""
    point = f".{usual}" if usual else ("." if beyond else "")
    tone = "amt neg" if value < 0 and not sign else "amt zero" if value == 0 else "amt"
    shown = f'{minus or plus}{whole}<span class="frac">{point}{dimmed}</span>'
    # Digits and our own words only; escaping each part took most of a page's time.
    return SafeString(f'<span class="{tone}">{shown}</span>')


@register.simple_tag
def moment(value: datetime | None, now: datetime) -> SafeString | str:
    """Show an instant in the current zone: the time today, the day this year, else the whole date."""
    if value is None:
        return ""
    return _moment(value, timezone.localdate(now), timezone.get_current_timezone(), get_language())


@lru_cache(maxsize=4096)
def _moment(value: datetime, today: date, zone: tzinfo | None, language: str | None) -> SafeString:
    """Write one instant; most rows of a page were read in the same few moments."""
    local = timezone.localtime(value, zone)
    if local.date() == today:
        text = format_date(local, "H:i")
    elif local.year == today.year:
        text = format_date(local, "j M, H:i")
    else:
        text = format_date(local, "j M Y, H:i")
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), text)


@register.filter
def age(value: timedelta) -> str:
    """Say how long a span is, in its two largest units: 3 h 14 min."""
    minutes = max(int(value.total_seconds()) // 60, 0)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return _("%(minutes)d min") % {"minutes": minutes}


@register.filter
def seconds(value: timedelta | None) -> str:
    """Say how long a run took, to a tenth of a second under a minute."""
    if value is None:
        return ""
    total = value.total_seconds()
    if total < 60:
        return _("%(seconds).1f s") % {"seconds": total}
    return _("%(minutes)d min %(seconds)02d s") % {"minutes": total // 60, "seconds": total % 60}


@register.filter
def state_words(state: str) -> StateWords:
    """Return the words, tone and icon of a balance's state."""
    return STATES[state]


@register.filter
def said(text: str) -> str:
    """Say in the page's language what code without Django put into words."""
    return translated(text, into=translation)


@register.filter
def currency_name(code: str) -> str:
    """Return a currency's English name, nothing for a code we do not know."""
    known = CURRENCIES.get(code)
    return known.name if known else ""


@register.filter
def short_ref(ref: str) -> str:
    """Shorten a long reference to its first six and last four characters."""
    return ref if len(ref) <= 14 else f"{ref[:6]}…{ref[-4:]}"


@register.filter
def balances_count(number: int) -> str:
    """Count balances in words: 1 balance, 42 balances."""
    return ngettext("%(n)s balance", "%(n)s balances", number) % {"n": f"{number:,}"}
