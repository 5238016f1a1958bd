"""Name codes for people."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from balances.models import AccountKind
from balances.results import Context
from balances.states import STATES

# By the codes as stored.
HOLDERS: Mapping[str, str | Promise] = {"OWN": _("Own"), "CUSTOMERS": _("Customers'")}
COUNTING: Mapping[str, str | Promise] = {
    "LIVE": _("Live"),
    "TEST": _("Test"),
    "UNVERIFIED": _("Unverified"),
    "DUPLICATE": _("Also read through another credential"),
    "TEST_DUPLICATE": _("Test, also read through another credential"),
    "MANUAL": _("Manual"),
}
ZERO: Mapping[str, str | Promise] = {
    "zero": _("zero"),
    "not_zero": _("not zero, or not reported"),
}
ENVIRONMENTS: Mapping[str, str | Promise] = {"LIVE": _("Live"), "SANDBOX": _("Sandbox")}


def labels(context: Context) -> dict[str, Mapping[str, str]]:
    """Return the words of every coded value, by field, as `describe` takes them."""
    return {
        **context.labels,
        "holder": {code.lower(): str(words) for code, words in HOLDERS.items()},
        "counting": {code.lower(): str(words) for code, words in COUNTING.items()},
        "environment": {code.lower(): str(words) for code, words in ENVIRONMENTS.items()},
        "balance": {code: str(words) for code, words in ZERO.items()},
        "account_kind": {kind.value.lower(): str(kind.label) for kind in AccountKind},
        "state": {code: str(words.label) for code, words in STATES.items()},
    }
