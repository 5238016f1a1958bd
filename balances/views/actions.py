"""Carry out what people decide on the pages, and send them back where they were."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from balances import lifecycle, tasks
from balances.lifecycle import Refused
from balances.models import Account, Balance, HeldReading
from balances.views.forms import CloseForm, HeldForm, KeepForm, RenameForm, ReopenForm
from balances.views.pages import detail_page
from providers.decisions import DecisionForm, HolderForm, RetireForm
from providers.models import Credential
from providers.tenancy import htmx
from providers.tenancy.managers import is_public_id
from providers.tenancy.scoping import Action, TenantRequest, role_required
from providers.views.credentials import refused_page
from providers.views.progress import PARTIAL, status

PAGE = "providers/sync_status.html"
# Addresses at which a refused form stands; who comes back by GET finds nothing there.
FORMS = frozenset("rename close reopen keep holder held_decide credential_holder retire".split())


# --- Sync -----------------------------------------------------------------------------------------
@require_POST
@role_required(Action.SYNC)
def sync(request: TenantRequest, tenant: str) -> HttpResponseBase:
    """Have one credential or all active ones read now, joining runs under way."""
    wanted = Credential.objects.for_tenant(request.tenant)
    if public_id := request.POST.get("credential") or request.GET.get("credential"):
        wanted = wanted.filter(pk=_credential(request, public_id).pk)
    active = list(wanted.filter(paused_at=None, retired_at=None))
    started = tasks.request_sync(active, actor=request.user) if active else []
    if htmx.target_id(request) and active:
        now = timezone.now()
        context = {"sync_status": status(request.tenant, since=now, now=now)}
        return htmx.render(request, PAGE, context, partials=PARTIAL)
    if not active:
        messages.warning(request, _("There is no active credential to read."))
    elif started:
        text = ngettext("%d credential is read now.", "%d credentials are read now.", len(started))
        messages.success(request, text % len(started))
    else:
        messages.info(
            request, _("A sync is under way or just ended; the next one follows within a minute.")
        )
    return _back(request)


# --- Credentials ----------------------------------------------------------------------------------
@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def pause(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Pause a credential."""
    return _turn(request, public_id, act=lifecycle.pause, done=_("%(name)s is paused."))


