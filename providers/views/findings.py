"""Put what a connection test showed into steps a person reads."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from providers.connectors.base import Step, StepName, Verdict
from providers.currencies import exponent, is_test
from providers.models import Environment
from providers.phrases import translated
from providers.rows import BalanceRow
from providers.services.drafts import WHOLE_FORM, Draft
from providers.services.verification import Finding

FIRST_ROWS = 5
ICONS = {"ok": "check", "bad": "error", "skip": "dash"}


@dataclass(frozen=True, kw_only=True)
class StepItem:
    """One step of a test, passed, failed or not tried; the last one tried says how long all took."""

    tone: str
    text: str
    took: str = ""

    @property
    def icon(self) -> str:
        """Return the name of the tone's icon."""
        return ICONS[self.tone]


@dataclass(frozen=True, kw_only=True)
class RowItem:
    """One of the balances read first; Units: natural."""

    account: str
    currency: str
    decimals: int
    available: Decimal | None
    pending: Decimal | None
    is_test: bool


def present(finding: Finding, *, draft: Draft) -> dict[str, Any]:
    """Return the context of `_test_result.html`."""
    return {
        "passed": finding.is_fit,
        "title": _title(finding, label=draft.connector.label),
        "environment": Environment(draft.environment).label,
        "is_test_money": draft.environment == "SANDBOX",
        "also_through": [other.name for other in finding.also_through],
        "steps": _steps(finding, label=draft.connector.label),
        "rows": [_row(row) for row in finding.verdict.rows[:FIRST_ROWS]],
    }


def faults(finding: Finding, *, draft: Draft) -> dict[str, str]:
    """Put the step that failed at the field that mends it, else above the form."""
    failed = finding.verdict.steps[-1]
    entered = tuple(draft.secrets)
    at = {StepName.HOST: ("base_url",), StepName.TOKEN: entered, StepName.PERMISSION: entered}
    return dict.fromkeys(at.get(failed.name) or (WHOLE_FORM,), failed.detail)


def stranger_text() -> str:
    """Say why a secret that works is refused all the same."""
    return _(
        "This key opens another company's data: nothing that is held came back with it. "
        "Make a new credential for it."
    )


def _title(finding: Finding, *, label: str) -> str:
    if finding.is_fit:
        return _("Test passed")
    if finding.is_stranger:
        return _("Another company's key")
    failed = finding.verdict.steps[-1].name if finding.verdict.steps else StepName.HOST
    return {
        StepName.HOST: _("Test failed at reaching %(label)s"),
        StepName.TOKEN: _("Test failed at sign-in"),
        StepName.PERMISSION: _("Test failed at the permission"),
        StepName.ANSWER: _("Test failed at reading balances"),
    }[failed] % {"label": label}


def _steps(finding: Finding, *, label: str) -> list[StepItem]:
    """Return reach, sign in and read: those proven, the one that failed, and those not tried."""
    verdict = finding.verdict
    told = {step.name: step for step in verdict.steps}
    lacks = told.get(StepName.PERMISSION)
    last = StepName.PERMISSION if lacks and not lacks.ok else StepName.ANSWER
    shown = (StepName.HOST, StepName.TOKEN, last)
    items = [_step(name, told.get(name), verdict=verdict, label=label) for name in shown]
    tried = max((n for n, item in enumerate(items) if item.tone != "skip"), default=0)
    items[tried] = replace(items[tried], took=_milliseconds(finding.took))
    if finding.is_stranger:
        items.append(StepItem(tone="bad", text=stranger_text()))
    return items


def _milliseconds(took: timedelta) -> str:
    return _("%(n)s ms") % {"n": f"{max(round(took.total_seconds() * 1000), 1):,}"}


def _step(name: StepName, step: Step | None, *, verdict: Verdict, label: str) -> StepItem:
    if step is None:
        return StepItem(tone="skip", text=_skipped(name, verdict=verdict, label=label))
    if not step.ok:
        return StepItem(tone="bad", text=translated(step.detail, into=translation) or _("Failed"))
    return StepItem(tone="ok", text=_proof(name, verdict=verdict, label=label))


def _skipped(name: StepName, *, verdict: Verdict, label: str) -> str:
    """Say that a step was not tried; an answer that failed proves nothing of the key it was asked with."""
    if name is StepName.TOKEN and verdict.steps[-1].name is StepName.ANSWER:
        return _("Sign in, not known")
    aim = {
        StepName.HOST: _("Reach %(label)s") % {"label": label},
        StepName.TOKEN: _("Sign in"),
    }.get(name, _("Read balances"))
    return _("%(step)s, not tried") % {"step": aim}


def _proof(name: StepName, *, verdict: Verdict, label: str) -> str:
    if name is StepName.HOST:
        return _("Reached %(label)s") % {"label": label}
    if name is StepName.TOKEN and verdict.identity_name:
        return _("Signed in as %(name)s") % {"name": verdict.identity_name}
    return _("Signed in") if name is StepName.TOKEN else _read(verdict.rows)


def _read(rows: tuple[BalanceRow, ...]) -> str:
    """Count the balances read, by currency: `Read 9 balances: EGP 7, EUR 2`."""
    if not rows:
        return _("Read the answer; it holds no balance yet")
    text = ngettext("Read %(n)d balance", "Read %(n)d balances", len(rows)) % {"n": len(rows)}
    counts = Counter(row.currency for row in rows)
    return f"{text}: {', '.join(f'{code} {n}' for code, n in sorted(counts.items()))}"


def _row(row: BalanceRow) -> RowItem:
    return RowItem(
        account=row.account_name or row.owner_name or row.account_ref,
        currency=row.currency,
        decimals=exponent(row.currency) if row.decimals is None else row.decimals,
        available=row.available,
        pending=row.pending,
        is_test=is_test(row.currency),
    )
