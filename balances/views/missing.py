"""Tell when 'Close it or keep it?' is asked of a balance its provider reports no more."""

from datetime import datetime, timedelta

from django.db.models import F, Q

from balances.ingest import ASK_AFTER
from balances.models import Balance

ASK_FROM = timedelta(hours=24)


def asked(*, now: datetime) -> Q:
    """Choose the balances asked about: missing from three whole readings over a day, and not kept since."""
    not_kept = Q(account__kept_at=None) | Q(account__kept_at__lt=F("missing_since"))
    return not_kept & Q(
        missing_readings__gte=ASK_AFTER,
        missing_since__lte=now - ASK_FROM,
        account__closed_at=None,
        scope__closed_at=None,
    )


def is_asked(balance: Balance, *, now: datetime) -> bool:
    """Tell whether one balance is asked about."""
    return Balance.objects.for_tenant(balance.tenant).filter(asked(now=now), pk=balance.pk).exists()
