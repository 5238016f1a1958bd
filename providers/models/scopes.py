"""Hold scopes: the smallest sets of balances a provider answers whole."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models.credentials import Credential
from providers.tenancy.models import TenantOwned


class ScopeKind(models.TextChoices):
    """What reading a scope yields: balances, or only the names of further scopes."""

    BALANCES = "BALANCES", _("Balances")
    LISTING = "LISTING", _("List of customers")


class AsOfSource(models.TextChoices):
    """Whose clock an as-of time is."""

    PROVIDER = "PROVIDER", _("Provider's own time")
    RESPONSE_DATE = "RESPONSE_DATE", _("Date of the provider's answer")
    RECEIVED = "RECEIVED", _("Time we received it")


class Scope(TenantOwned):
    """One scope of a credential, due by itself; confirmation of its balances stands here, not on them.

    Time: `read_at` is when it was last read whole and applied (our clock), `as_of` the time that reading was
    true; both are null until a first reading. `due_at` (database clock) is set only when the scope is due apart
    from its credential. `error_code` is set while its last attempt failed, `held_at` while a doubtful reading
    waits, `closed_at` once it is no longer watched. `row_count` and `currencies` are those of the last whole
    reading.
    """

    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="scopes")
    ref = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=ScopeKind.choices, default=ScopeKind.BALANCES)
    name = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)
    as_of_source = models.CharField(max_length=14, choices=AsOfSource.choices, blank=True)
    readings = models.PositiveBigIntegerField(default=0)
    attempted_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=30, blank=True)
    error_detail = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    currencies = models.JSONField(default=list, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (models.UniqueConstraint("tenant", "credential", "ref", name="scope_ref"),)
        indexes = (
            models.Index("due_at", name="scope_due"),
            models.Index(
                "credential",
                condition=models.Q(read_at=None, closed_at=None),
                name="scope_never_read",
            ),
        )

    def __str__(self) -> str:
        return f"{self.ref} of {self.credential_id}"
