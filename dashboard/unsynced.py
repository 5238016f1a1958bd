"""Say whose balances are not synced while the rest of their credential is: counted, and named by account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.models import Account
from balances.results import Context
from providers.models import Credential, Scope

NAMED = 3
COLUMNS = ("credential_id", "error_code", "failing_since", "name", "ref")
OF_ACCOUNT = ("display_name", "name", "owner_name", "external_ref", "closed_at")


@dataclass(kw_only=True)
class Unsynced:
    """Hold what of one credential fails for one reason, since when, and by which names people know it.

    `names` are those of accounts, and of a scope that has no balance yet its own.
    """

    credential_id: int
    error_code: str
    since: datetime | None
    balances: int = 0
    names: set[str] = field(default_factory=set)

    @property
    def named(self) -> str:
        """Return the first names, and how many more there are."""
        first = ", ".join(sorted(self.names)[:NAMED])
        more = len(self.names) - NAMED
        return first if more <= 0 else _("%(names)s and %(n)d more") % {"names": first, "n": more}


def unsynced(context: Context, *, credentials: Iterable[Credential]) -> list[Unsynced]:
    """Return a group per credential and reason, the oldest first, where neither fails or rests as a whole."""
    whole = [c.pk for c in credentials if not c.error_code and c.paused_at is None]
    found = (
        Scope.objects.for_tenant(context.tenant)
        .filter(credential__in=whole, closed_at=None)
        .exclude(error_code="")
        .order_by("failing_since", "credential_id", "error_code", "ref")
        .values_list(*COLUMNS, *(f"balances__account__{name}" for name in OF_ACCOUNT))
    )
    groups: dict[tuple[int, str], Unsynced] = {}
    for key, code, since, name, ref, *of_account in found:
        group = groups.setdefault(
            (key, code), Unsynced(credential_id=key, error_code=code, since=since)
        )
        account = Account(**dict(zip(OF_ACCOUNT, of_account, strict=True)))
        _add(group, account, scope=name or ref)
    return list(groups.values())


def _add(group: Unsynced, account: Account, *, scope: str) -> None:
    is_open = bool(account.label) and account.closed_at is None
    group.balances += is_open
    named = account.display_name or account.name or account.owner_name
    group.names.add(named if is_open and named else scope)


def short(groups: Sequence[Unsynced], *, key: int) -> str:
    """Say in a few words what of a credential is not synced; "" where no balance is concerned."""
    own = [group for group in groups if group.credential_id == key]
    n, names = sum(group.balances for group in own), {name for group in own for name in group.names}
    if not n:
        return ""
    one = ngettext(
        "%(n)s balance of %(name)s not synced", "%(n)s balances of %(name)s not synced", n
    )
    many = ngettext("%(n)s balance not synced", "%(n)s balances not synced", n)
    return (one if len(names) == 1 else many) % {"n": f"{n:,}", "name": "".join(sorted(names)[:1])}


def sentence(group: Unsynced, *, name: str) -> str:
    """Say it in a sentence; `name` is the credential's."""
    if not group.balances:
        text = _("%(names)s of %(name)s: not synced.")
    else:
        text = ngettext(
            "%(n)s balance of %(name)s is not synced: %(names)s.",
            "%(n)s balances of %(name)s are not synced: %(names)s.",
            group.balances,
        )
    return text % {"n": f"{group.balances:,}", "name": name, "names": group.named}
