"""See the list of runs on a phone: however long a result is, its row stays in its sheet."""

from datetime import timedelta

import pytest
from django.utils import timezone

from providers.models import RunStatus, SyncRun
from providers.tenancy.models import Tenant, User
from tests.balances.builders import make_credential
from tests.browser.pages import let_in
from tests.conftest import Walk

pytestmark = pytest.mark.django_db(transaction=True)

BEYOND = """() => [...document.querySelectorAll('#providers-runs-table tbody tr')]
    .map((row) => row.scrollWidth - row.clientWidth).filter((by) => by > 0)"""


def test_long_result_stays_in_its_sheet_on_a_phone(walk: Walk, acme: Tenant, alice: User) -> None:
    credential, at = make_credential(acme), timezone.now() - timedelta(hours=1)
    for fence, minutes in enumerate((0, 11), start=1):
        SyncRun.unscoped.create(
            tenant=acme,
            credential=credential,
            fence=fence,
            status=RunStatus.FAILED,
            error_code="tls_failed",
            started_at=at + timedelta(minutes=minutes),
            ended_at=at + timedelta(minutes=minutes + 1),
        )
    let_in(walk, alice)
    walk.page.set_viewport_size({"width": 390, "height": 800})

    walk.page.goto("/acme/sync-runs/")

    assert walk.page.get_by_text("2 runs failed, certificate not valid").is_visible()
    assert walk.page.evaluate(BEYOND) == []
