"""Say every problem of a tenant in one line each: what it is, what it means, where to mend it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from balances.models import Balance, Decision, HeldReading, HoldReason
from balances.results import Context, Total
from balances.templatetags.figures import moment
from balances.views.missing import asked
from dashboard.standing import count, kept, of_credential, unconfirmed
from dashboard.unsynced import Unsynced, sentence
from providers.errors import CredentialRejected
from providers.models import Credential
from providers.tenancy.scoping import Action, may
from providers.views.health import mend_text
from providers.views.selection import credential_label
from providers.words import error_words, told_status

# The name of a group's only scope.
ONE_OF_HELD = {"one_name": Min("scope__name"), "one_ref": Min("scope__ref")}


def problems(
    context: Context,
    credentials: Sequence[Credential],
    parts: Sequence[Total],
    *,
    groups: Sequence[Unsynced],
    role: str,
) -> list[dict[str, Any]]:
    """Return the lines: credentials failing whole, in parts or silent, readings held, balances to decide on."""
    by_key = {credential.pk: credential for credential in credentials}
    own = {key: of_credential(parts, key=key) for key in by_key}
    return [
        *(_failing(c, own[c.pk], context, role=role) for c in credentials if _is_failing(c)),
        *_failing_parts(context, by_key, own, groups),
        *_stale(by_key, own, context),
        *_held(context, by_key, own),
        *_missing(context),
    ]


def _is_failing(credential: Credential) -> bool:
    return bool(credential.error_code) and credential.paused_at is None


def _failing(
    credential: Credential, own: Sequence[Total], context: Context, *, role: str
) -> dict[str, Any]:
    words = error_words(credential.error_code)
    name, last = credential_label(credential), credential.last_succeeded_at
    fact = format_html(_("{name} was never read whole."), name=name)
    if last is not None:
        time = moment(last, context.now)
        fact = format_html(_("{name} has not synced since {time}."), name=name, time=time)
    told = told_status(credential.error_detail)
    why = f"{capfirst(str(words.short))}{f' ({told})' if told else ''}."
    is_mended_here = credential.error_code == CredentialRejected.code
    return {
        "tone": "bad",
        "icon": "alert",
        "fact": fact,
        "text": _joined(why, "" if is_mended_here else words.remedy, kept(own, now=context.now)),
        "links": _failing_links(credential, context, role=role)
        or [_balances_link(context, "not_synced", own, credential)],
    }


def _failing_links(credential: Credential, context: Context, *, role: str) -> list[dict[str, str]]:
    """Lead to the runs that failed, and who may mend it to where that is done."""
    slug, links = context.tenant.slug, []
    if may(role, action=Action.READ_PROVIDERS):
        runs = reverse("providers:runs", args=[slug])
        failed = f"{runs}?status=failed&credential={credential.public_id}"
        links.append({"label": _("See the failed runs"), "url": failed})
    if may(role, action=Action.MANAGE_CREDENTIALS):
        url = reverse("providers:credential", args=[slug, credential.public_id])
        links.append({"label": mend_text(credential), "url": url})
    return links


def _stale(
    by_key: Mapping[int, Credential],
    own: Mapping[int, Sequence[Total]],
    context: Context,
) -> list[dict[str, Any]]:
    """Say once per credential which of its balances nobody confirmed in time, though nothing failed."""
    lines = []
    for key, credential in by_key.items():
        n = count(own[key], state="stale")
        if not n:
            continue
        fact = ngettext(
            "%(n)s balance of %(name)s is stale.", "%(n)s balances of %(name)s are stale.", n
        )
        lines.append(
            {
                "tone": "warn",
                "icon": "clock",
                "fact": fact % {"n": f"{n:,}", "name": credential_label(credential)},
                "text": unconfirmed(own[key], now=context.now),
                "links": [_balances_link(context, "stale", own[key], credential)],
            }
        )
    return lines


def _joined(*sentences: str | Promise) -> str:
    """Put sentences beside each other; those that hold a time are marked up already."""
    return format_html_join(" ", "{}", ((each,) for each in sentences if each))


def _failing_parts(
    context: Context,
    by_key: Mapping[int, Credential],
    own: Mapping[int, Sequence[Total]],
    groups: Sequence[Unsynced],
) -> list[dict[str, Any]]:
    """Say once per credential and reason what of it fails, where it does not fail as a whole."""
    reasons = Counter(group.credential_id for group in groups)
    return [
        _failing_part(group, by_key[key], own[key], context=context, is_only=reasons[key] == 1)
        for key, group in ((group.credential_id, group) for group in groups)
    ]


def _failing_part(
    group: Unsynced,
    credential: Credential,
    own: Sequence[Total],
    *,
    context: Context,
    is_only: bool,
) -> dict[str, Any]:
    words = error_words(group.error_code)
    why = f"{capfirst(str(words.short))}."
    # Of several reasons it is not known which balance stands for which.
    stay = kept(own, now=context.now, state="not_synced") if is_only else ""
    return {
        "tone": "bad",
        "icon": "alert",
        "fact": sentence(group, name=credential_label(credential)),
        "since": group.since,
        "text": _joined(why, words.remedy, stay or _("Figures stay as last read.")),
        "links": [_balances_link(context, "not_synced", own, credential)],
    }


def _held(
    context: Context,
    by_key: Mapping[int, Credential],
    own: Mapping[int, Sequence[Total]],
) -> list[dict[str, Any]]:
    waiting = HeldReading.objects.for_tenant(context.tenant).filter(decision=Decision.WAITING)
    found = (
        waiting.filter(scope__credential__in=list(by_key))
        .values("scope__credential_id", "reason")
        .annotate(n=Count("pk"), since=Min("held_at"), detail=Min("detail"), **ONE_OF_HELD)
        .order_by("since", "scope__credential_id", "reason")
    )
    lines = []
    for group in found:
        credential = by_key[group["scope__credential_id"]]
        fact = ngettext(
            "A reading of %(name)s, %(what)s, is held.",
            "%(n)d readings of %(name)s are held.",
            group["n"],
        )
        reason = str(HoldReason(group["reason"]).label)
        lines.append(
            {
                "tone": "warn",
                "icon": "lock",
                "fact": fact % _said(group, credential),
                "since": group["since"],
                "text": f"{reason}: {group['detail']}." if group["n"] == 1 else f"{reason}.",
                "links": [_balances_link(context, "held", own[credential.pk], credential)],
            }
        )
    return lines


def _said(group: Mapping[str, Any], credential: Credential) -> dict[str, Any]:
    what = group["one_name"] or group["one_ref"]
    return {"n": group["n"], "name": credential_label(credential), "what": what}


def _missing(context: Context) -> list[dict[str, Any]]:
    """Ask what to do with balances that are not reported any more."""
    balances = Balance.objects.for_tenant(context.tenant)
    n = balances.filter(asked(now=context.now)).count()
    if not n:
        return []
    fact = ngettext(
        "%(n)d balance is not reported any more.", "%(n)d balances are not reported any more.", n
    )
    path = reverse("balances:list", args=[context.tenant.slug])
    links = [{"label": _("Show them"), "url": f"{path}?state=missing"}]
    text = _("Their last figures still count. Close them or keep them?")
    return [
        {"tone": "warn", "icon": "clock", "fact": fact % {"n": n}, "text": text, "links": links}
    ]


def _balances_link(
    context: Context, state: str, own: Sequence[Total], credential: Credential
) -> dict[str, str]:
    """Lead to a credential's balances of one state, saying how many they are, or to all if none is."""
    n = count(own, state=state)
    label = ngettext("Show the balance", "Show the %(n)s balances", n) if n else _("Open the list")
    path = reverse("balances:list", args=[context.tenant.slug])
    url = f"{path}?credential={credential.public_id}"
    return {"label": label % {"n": f"{n:,}"}, "url": f"{url}&state={state}" if n else url}
