"""Scope every query of tenant-owned rows to one tenant, or refuse it."""

import re
import secrets
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from django.db import models

if TYPE_CHECKING:
    from providers.tenancy.models import Tenant

M = TypeVar("M", bound=models.Model)
PUBLIC_ID = re.compile("[0-9a-f]{32}")


class TenantScopeMissing(RuntimeError):
    """Report a query of tenant-owned rows that names no tenant."""

    def __init__(self, model: str) -> None:
        """Name the model whose rows were asked for without a tenant."""
        super().__init__(f"{model}.objects needs for_tenant(tenant) first; it never spans tenants.")


def new_public_id() -> str:
    """Draw the 128 random bits that stand for a row in addresses, as 32 hex digits."""
    return secrets.token_hex(16)


def is_public_id(text: str) -> bool:
    """Tell whether a text may name a row; PostgreSQL refuses some that never could, a NUL among them."""
    return PUBLIC_ID.fullmatch(text) is not None


class TenantManager(models.Manager[M]):
    """Answer nothing until `for_tenant` has named whose rows are meant."""

    def for_tenant(self, tenant: "Tenant") -> models.QuerySet[M]:
        """Select the rows of one tenant."""
        return super().get_queryset().filter(tenant=tenant)

    def get_queryset(self) -> NoReturn:
        """Refuse a query without a tenant.

        Raises: TenantScopeMissing, always.
        """
        raise TenantScopeMissing(self.model.__name__)


class AppendOnlyError(RuntimeError):
    """Report an attempt to change or delete what may only be added."""

    def __init__(self, model: str) -> None:
        """Name the append-only model."""
        super().__init__(f"{model} is append-only: its rows are never changed or deleted.")


class AppendOnlyQuerySet(models.QuerySet[M]):
    """Refuse bulk updates and deletes."""

    def update(self, **kwargs: Any) -> NoReturn:
        """Refuse to change rows. Raises: AppendOnlyError."""
        raise AppendOnlyError(self.model.__name__)

    def delete(self) -> NoReturn:
        """Refuse to delete rows. Raises: AppendOnlyError."""
        raise AppendOnlyError(self.model.__name__)

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse to change rows. Raises: AppendOnlyError."""
        raise AppendOnlyError(self.model.__name__)


class AppendOnlyModel(models.Model):
    """Let rows be written once and then only be read."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row. Raises: AppendOnlyError, when it already exists."""
        if not self._state.adding:
            raise AppendOnlyError(type(self).__name__)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse. Raises: AppendOnlyError."""
        raise AppendOnlyError(type(self).__name__)
