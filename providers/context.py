"""Give every page below a tenant what its bar says of the connections."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from providers.health import Parts, counted
from providers.models import Credential
from providers.pill import sync_pill
from providers.tenancy.scoping import Action, may


def connections(request: HttpRequest) -> dict[str, Any]:
    """Add `sync_pill`, read only when a template shows it and no view has given its own."""
    tenant = getattr(request, "tenant", None)
    if tenant is None:
        return {}
    linked = may(getattr(request, "role", None), action=Action.READ_PROVIDERS)

    def read() -> dict[str, str]:
        stored = list(Credential.objects.for_tenant(tenant).annotate(**counted(tenant)))
        parts = {each.pk: Parts(each.failing_parts, each.held_parts) for each in stored}
        pill = sync_pill(stored, parts=parts, slug=tenant.slug, now=timezone.now(), linked=linked)
        return pill or {}

    return {"sync_pill": SimpleLazyObject(read)}
