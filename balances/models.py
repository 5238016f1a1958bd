"""Hold what was ever confirmed: accounts, current balances, observations, coverage, held readings."""

from typing import Any

from django.db import models
from django.db.models import F
from django.db.models.expressions import OrderBy
from django.db.models.lookups import IsNull
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from balances.closings.models import Closing as Closing
from balances.closings.models import ClosingDay as ClosingDay
from balances.closings.models import ClosingTotal as ClosingTotal
from balances.fields import AmountField, FoldedField
from providers.models import AsOfSource, Credential, Scope, SyncRun
from providers.tenancy.managers import AppendOnlyModel, AppendOnlyQuerySet, TenantManager
from providers.tenancy.models import TenantOwned, User


class AccountKind(models.TextChoices):
    """What kind of place the money lies in, in the provider's words."""

    MERCHANT = "MERCHANT", _("Merchant")
    AGENT = "AGENT", _("Agent")
    CUSTOMER = "CUSTOMER", _("Customer")
    WALLET = "WALLET", _("Wallet")


class Holder(models.TextChoices):
    """Whose money it is; no total spans the two."""

    OWN = "OWN", _("Own")
    CUSTOMERS = "CUSTOMERS", _("Customers'")


class Counting(models.TextChoices):
    """Which part of a total a row belongs to; only LIVE is a plain total.

    Test money read twice stays apart from live money read twice, as it does wherever totals stand.
    """

    LIVE = "LIVE", _("Live")
    TEST = "TEST", _("Test")
    UNVERIFIED = "UNVERIFIED", _("Unverified")
    DUPLICATE = "DUPLICATE", _("Also read through another credential")
    TEST_DUPLICATE = "TEST_DUPLICATE", _("Test, also read through another credential")
    MANUAL = "MANUAL", _("Manual")


DUPLICATES = (Counting.DUPLICATE, Counting.TEST_DUPLICATE)


class Account(TenantOwned):
    """A place of money at a provider; `external_ref` is the provider's id for it.

    `holder_set` marks a holder chosen by a person, which no sync changes. `closed_from` is the day (tenant's
    zone) from which it left the totals; `reopened_at` is when it was reported again while closed, `kept_at`
    when a person last kept it though missing.
    `label` is what people read: their own name for it, else the provider's, else the reference. The folded
    columns are sort and search twins (NFC, casefold).
    """

    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="accounts")
    external_ref = models.CharField(max_length=64)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    name = models.CharField(max_length=200, blank=True)
    display_name = models.CharField(max_length=120, blank=True)
    owner_ref = models.CharField(max_length=64, blank=True)
    owner_name = models.CharField(max_length=200, blank=True)
    network = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=200, blank=True)
    holder = models.CharField(max_length=10, choices=Holder.choices)
    holder_set = models.BooleanField(default=False)
    counting = models.CharField(max_length=14, choices=Counting.choices, default=Counting.LIVE)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_from = models.DateField(null=True, blank=True)
    closed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_reason = models.CharField(max_length=300, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)
    kept_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    label_folded = FoldedField(of=("label",))
    ref_folded = FoldedField(of=("external_ref",))
    owner_folded = FoldedField(of=("owner_label",))
    owner_ref_folded = FoldedField(of=("owner_ref",))
    address_folded = FoldedField(of=("address",))
    network_folded = FoldedField(of=("network",))
    search = FoldedField(
        of=(
            "display_name",
            "name",
            "owner_name",
            "owner_ref",
            "external_ref",
            "address",
            "network",
            "provider_words",
        )
    )

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint("tenant", "credential", "external_ref", name="account_ref"),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Return the name people read for it."""
        return self.display_name or self.name or self.external_ref

    @property
    def is_watched(self) -> bool:
        """Tell whether any of its balances is still read; without one it stands closed, whatever is said of it."""
        if self.credential.retired_at is not None:
            return False
        watched = Balance.objects.for_tenant(self.tenant).filter(
            account=self, scope__closed_at=None
        )
        return bool(watched.exists())

    @property
    def owner_label(self) -> str:
        """Return the owner's name, else the owner's reference."""
        return self.owner_name or self.owner_ref

    @property
    def provider_words(self) -> str:
        """Return the words by which a search for the provider finds it."""
        return f"{self.credential.provider} {self.credential.name}"


class Balance(TenantOwned):
    """The current figures of one account in one currency.

    Units: natural units of `currency`; None is "the provider does not say", never zero.
    Time: `as_of` is the balance's own provider time, else None (then its scope's holds); `fetched_at` is None while
    the scope's `read_at` holds. A row that goes missing freezes both. `changed_at` is the reading that first saw
    these figures. `missing_readings` counts whole readings without it, up to the three that make us ask.
    `holder` is that of the account, kept here for the totals' index. `counting` is that of the account unless the
    currency is test money, or another credential's reading of the same balance counts: then it is one of
    DUPLICATES, and `counted_by` that credential.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="balances")
    scope = models.ForeignKey(Scope, on_delete=models.PROTECT, related_name="balances")
    currency = models.CharField(max_length=12)
    holder = models.CharField(max_length=10, choices=Holder.choices)
    counting = models.CharField(max_length=14, choices=Counting.choices, default=Counting.LIVE)
    counted_by = models.ForeignKey(
        Credential, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    available = AmountField(null=True, blank=True)
    pending = AmountField(null=True, blank=True)
    ledger = AmountField(null=True, blank=True)
    decimals = models.PositiveSmallIntegerField(null=True, blank=True)
    verified = models.BooleanField(default=True)
    flags = models.JSONField(default=list, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    as_of_source = models.CharField(max_length=14, choices=AsOfSource.choices, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)
    missing_readings = models.PositiveIntegerField(default=0)
    unusual_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint(
                "tenant", "account", "currency", name="balance_account_currency"
            ),
        )
        indexes = (
            models.Index(
                "tenant",
                "currency",
                IsNull(F("available"), True),
                OrderBy(F("available"), descending=True),
                "id",
                name="balance_default_sort",
            ),
            models.Index(
                fields=(
                    "tenant",
                    "currency",
                    "holder",
                    "counting",
                    "available",
                    "pending",
                    "ledger",
                ),
                name="balance_totals",
            ),
            models.Index("scope", name="balance_scope"),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.currency}"


class Observation(AppendOnlyModel, TenantOwned):
    """One value of one balance, from the reading that first saw it; never changed.

    Time: `as_of` when true, `fetched_at` when asked, `recorded_at` when written.
    """

    balance = models.ForeignKey(Balance, on_delete=models.PROTECT, related_name="observations")
    run = models.ForeignKey(SyncRun, on_delete=models.PROTECT, related_name="+")
    available = AmountField(null=True)
    pending = AmountField(null=True)
    ledger = AmountField(null=True)
    as_of = models.DateTimeField()
    as_of_source = models.CharField(max_length=14, choices=AsOfSource.choices)
    fetched_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)

    objects: TenantManager[Any] = TenantManager.from_queryset(AppendOnlyQuerySet)()
    unscoped = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta(TenantOwned.Meta):
        abstract = False
        indexes = (
            models.Index(fields=("balance", "-as_of", "-id"), name="observation_balance_as_of"),
        )

    def __str__(self) -> str:
        return f"{self.balance_id} at {self.as_of:%Y-%m-%d %H:%M:%S}"


