"""Carry out what people decide on the pages, and send them back where they were."""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from balances import lifecycle, tasks
from balances.lifecycle import Refused
from balances.models import Account, HeldReading, Holder
from providers.models import Credential
from providers.tenancy import htmx
from providers.tenancy.managers import is_public_id
from providers.tenancy.scoping import Action, TenantRequest, role_required
from providers.views.progress import PARTIAL, status

DECISIONS = {"accept": True, "discard": False}
NAME_LENGTH = 120
PAGE = "providers/sync_status.html"


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
    credential = _credential(request, public_id)
    lifecycle.pause(
        credential, actor=request.user, now=timezone.now(), reason=_text(request, "reason")
    )
    messages.success(request, _("%(name)s is paused.") % {"name": credential.name})
    return _back(request)


@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def resume(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Resume a paused credential."""
    credential = _credential(request, public_id)
    lifecycle.resume(
        credential, actor=request.user, now=timezone.now(), reason=_text(request, "reason")
    )
    messages.success(request, _("%(name)s is read again.") % {"name": credential.name})
    return _back(request)


@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def credential_holder(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Say whose money all accounts of a credential hold, but those a person has set apart."""
    credential = _credential(request, public_id)
    chosen = _text(request, "holder").upper()

    def act() -> None:
        if chosen not in Holder:
            raise Refused(_("Choose Own or Customers'."))
        lifecycle.set_credential_holder(
            credential,
            holder=Holder(chosen),
            actor=request.user,
            reason=_text(request, "reason"),
            now=timezone.now(),
        )

    return _answer(request, act, done=_("The holder is changed."))


@require_POST
@role_required(Action.MANAGE_CREDENTIALS)
def retire(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Retire a credential for good."""
    credential = _credential(request, public_id)
    lifecycle.retire(
        credential, actor=request.user, now=timezone.now(), reason=_text(request, "reason")
    )
    messages.success(request, _("%(name)s is retired.") % {"name": credential.name})
    return redirect("providers:credentials", request.tenant.slug)


# --- Accounts -------------------------------------------------------------------------------------
@require_POST
@role_required(Action.RENAME)
def rename(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Give an account a display name; an empty one takes it away."""
    account, name = _account(request, public_id), _text(request, "display_name")

    def act() -> None:
        if len(name) > NAME_LENGTH or not name.isprintable():
            raise Refused(_("A name has at most 120 printable characters."))
        lifecycle.rename_account(account, display_name=name, actor=request.user, now=timezone.now())

    return _answer(request, act, done=_("The name is saved."))


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def close(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Close an account from a day on, for a reason."""
    account = _account(request, public_id)

    def act() -> None:
        lifecycle.close_account(
            account,
            closed_from=_day(_text(request, "closed_from")),
            actor=request.user,
            reason=_text(request, "reason"),
            now=timezone.now(),
        )

    return _answer(request, act, done=_("The account is closed."))


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def reopen(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Reopen a closed account."""
    account = _account(request, public_id)

    def act() -> None:
        lifecycle.reopen_account(
            account, actor=request.user, reason=_text(request, "reason"), now=timezone.now()
        )

    return _answer(request, act, done=_("The account is open again."))


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def keep(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Keep a missing account."""
    account = _account(request, public_id)

    def act() -> None:
        lifecycle.keep_account(
            account, actor=request.user, reason=_text(request, "reason"), now=timezone.now()
        )

    return _answer(request, act, done=_("The account is kept; its figures stand."))


@require_POST
@role_required(Action.MANAGE_ACCOUNTS)
def holder(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Say whose money an account holds."""
    account, chosen = _account(request, public_id), _text(request, "holder").upper()

    def act() -> None:
        if chosen not in Holder:
            raise Refused(_("Choose whose money it is."))
        lifecycle.set_holder(
            account,
            holder=Holder(chosen),
            actor=request.user,
            reason=_text(request, "reason"),
            now=timezone.now(),
        )

    return _answer(request, act, done=_("The holder is changed."))


# --- Held readings --------------------------------------------------------------------------------
@require_POST
@role_required(Action.DECIDE_HELD)
def held_decide(request: TenantRequest, tenant: str, public_id: str) -> HttpResponseBase:
    """Accept a held reading or discard it."""
    readings = HeldReading.objects.for_tenant(request.tenant).select_related("scope__credential")
    held = get_object_or_404(readings, public_id=public_id)
    decision = _text(request, "decision")

    def act() -> None:
        if decision not in DECISIONS:
            raise Refused(_("Accept the reading or discard it."))
        lifecycle.decide_held(
            held,
            is_accepted=DECISIONS[decision],
            actor=request.user,
            reason=_text(request, "reason"),
            now=timezone.now(),
        )

    return _answer(request, act, done=_("The decision is carried out."))


# --- Common ---------------------------------------------------------------------------------------
def _answer(request: TenantRequest, act: Callable[[], None], *, done: str) -> HttpResponse:
    """Act and say so, or say why not."""
    try:
        act()
    except Refused as fault:
        messages.error(request, str(fault))
    else:
        messages.success(request, done)
    return _back(request)


def _back(request: TenantRequest) -> HttpResponse:
    """Return to the page of ours the person came from, else to the balances."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        came_from, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    target = came_from if is_ours else reverse("balances:list", args=[request.tenant.slug])
    return redirect(target)


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


def _day(text: str) -> date:
    """Read a day. Raises: Refused."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refused(_("Enter the day as YYYY-MM-DD.")) from None
