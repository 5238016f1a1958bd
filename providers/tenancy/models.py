"""Hold tenants, people, their roles, and the append-only log of what people did."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.tenancy.managers import (
    AppendOnlyModel,
    AppendOnlyQuerySet,
    TenantManager,
    new_public_id,
)


class UserManager(BaseUserManager["User"]):
    """Make people, who are known by their e-mail address alone."""

    def create_user(self, email: str, *, password: str | None = None, name: str = "") -> "User":
        """Save a person; without a password none will ever match."""
        user = self.model(email=self.normalize_email(email).lower(), name=name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a person by e-mail address, whatever its case."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person who signs in; what they may do stands on their memberships.

    `email` is stored in lower case.
    """

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        """Return the name, else the e-mail address."""
        return self.name or self.email


class Tenant(models.Model):
    """A company whose money we watch; nothing of one tenant is seen by another.

    Time: `time_zone` is the IANA zone in which its dates are shown and typed.
    """

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=150)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(default=timezone.now)

    objects = models.Manager["Tenant"]()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class TenantOwned(models.Model):
    """A row that belongs to one tenant and is named by a random public id.

    `objects` raises until `.for_tenant(tenant)`; `unscoped` is for migrations, ingest and scheduler.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)

    objects: TenantManager[Any] = TenantManager()
    unscoped: models.Manager[Any] = models.Manager()

    class Meta:
        abstract = True
        default_manager_name = "unscoped"
        base_manager_name = "unscoped"


class Role(models.TextChoices):
    """What a person may do in a tenant."""

    VIEWER = "VIEWER", _("Viewer")
    ANALYST = "ANALYST", _("Analyst")
    ADMIN = "ADMIN", _("Admin")
    AUDITOR = "AUDITOR", _("Auditor")


class Membership(TenantOwned):
    """A person's role in a tenant; an inactive one opens nothing."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = (models.UniqueConstraint("tenant", "user", name="membership_tenant_user"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant} as {self.role}"


class ActivityEntry(AppendOnlyModel, TenantOwned):
    """One thing a person or the system did, written in the transaction that did it.

    `before` and `after` hold names and plain values, never secrets; `actor` is empty for the system
    and `actor_email` stays when the person is renamed.
    """

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_email = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=40)
    object_type = models.CharField(max_length=40, blank=True)
    object_ref = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    reason = models.TextField(blank=True)

    objects: TenantManager[Any] = TenantManager.from_queryset(AppendOnlyQuerySet)()
    unscoped = models.Manager.from_queryset(AppendOnlyQuerySet)()

    class Meta(TenantOwned.Meta):
        abstract = False
        indexes = (models.Index(fields=("tenant", "-at", "-id"), name="activity_tenant_at"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_email or 'system'}: {self.action}"
