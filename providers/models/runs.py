"""Hold sync runs: each conversation with a provider, and its outcome."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.models.credentials import Credential
from providers.models.scopes import Scope
from providers.tenancy.models import TenantOwned, User


class RunStatus(models.TextChoices):
    """How a run stands or ended; `providers/decisions.md` says which outcome is which."""

    RUNNING = "RUNNING", _("Running")
    SUCCEEDED = "SUCCEEDED", _("Succeeded")
    PARTIAL = "PARTIAL", _("Partial")
    HELD = "HELD", _("Held")
    FAILED = "FAILED", _("Failed")
    ABANDONED = "ABANDONED", _("Abandoned")


class Trigger(models.TextChoices):
    """What made a run start."""

    SCHEDULE = "SCHEDULE", _("Schedule")
    PERSON = "PERSON", _("Sync now")
    COMMAND = "COMMAND", _("Command")


class Outcome(models.TextChoices):
    """How the reading of one scope ended."""

    READ = "READ", _("Read")
    HELD = "HELD", _("Held")
    FAILED = "FAILED", _("Failed")


class SyncRun(TenantOwned):
    """One conversation with a provider under one fence.

    Time: `started_at` and `ended_at` are the database's clock. Counts are of scopes and rows; `rows_changed`
    counts balances whose figures changed. `error_code` names the class of an error that ended the whole run.
    `is_whole` tells a run that set out to read everything from one of a few due scopes.
    """

    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="runs")
    fence = models.PositiveBigIntegerField()
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.SCHEDULE)
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_whole = models.BooleanField(default=True)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.RUNNING)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    scopes_total = models.PositiveIntegerField(default=0)
    scopes_read = models.PositiveIntegerField(default=0)
    scopes_held = models.PositiveIntegerField(default=0)
    scopes_failed = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=30, blank=True)
    error_detail = models.CharField(max_length=300, blank=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (models.UniqueConstraint("tenant", "credential", "fence", name="run_fence"),)
        indexes = (
            models.Index(fields=("tenant", "-started_at", "-id"), name="run_tenant_started"),
            models.Index("status", "credential", name="run_status"),
        )

    def __str__(self) -> str:
        return f"{self.credential_id} {self.started_at:%Y-%m-%d %H:%M} {self.status}"


class RunScope(TenantOwned):
    """What one run learned of one scope; written only for scopes failed, held or changed."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="scopes")
    scope = models.ForeignKey(Scope, on_delete=models.CASCADE, related_name="outcomes")
    outcome = models.CharField(max_length=6, choices=Outcome.choices)
    error_code = models.CharField(max_length=30, blank=True)
    error_detail = models.CharField(max_length=300, blank=True)
    rows_read = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (models.UniqueConstraint("tenant", "run", "scope", name="runscope_scope"),)

    def __str__(self) -> str:
        return f"{self.scope_id} in {self.run_id}: {self.outcome}"
