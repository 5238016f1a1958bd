"""Say what no row speaks of: parts of a credential that were never read, and what nobody watches."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from balances.results.context import Context, Unread
from providers.connectors import CONNECTORS
from providers.models import Credential
from providers.phrases import translated


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Hold what is unknown of one credential, in the reader's language, its name before it; "" is nothing.

    `unread` is said of parts that were never read whole and have no row; `unwatched` of what is never asked for.
    """

    unread: str
    unwatched: str


def gaps(context: Context) -> list[Gap]:
    """Return a gap per credential that has one, retired credentials left out; no statement is made."""
    found = [_gap(each, context.unread[each.pk]) for each in context.stored if not each.retired_at]
    return [gap for gap in found if gap.unread or gap.unwatched]


def _gap(credential: Credential, unread: Unread) -> Gap:
    connector = CONNECTORS.get(credential.provider)
    note = ""
    if unread.is_whole:
        note = _("nothing of it was read yet: what it holds is unknown")
    elif unread.parts and connector:
        note = translated(connector.unread_note(unread.parts), into=translation)
    watched = connector.watch_note(connector.values(credential.settings)) if connector else ""
    return Gap(
        unread=f"{credential.name}: {note}" if note else "",
        unwatched=f"{credential.name}. {translated(watched, into=translation)}" if watched else "",
    )