@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def resume(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Resume a paused credential."""
    return _turn(request, public_id, act=lifecycle.resume, done=_("%(name)s is read again."))


def _turn(
    request: TenantRequest, public_id: str, *, act: Callable[..., Credential], done: str
) -> HttpResponseBase:
    """Pause or resume; a retired credential stays as it is, and the answer says so."""
    changed = act(
        _credential(request, public_id),
        actor=request.user,
        now=timezone.now(),
        reason=_text(request, "reason"),
    )
    if changed.retired_at is None:
        messages.success(request, done % {"name": changed.name})
    else:
        retired = _("%(name)s is retired; nothing was changed.")
        messages.error(request, retired % {"name": changed.name})
    return _back(request)


@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def credential_holder(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Say whose money all accounts of a credential hold, but those a person has set apart."""
    credential, form = _credential(request, public_id), HolderForm(request.POST)
    if not form.is_valid():
        return refused_page(request, credential, refused=form)
    try:
        lifecycle.set_credential_holder(
            credential, actor=request.user, now=timezone.now(), **form.cleaned_data
        )
    except Refused as fault:
        form.add_error(fault.field, str(fault))
        return refused_page(request, credential, refused=form)
    messages.success(request, _("The holder is changed."))
    return redirect("providers:credential", request.tenant.slug, public_id)


@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def retire(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Retire a credential for good."""
    credential, form = _credential(request, public_id), RetireForm(request.POST)
    if not form.is_valid():
        return refused_page(request, credential, refused=form)
    lifecycle.retire(credential, actor=request.user, now=timezone.now(), **form.cleaned_data)
    messages.success(request, _("%(name)s is retired.") % {"name": credential.name})
    return redirect("providers:credentials", request.tenant.slug)


# --- Accounts -------------------------------------------------------------------------------------
@require_POST
@role_required(Action.RENAME)
def rename(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Give an account a display name; an empty one takes it away."""
    return _decide_account(
        request,
        public_id,
        RenameForm(request.POST),
        act=lifecycle.rename_account,
        done=_("The name is saved."),
    )


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def close(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Close an account from a day on, for a reason."""
    return _decide_account(
        request,
        public_id,
        CloseForm(request.POST),
        act=lifecycle.close_account,
        done=_("The account is closed."),
    )


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def reopen(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Reopen a closed account."""
    return _decide_account(
        request,
        public_id,
        ReopenForm(request.POST),
        act=lifecycle.reopen_account,
        done=_("The account is open again."),
    )


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def keep(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Keep a missing account."""
    return _decide_account(
        request,
        public_id,
        KeepForm(request.POST),
        act=lifecycle.keep_account,
        done=_("The account is kept; its figures stand."),
    )


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def holder(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Say whose money an account holds."""
    return _decide_account(
        request,
        public_id,
        HolderForm(request.POST),
        act=lifecycle.set_holder,
        done=_("The holder is changed."),
    )


# --- Held readings --------------------------------------------------------------------------------
@require_POST
@role_required(Action.DECIDE_HELD)
def held_decide(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Accept a held reading or discard it."""
    readings = HeldReading.objects.for_tenant(request.tenant).select_related("scope__credential")
    held = get_object_or_404(readings, public_id=public_id)
    # A balance that seems to have moved still stands in its former scope.
    credential = held.scope.credential
    balances = Balance.objects.for_tenant(request.tenant).filter(account__credential=credential)

    def act(*, decision: str, **said: Any) -> None:
        lifecycle.decide_held(held, is_accepted=decision == "accept", **said)

    done = _("The decision is carried out.")
    return _decide(request, HeldForm(request.POST), balances, act=act, done=done)


# --- Common ---------------------------------------------------------------------------------------
def _decide_account(
    request: TenantRequest,
    public_id: str,
    form: DecisionForm,
    *,
    act: Callable[..., None],
    done: str,
) -> HttpResponse:
    """Do to an account what a form says, or show it again on the account's page."""
    account = _account(request, public_id)
    balances = Balance.objects.for_tenant(request.tenant).filter(account=account)
    return _decide(request, form, balances, act=partial(act, account), done=done)


def _decide(
    request: TenantRequest,
    form: DecisionForm,
    balances: QuerySet[Balance],
    *,
    act: Callable[..., None],
    done: str,
) -> HttpResponse:
    """Act on what was typed and say so, or show the form again beside what is wrong with it."""
    shown = _shown(request, balances)
    if form.is_valid():
        try:
            act(actor=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as fault:
            form.add_error(fault.field, str(fault))
        else:
            messages.success(request, done)
            return _back(request, below=shown)
    if shown:
        return detail_page(request, shown, refused=form)
    messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    return _back(request)


def _shown(request: TenantRequest, balances: QuerySet[Balance]) -> str:
    """Return which balance's page the form stands on: the one it names, else the first."""
    found = list(balances.order_by("currency", "id").values_list("public_id", flat=True))
    named = request.POST.get("balance", "")
    return named if named in found else next(iter(found), "")


def _back(request: TenantRequest, *, below: str = "") -> HttpResponse:
    """Return to the page of ours the person came from, else to the balance `below` or to the balances.

    A refused form stands at its own address, which shows nothing to who comes back.
    """
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if is_ours and not _is_form(urlsplit(came_from).path):
        return redirect(came_from)
    if below:
        return redirect("balances:detail", request.tenant.slug, below)
    return redirect("balances:list", request.tenant.slug)


def _is_form(path: str) -> bool:
    try:
        return resolve(path).url_name in FORMS
    except Resolver404:
        return False


def _credential(request: TenantRequest, public_id: str) -> Credential:
    if not is_public_id(public_id):
        raise Http404
    found: Credential = get_object_or_404(
        Credential.objects.for_tenant(request.tenant).select_related("tenant"), public_id=public_id
    )
    return found


def _account(request: TenantRequest, public_id: str) -> Account:
    accounts = Account.objects.for_tenant(request.tenant).select_related("credential", "tenant")
    found: Account = get_object_or_404(accounts, public_id=public_id)
    return found


def _text(request: TenantRequest, name: str) -> str:
    """Return a posted text, free of what PostgreSQL cannot store."""
    return request.POST.get(name, "").replace("\x00", "").strip()
