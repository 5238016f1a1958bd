"""Say what each role may do, for who gives it and for who has it."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.tenancy.models import Role

SUMMARIES: Mapping[str, str | Promise] = {
    Role.VIEWER: _("Reads the overview and every balance."),
    Role.ANALYST: _("Reads balances, providers and runs; syncs, downloads files, gives names."),
    Role.ADMIN: _(
        "Does all an analyst does; manages people and credentials, closes accounts, decides held"
        " readings."
    ),
    Role.AUDITOR: _("Reads and downloads everything, the log included; changes nothing."),
}
