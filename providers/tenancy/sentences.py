"""Say in one sentence what an entry of the activity log tells, for every action in use."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from providers.tenancy.models import ActivityEntry


@dataclass(frozen=True)
class Group:
    """Actions one may filter by together, each with its sentence; `%(object)s` is what it was done to."""

    key: str
    label: str | Promise
    sentences: dict[str, str | Promise]


GROUPS = (
    Group(
        "sign-ins",
        _("Sign-ins and passwords"),
        {
            "sign_in": _("Signed in"),
            "sign_out": _("Signed out"),
            "sign_in.failed": _("A wrong password was tried for %(object)s"),
            "sign_in.refused": _("Refused at sign-in: %(object)s"),
            "person.password": _("Set the password of %(object)s"),
        },
    ),
    Group(
        "people",
        _("People and roles"),
        {
            "member.add": _("Added %(object)s"),
            "member.invite": _("Invited %(object)s"),
            "member.invite_again": _("Invited %(object)s again"),
            "member.role": _("Changed the role of %(object)s"),
            "member.deactivate": _("Deactivated %(object)s"),
            "member.reactivate": _("Reactivated %(object)s"),
            "person.rename": _("Changed the name of %(object)s"),
            "tenant.create": _("Made the tenant %(object)s"),
        },
    ),
    Group(
        "credentials",
        _("Credentials"),
        {
            "credential.create": _("Added the credential %(object)s"),
            "credential.change": _("Changed the credential %(object)s"),
            "credential.replace_secret": _("Replaced a secret of the credential %(object)s"),
            "credential.pause": _("Paused the credential %(object)s"),
            "credential.resume": _("Resumed the credential %(object)s"),
            "credential.retire": _("Retired the credential %(object)s"),
            "credential.holder": _("Changed whose money the credential %(object)s reads"),
        },
    ),
    Group(
        "accounts",
        _("Accounts and names"),
        {
            "account.rename": _("Named the account %(object)s"),
            "account.close": _("Closed the account %(object)s"),
            "account.reopen": _("Reopened the account %(object)s"),
            "account.keep": _("Kept the missing account %(object)s"),
            "account.holder": _("Changed whose money the account %(object)s holds"),
        },
    ),
    Group(
        "held",
        _("Held readings"),
        {
            "held.accept": _("Accepted the held reading of %(object)s"),
            "held.discard": _("Discarded the held reading of %(object)s"),
        },
    ),
    Group(
        "downloads",
        _("Downloads"),
        {
            "balances.download": _("Downloaded balances"),
            "activity.download": _("Downloaded the activity log"),
        },
    ),
)
SENTENCES = {action: text for group in GROUPS for action, text in group.sentences.items()}


def actions_of(key: str) -> list[str] | None:
    """Return the actions of a group, None for a key that is none."""
    found = next((group for group in GROUPS if group.key == key), None)
    return list(found.sentences) if found else None


def sentence(entry: ActivityEntry) -> str:
    """Put an entry into words; an action of a version we are not is named by its code."""
    text = SENTENCES.get(entry.action)
    if text is None:
        return f"{entry.action} {entry.object_label}".strip()
    return str(text) % {"object": entry.object_label or entry.object_type}


def who(entry: ActivityEntry) -> str:
    """Name who did it; at the door nobody is known yet, and other entries without a person are ours."""
    if entry.actor is not None:
        return str(entry.actor)
    if entry.action.startswith("sign_in"):
        return gettext("Somebody at the door")
    return gettext("Operator or system")
