"""Hold closings: what each balance, currency and holder stood at when a business day ended."""

from typing import Any

from django.db import models

from balances.fields import AmountField, TotalField
from providers.tenancy.managers import AppendOnlyModel, AppendOnlyQuerySet, TenantManager
from providers.tenancy.models import TenantOwned


class ClosingDay(AppendOnlyModel, TenantOwned):
    """One business day that was closed; made once, with all its closings, in one transaction.

    Time: `cutoff_at` is where the day ended in the tenant's zone as it was then, `made_at` when this was written:
    what is learned later of the day is no part of it.
    """

    business_date = models.DateField()
    cutoff_at = models.DateTimeField()
    made_at = models.DateTimeField()
    balances = models.PositiveIntegerField()

    objects: TenantManager[Any] = TenantManager.from_queryset(AppendOnlyQuerySet)()
    unscoped = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (models.UniqueConstraint("tenant", "business_date", name="closing_day_date"),)

    def __str__(self) -> str:
        return f"{self.tenant_id} closed {self.business_date}"


class Closing(AppendOnlyModel, TenantOwned):
    """The last value of one balance that was read by the end of a business day.

    Units: natural units of the balance's currency; None is "the provider does not say", never zero.
    Time: `as_of` when the value was true, `fetched_at` the reading that first saw it, `confirmed_at` the last one
    by the cut-off that saw it still (the cut-off itself where readings go on past it without a gap).
    `is_confirmed` tells a value read within stale-after of the cut-off from one that is carried forward.
    `holder` and doubt are those of the moment it was made; which of several readings of one money counts is
    judged as of the cut-off.
    """

    balance = models.ForeignKey(
        "balances.Balance", on_delete=models.PROTECT, related_name="closings", db_index=False
    )
    business_date = models.DateField()
    holder = models.CharField(max_length=10)
    counting = models.CharField(max_length=14)
    available = AmountField(null=True)
    pending = AmountField(null=True)
    ledger = AmountField(null=True)
    as_of = models.DateTimeField()
    as_of_source = models.CharField(max_length=14)
    fetched_at = models.DateTimeField()
    confirmed_at = models.DateTimeField()
    is_confirmed = models.BooleanField()

    objects: TenantManager[Any] = TenantManager.from_queryset(AppendOnlyQuerySet)()
    unscoped = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                "tenant", "balance", "business_date", name="closing_balance_date"
            ),
        )
        indexes = (models.Index(fields=("tenant", "business_date"), name="closing_date"),)

    def __str__(self) -> str:
        return f"{self.balance_id} at the close of {self.business_date}"


class ClosingTotal(AppendOnlyModel, TenantOwned):
    """The sum of a day's closings of one currency, holder and counting; None where no row reports the figure.

    `rows` are `confirmed`, `carried` and `unknown` ones; the last exist but were never read by then, and stand in
    no sum. Sums below zero stand apart too. Time: `oldest_at` is the oldest confirmation among the rows.
    """

    business_date = models.DateField()
    currency = models.CharField(max_length=12)
    holder = models.CharField(max_length=10)
    counting = models.CharField(max_length=14)
    rows = models.PositiveIntegerField()
    confirmed = models.PositiveIntegerField()
    carried = models.PositiveIntegerField()
    unknown = models.PositiveIntegerField()
    oldest_at = models.DateTimeField(null=True)
    available = TotalField(null=True)
    available_reported = models.PositiveIntegerField()
    available_negative = TotalField(null=True)
    available_negative_count = models.PositiveIntegerField()
    pending = TotalField(null=True)
    pending_reported = models.PositiveIntegerField()
    pending_negative = TotalField(null=True)
    pending_negative_count = models.PositiveIntegerField()
    ledger = TotalField(null=True)
    ledger_reported = models.PositiveIntegerField()
    ledger_negative = TotalField(null=True)
    ledger_negative_count = models.PositiveIntegerField()

    objects: TenantManager[Any] = TenantManager.from_queryset(AppendOnlyQuerySet)()
    unscoped = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                "tenant",
                "business_date",
                "currency",
                "holder",
                "counting",
                name="closing_total_key",
            ),
        )

    def __str__(self) -> str:
        return f"{self.currency} {self.holder} at the close of {self.business_date}"
