"""Give every page what its shell shows: tenants, navigation, zone, theme and permissions."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.tenancy.models import Membership, Role, Tenant
from providers.tenancy.scoping import Action, may, memberships_of

THEMES = ("auto", "light", "dark")
DENSITIES = ("regular", "compact")
# URL name, label, what opens it, and the first words of the URL names that stand below it.
PAGES = (
    ("overview", gettext_lazy("Overview"), Action.READ, ("overview",)),
    ("balances:list", gettext_lazy("Balances"), Action.READ, ("balances:",)),
    ("providers:runs", gettext_lazy("Sync runs"), Action.READ_PROVIDERS, ("providers:run",)),
    (
        "providers:credentials",
        gettext_lazy("Providers"),
        Action.READ_PROVIDERS,
        ("providers:credential", "providers:test"),
    ),
    ("people", gettext_lazy("People"), Action.READ_PEOPLE, ("people", "invite", "member_")),
    ("activity", gettext_lazy("Activity"), Action.READ_LOG, ("activity",)),
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One entry of the main navigation."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class Shell:
    """What `base.html` shows around a page; each part is worked out when a template asks for it."""

    request: HttpRequest

    @property
    def tenant(self) -> Tenant | None:
        """Return the tenant of the address, if it names one this person may open."""
        return getattr(self.request, "tenant", None)

    @property
    def role(self) -> str:
        """Return the role's name for the account menu."""
        role = getattr(self.request, "role", None)
        return str(Role(role).label) if role else ""

    @property
    def theme(self) -> str:
        """Return the theme the cookie asks for, so that nothing flashes."""
        return theme_of(self.request)

    @property
    def density(self) -> str:
        """Return how high rows are, as the cookie asks."""
        return density_of(self.request)

    @property
    def shortcuts(self) -> str:
        """Return "off" where single keys must do nothing; app.js reads it from the page."""
        return "on" if has_shortcuts(self.request) else "off"

    @property
    def memberships(self) -> list[Membership]:
        """Return the tenants to switch between."""
        return memberships_of(self.request)

    @property
    def initials(self) -> str:
        """Return up to two letters for the account button."""
        words = str(self.request.user).partition("@")[0].replace(".", " ").split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def pages(self) -> list[Page]:
        """Return the navigation, of what this role may open."""
        if self.tenant is None:
            return []
        match = self.request.resolver_match
        here = match.view_name if match else ""
        role = getattr(self.request, "role", None)
        found = []
        for name, label, action, below in PAGES:
            url = _address(name, tenant=self.tenant.slug)
            if url and may(role, action=action):
                found.append(Page(label=str(label), url=url, current=here.startswith(below)))
        return found

    @property
    def zone(self) -> str:
        """Say in which zone the page's times are."""
        name = self.tenant.time_zone if self.tenant else "UTC"
        return zone_text(name, now=timezone.now())


def shell(request: HttpRequest) -> dict[str, Any]:
    """Add `shell`, `tenant` and `can` (what the role may, by the action's value) to every template."""
    role = getattr(request, "role", None)
    return {
        "shell": Shell(request),
        "tenant": getattr(request, "tenant", None),
        "can": {action.value: may(role, action=action) for action in Action},
    }


def theme_of(request: HttpRequest) -> str:
    """Read the theme cookie, which anybody may have written."""
    theme = request.COOKIES.get("theme", "")
    return theme if theme in THEMES else THEMES[0]


def density_of(request: HttpRequest) -> str:
    """Read the row height's cookie, which anybody may have written."""
    density = request.COOKIES.get("density", "")
    return density if density in DENSITIES else DENSITIES[0]


def has_shortcuts(request: HttpRequest) -> bool:
    """Tell whether single keys act, as they do unless the cookie says no."""
    return request.COOKIES.get("shortcuts") != "off"


def zone_text(name: str, *, now: datetime) -> str:
    """Describe a zone by its city and its distance from UTC now: `Cairo time (UTC+2)`."""
    offset = now.astimezone(ZoneInfo(name)).utcoffset() or timedelta()
    city = name.rpartition("/")[2].replace("_", " ")
    if city in {"UTC", "GMT", "UCT", "Zulu", "Universal"}:
        return _("UTC")
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "\N{MINUS SIGN}" if offset < timedelta() else "+"
    rest = f":{minutes % 60:02}" if minutes % 60 else ""
    return _("%(city)s time (UTC%(offset)s)") % {
        "city": city,
        "offset": f"{sign}{minutes // 60}{rest}",
    }


def _address(name: str, *, tenant: str) -> str:
    try:
        return reverse(name, kwargs={"tenant": tenant})
    except NoReverseMatch:
        return ""
