"""Say how a connection test went: which step failed, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from providers.connectors.reading import rejected
from providers.errors import CredentialRejected, Forbidden, ProviderError, spoken
from providers.phrases import phrase as _
from providers.rows import BalanceRow, Environment, clean_name


class StepName(StrEnum):
    """Name the steps of a test, in the order they are proven."""

    HOST = "host"
    TOKEN = "token"
    PERMISSION = "permission"
    ANSWER = "answer"


@dataclass(frozen=True, kw_only=True)
class Step:
    """Tell one proven or failed step, with what to do in the `detail` of a failed one."""

    name: StepName
    ok: bool
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Hold what a test found before anything is saved.

    `steps` are those proven, in order, and last the one that failed. `refs` are the references
    seen on the way, of accounts and of scopes the provider vouches for, bounded by the first page:
    none of them known means another company's key. `rows` are the first balances read. The
    provider's name is cleaned here.
    """

    ok: bool
    steps: tuple[Step, ...]
    identity_ref: str = ""
    identity_name: str = ""
    environment: Environment | None = None
    rows: tuple[BalanceRow, ...] = ()
    error: ProviderError | None = None
    refs: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Clean the name, as every record of what a provider said does."""
        object.__setattr__(self, "identity_name", clean_name(self.identity_name))


# The steps a failure proves on its way, and what the admin can do about it.
_PROVEN: Mapping[StepName, tuple[StepName, ...]] = {
    StepName.HOST: (),
    StepName.TOKEN: (StepName.HOST,),
    StepName.PERMISSION: (StepName.HOST, StepName.TOKEN),
    StepName.ANSWER: (StepName.HOST,),
}
_AT_HOST = {
    "unreachable": _("Check the base URL; is the provider up?"),
    "timeout": _("The provider took too long; try again, and check the base URL."),
    "tls_failed": _("The certificate is not to be trusted; check the base URL."),
    "redirect_refused": _(
        "The address answers with a redirect, which is never followed; enter the final base URL."
    ),
    "host_refused": _("This host is not on the operator's list of allowed hosts."),
}
_AT_ANSWER = {
    "not_found": _("The address answers 'not found'; check the path of the base URL."),
    "throttled": _("The provider asks us to wait; try again later."),
    "server_error": _("The provider has a fault of its own; try again later."),
    "unreadable": _(
        "The answer is not what this provider's API sends; check the base URL and the API version."
    ),
    "too_large": _("The answer is larger than any balance list; check the base URL."),
    "bad_request": _("The provider refused the request; check the settings."),
    "incomplete": _("The list could not be read whole; try again."),
    "misconfigured": _("Correct the settings."),
}


def passed(
    *,
    identity_ref: str = "",
    identity_name: str = "",
    environment: Environment | None = None,
    rows: tuple[BalanceRow, ...] = (),
    refs: frozenset[str] = frozenset(),
    detail: str = "",
) -> Verdict:
    """Return a verdict with all four steps proven."""
    steps = [Step(name=name, ok=True) for name in StepName if name is not StepName.ANSWER]
    return Verdict(
        ok=True,
        steps=(*steps, Step(name=StepName.ANSWER, ok=True, detail=detail)),
        identity_ref=identity_ref,
        identity_name=identity_name,
        environment=environment,
        rows=rows,
        refs=refs | {row.account_ref for row in rows},
    )


def failed(
    error: ProviderError,
    *,
    permission: str,
    token_help: str,
    environment: Environment | None = None,
    identity_ref: str = "",
    identity_name: str = "",
    token_proven: bool = False,
) -> Verdict:
    """Return a verdict that ends at the step this error belongs to.

    `permission` names the right the key needs, `token_help` where a new key is made.
    `token_proven` says that an earlier call was answered with this key.
    """
    if isinstance(error, Forbidden):
        error = rejected(error, permission=permission)
    name = step_of(error)
    proven = (
        _PROVEN[StepName.PERMISSION] if token_proven and name is StepName.ANSWER else _PROVEN[name]
    )
    steps = [Step(name=each, ok=True) for each in proven]
    detail = _advice(error, name=name, token_help=token_help)
    return Verdict(
        ok=False,
        steps=(*steps, Step(name=name, ok=False, detail=detail)),
        identity_ref=identity_ref,
        identity_name=identity_name,
        environment=environment,
        error=error,
    )


def step_of(error: ProviderError) -> StepName:
    """Return the step at which such an error shows."""
    if error.code in _AT_HOST:
        return StepName.HOST
    if isinstance(error, CredentialRejected):
        return StepName.PERMISSION if error.permission else StepName.TOKEN
    return StepName.ANSWER


def _advice(error: ProviderError, *, name: StepName, token_help: str) -> str:
    """Join what to do with what the provider said."""
    if name is StepName.PERMISSION:
        return _(
            "The key works, but lacks the permission %(permission)s; add it at the provider.",
            permission=error.permission,
        )
    advice = {
        StepName.HOST: _AT_HOST.get(error.code, ""),
        StepName.TOKEN: _("The provider does not accept this key. %(help)s", help=token_help),
        StepName.ANSWER: _AT_ANSWER.get(error.code, ""),
    }[name]
    said = f"({spoken(error.explained)})" if error.explained else ""
    return _("%(advice)s %(said)s", advice=advice, said=said) if advice and said else advice or said
