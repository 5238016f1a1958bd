"""Show a tenant's credentials; let an admin add, edit and test one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from providers.connectors import CONNECTORS
from providers.connectors.base import Connector, SettingsError
from providers.decisions import DecisionForm, credential_forms
from providers.errors import CredentialRejected
from providers.forms import CredentialForm
from providers.models import Credential, Scope
from providers.phrases import translated
from providers.rows import Environment
from providers.sealing import SealingError
from providers.services import credentials as service
from providers.services.drafts import WHOLE_FORM, Draft
from providers.services.secrets import settings_of
from providers.services.verification import Finding, probe
from providers.tenancy import htmx
from providers.tenancy.managers import is_public_id
from providers.tenancy.models import ActivityEntry
from providers.tenancy.people import admins_of
from providers.tenancy.scoping import Action, RoleMissing, TenantRequest, may, role_required
from providers.views import choosing, findings, health, progress
from providers.words import every, lasting

RESULT = {"providers-test-result": "providers/_test_result.html"}
UNPROCESSABLE = 422


@require_GET
@role_required(Action.READ_PROVIDERS)
def credentials(request: TenantRequest, tenant: str) -> HttpResponse:
    """List every credential of the tenant in the address, the retired ones last."""
    now = timezone.now()
    found = Credential.objects.for_tenant(request.tenant).order_by("provider", "name", "pk")
    items = health.present(request.tenant, found, now=now)
    choice = choosing.read(request.GET)
    context = {
        **choosing.shown(items, choice=choice, path=request.path),
        "has_any": bool(items),
        "admins": [] if items else [str(admin) for admin in admins_of(request.tenant)],
        "count": sum(item.credential.retired_at is None for item in items),
        "connectors": list(CONNECTORS.values()),
        "now": now,
    }
    status = UNPROCESSABLE if choice is None else 200
    return htmx.render(request, "providers/credentials.html", context, status=status)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Action.MANAGE_CREDENTIALS)
def credential_add(request: TenantRequest, tenant: str, code: str) -> HttpResponseBase:
    """Offer the form of a new credential, and save it once a test has passed."""
    connector = _connector(code)
    data = request.POST if request.method == "POST" else None
    form = CredentialForm(connector=connector, tenant=request.tenant, data=data)
    return _form_page(request, form) if data is None else _save(request, form)


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Action.READ_PROVIDERS)
def credential(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Show one credential: as a form to an admin, as facts to others and once it is retired.

    Raises: RoleMissing, when another role than an admin's posts.
    """
    found = _found(request, public_id)
    is_admin = may(request.role, action=Action.MANAGE_CREDENTIALS)
    if request.method == "POST" and not is_admin:
        raise RoleMissing(role=request.role, action=Action.MANAGE_CREDENTIALS)
    if not is_admin or found.retired_at is not None:
        return htmx.render(request, "providers/credential.html", _facts(request, found))
    data = request.POST if request.method == "POST" else None
    form = CredentialForm(
        connector=_connector(found.provider), tenant=request.tenant, saved=found, data=data
    )
    return _form_page(request, form) if data is None else _save(request, form)


@sensitive_post_parameters()
@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def test(request: TenantRequest, tenant: str) -> HttpResponse:
    """Read once with what the form holds, saving nothing, and answer with the steps."""
    public_id = request.POST.get("credential")
    saved = _found(request, public_id) if public_id else None
    code = saved.provider if saved else request.POST.get("provider", "")
    form = CredentialForm(
        connector=_connector(code), tenant=request.tenant, saved=saved, data=request.POST
    )
    finding = _probe(form)
    status = 200 if finding else UNPROCESSABLE
    return _form_page(request, form, finding=finding, is_tested=True, status=status)


def refused_page(
    request: TenantRequest, credential: Credential, *, refused: DecisionForm
) -> HttpResponse:
    """Show a credential with a decision about it that was refused, as it was typed and with 422."""
    if credential.retired_at is not None:
        context = {**_facts(request, credential), "refused": refused}
        return htmx.render(request, "providers/credential.html", context, status=UNPROCESSABLE)
    form = CredentialForm(
        connector=_connector(credential.provider), tenant=request.tenant, saved=credential
    )
    return _form_page(request, form, refused=refused, status=UNPROCESSABLE)


