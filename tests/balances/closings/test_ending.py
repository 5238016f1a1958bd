from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from balances import tasks
from providers.models import Credential
from providers.tenancy.models import Tenant
from tests.balances.builders import make_credential

MINUTE = timedelta(minutes=1)
# Midnight in Cairo; Berlin's is an hour later.
CUT = datetime(2026, 11, 19, 22, tzinfo=UTC)
LATER = CUT + timedelta(hours=5)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_send", lambda messages: None)


def tick(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr("providers.schedule.database_now", lambda: at)
    tasks.make_closings()


def due_at(credential: Credential) -> datetime | None:
    credential.refresh_from_db()
    return credential.due_at


def test_live_credentials_are_due_as_their_day_ends(
    acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    cairo = make_credential(acme, due_at=LATER, last_started_at=CUT - 60 * MINUTE)
    berlin = make_credential(globex, due_at=LATER)

    tick(monkeypatch, CUT - 4 * MINUTE)
    assert due_at(cairo) == LATER

    tick(monkeypatch, CUT - 3 * MINUTE)
    assert due_at(cairo) == CUT - 3 * MINUTE
    assert due_at(berlin) == LATER


@pytest.mark.parametrize(
    "values",
    [
        {"environment": "SANDBOX"},
        {"error_code": "credential_rejected"},
        {"last_started_at": CUT - 3 * MINUTE},
        {"lease_until": CUT + MINUTE},
        {"paused_at": CUT - 60 * MINUTE},
    ],
    ids=["sandbox", "failing", "just read", "being read", "paused"],
)
def test_others_keep_their_own_time(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    credential = make_credential(acme, due_at=LATER, **values)

    tick(monkeypatch, CUT - 2 * MINUTE)

    assert due_at(credential) == LATER
