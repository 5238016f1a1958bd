"""Hold a tenant's lasting link to one provider, and the sealed secrets in it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.tenancy.models import TenantOwned, User


class Environment(models.TextChoices):
    """Which of the provider's worlds a key opens; only LIVE is real money."""

    LIVE = "LIVE", _("Live")
    SANDBOX = "SANDBOX", _("Sandbox")


class Credential(TenantOwned):
    """One tenant's key and settings for one provider, its schedule, lease and health.

    Time: `interval` and `stale_after` are seconds. Due times and lease times are the database's clock;
    `due_at` is null while paused or retired; it moves when a run ends, not when one is claimed.
    `fence` grows with every claim and every lost lease; a commit under an older fence is refused.
    `queued_at` is when a wake-up was sent that nobody took yet; `requested_by` is who asked for the next run.
    `throttled_until` is how long the provider asked to be left alone; nobody's wish goes round it.
    `identity_ref` is what the provider calls the company behind the key (Payman `agentId`, Payiano `app.id`).
    `error_code` is set while the last run's failure concerned the whole credential, with its first time.
    """

    provider = models.CharField(max_length=20)
    environment = models.CharField(
        max_length=10, choices=Environment.choices, default=Environment.LIVE
    )
    name = models.CharField(max_length=80)
    settings = models.JSONField(default=dict, blank=True)
    interval = models.PositiveIntegerField(default=300)
    stale_after = models.PositiveIntegerField(default=900)
    holder = models.CharField(max_length=10, blank=True)
    identity_ref = models.CharField(max_length=64, blank=True)
    identity_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)

    due_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    throttled_until = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_succeeded_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=30, blank=True)
    error_detail = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ("provider", "name", "id")
        constraints = (
            models.UniqueConstraint(
                "tenant", "provider", "environment", "name", name="credential_name"
            ),
        )
        indexes = (models.Index("due_at", name="credential_due"),)

    def __str__(self) -> str:
        return f"{self.provider} {self.name}"

    @property
    def is_test(self) -> bool:
        """Tell whether its money is test money."""
        return self.environment == Environment.SANDBOX

    @property
    def is_active(self) -> bool:
        """Tell whether it is neither paused nor retired."""
        return self.paused_at is None and self.retired_at is None


class Secret(TenantOwned):
    """One sealed value of a credential, which goes in and never comes out.

    `sealed` is the text of `providers.sealing`, bound to tenant, credential and field. `last_four` is all
    that is ever shown of the value.
    """

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="secrets")
    field = models.CharField(max_length=40)
    sealed = models.TextField()
    last_four = models.CharField(max_length=4, blank=True)
    set_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (
            models.UniqueConstraint("tenant", "credential", "field", name="secret_field"),
        )

    def __str__(self) -> str:
        return f"{self.field} of {self.credential_id}"