class Coverage(TenantOwned):
    """An interval in which a scope's balances were confirmed without a gap."""

    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="coverage")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    readings = models.PositiveBigIntegerField(default=1)

    class Meta(TenantOwned.Meta):
        abstract = False
        indexes = (models.Index("scope", "started_at", name="coverage_scope_started"),)

    def __str__(self) -> str:
        return f"{self.scope_id} {self.started_at:%Y-%m-%d %H:%M} to {self.ended_at:%Y-%m-%d %H:%M}"


class HoldReason(models.TextChoices):
    """Why a reading was doubted."""

    DROPPED = "DROPPED", _("Many balances are gone")
    ZEROED = "ZEROED", _("Many balances became zero")
    SCALE = "SCALE", _("A figure moved by an exact power of ten")


class Decision(models.TextChoices):
    """What became of a held reading."""

    WAITING = "WAITING", _("Waiting")
    CONFIRMED = "CONFIRMED", _("Confirmed by a second reading")
    REFUTED = "REFUTED", _("Refuted by a second reading")
    ACCEPTED = "ACCEPTED", _("Accepted")
    DISCARDED = "DISCARDED", _("Discarded")


class HeldReading(TenantOwned):
    """A whole but doubtful reading of a scope, kept beside the figures it did not replace.

    `rows` are the reading's balances, amounts as exact decimal strings or null. A scope has at most one WAITING.
    Time: `read_at` is our clock, `held_at` the database's, from which the second reading is due.
    """

    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="held_readings")
    run = models.ForeignKey(SyncRun, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=8, choices=HoldReason.choices)
    detail = models.CharField(max_length=300, blank=True)
    rows = models.JSONField(default=list)
    held_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField()
    as_of = models.DateTimeField()
    as_of_source = models.CharField(max_length=14, choices=AsOfSource.choices)
    decision = models.CharField(max_length=9, choices=Decision.choices, default=Decision.WAITING)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decision_reason = models.CharField(max_length=300, blank=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        indexes = (models.Index("tenant", "scope", "decision", name="held_scope_decision"),)

    def __str__(self) -> str:
        return f"{self.reason} on {self.scope_id}"