def _save(request: TenantRequest, form: CredentialForm) -> HttpResponseBase:
    """Save what the form holds; a new address, key or list must have passed a test just now."""
    finding = _probe(form, only_if_needed=True)
    draft = form.draft
    if draft is None or (finding and not finding.is_fit):
        if draft is not None and finding is not None and not finding.verdict.ok:
            form.add_faults(findings.faults(finding, draft=draft))
        return _form_page(request, form, finding=finding, status=UNPROCESSABLE)
    verdict = finding.verdict if finding else None
    act = service.create if draft.saved is None else service.change
    try:
        saved = act(draft, actor=request.user, now=timezone.now(), verdict=verdict)
    except SettingsError as fault:
        form.add_faults(fault.errors)
        return _form_page(request, form, finding=finding, status=UNPROCESSABLE)
    messages.success(request, _("%(name)s is saved and will be read now.") % {"name": saved.name})
    return redirect("providers:credential", request.tenant.slug, saved.public_id)


def _probe(form: CredentialForm, *, only_if_needed: bool = False) -> Finding | None:
    """Run the test on a valid form, a fault of the key ring becoming one of the form."""
    if not form.is_valid() or form.draft is None:
        return None
    if only_if_needed and not form.draft.asks_otherwise:
        return None
    try:
        finding = probe(form.draft)
    except SealingError as fault:
        form.draft = None
        form.add_faults({WHOLE_FORM: str(fault)})
        return None
    if finding.is_stranger:
        form.add_faults(dict.fromkeys(form.draft.secrets, findings.stranger_text()))
    return finding


def _form_page(
    request: TenantRequest,
    form: CredentialForm,
    *,
    finding: Finding | None = None,
    is_tested: bool = False,
    refused: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "form": form,
        "connector": form.connector,
        "connectors": list(CONNECTORS.values()),
        "result": _result(form.draft, finding),
        "is_tested": is_tested,
        "now": now,
    }
    if form.saved is not None:
        context |= _facts(request, form.saved) | {"refused": refused}
        context["changed"] = _last_change(request, form.saved)
        context["decisions"] = credential_forms(form.saved, refused=refused)
    context["secrets"] = _secrets(form, context.get("item"))
    return htmx.render(
        request, "providers/credential_form.html", context, partials=RESULT, status=status
    )


def _secrets(form: CredentialForm, item: health.CredentialItem | None) -> list[dict[str, object]]:
    """Put each secret's field beside all that is shown of the saved one, and whether it was refused or sent in vain."""
    saved = {secret.field: secret for secret in item.secrets} if item else {}
    return [
        {
            "field": field,
            "saved": saved.get(field.name),
            "is_emptied": form.is_emptied(field.name),
            "is_refused": item is not None
            and item.credential.error_code == CredentialRejected.code,
        }
        for field in form.secret_fields()
    ]


def _last_change(request: TenantRequest, credential: Credential) -> ActivityEntry | None:
    """Return the log's last entry about a credential."""
    entries = ActivityEntry.objects.for_tenant(request.tenant).select_related("actor")
    own = entries.filter(object_type="credential", object_ref=credential.public_id)
    entry: ActivityEntry | None = own.order_by("-at", "-id").first()
    return entry


def _result(draft: Draft | None, finding: Finding | None) -> dict[str, Any] | None:
    return findings.present(finding, draft=draft) if finding and draft else None


def _facts(request: TenantRequest, credential: Credential) -> dict[str, Any]:
    now = timezone.now()
    (item,) = health.present(request.tenant, [credential], now=now)
    scopes = Scope.objects.for_tenant(request.tenant).filter(credential=credential, closed_at=None)
    return {
        "item": item,
        "currencies": sorted(
            {code for codes in scopes.values_list("currencies", flat=True) for code in codes}
        ),
        "settings": _shown_settings(credential),
        "sync_status": progress.first_reading(credential, now=now),
        "now": now,
    }


def _shown_settings(credential: Credential) -> list[tuple[str, str]]:
    """Return the settings in words, for who may read but not edit them."""
    connector, settings = _connector(credential.provider), settings_of(credential)
    address = connector.base_url(
        connector.values(settings), environment=Environment(credential.environment)
    )
    shown = {
        **settings,
        "base_url": address,
        "interval": every(credential.interval),
        "stale_after": lasting(credential.stale_after),
    }
    return [
        (translated(each.label, into=translation), _words(shown.get(each.name, each.default)))
        for each in connector.fields
        if not each.is_secret
    ]


def _words(value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return ", ".join(value) if isinstance(value, list) else str(value or "–")


def _connector(code: str) -> Connector:
    if code not in CONNECTORS:
        raise Http404
    return CONNECTORS[code]


def _found(request: TenantRequest, public_id: str) -> Credential:
    if not is_public_id(public_id):
        raise Http404
    rows = Credential.objects.for_tenant(request.tenant).select_related("tenant", "created_by")
    found: Credential = get_object_or_404(rows, public_id=public_id)
    return found
