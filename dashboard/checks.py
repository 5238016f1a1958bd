"""Refuse settings that are unsafe in production, naming each one.

Keys, times and the list of hosts are checked by every command. What serves or works for others (web,
worker, beat) refuses the rest too. `DEBUG` and `DEMO` are let start for this machine's own hosts, and never
by `check --deploy`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from providers.errors import HostRefused
from providers.http.hosts import listed_origin
from providers.sealing import KeyRing, SealingError

KEY_BYTES = 32
UPWARD = ("HELD_REFS", "RECOUNT", "GIVEN_NAMES")
LEAST_SIGNS = 5
LEAST_FLOORS = {"POLL_FLOOR_SECONDS": 60, "SCOPE_FLOOR_SECONDS": 30}
BROKERS = frozenset({"redis", "rediss", "amqp", "amqps"})
UNSHARED_CACHES = frozenset({"LocMemCache", "DummyCache", "FileBasedCache"})


def key_faults() -> Iterator[Error]:
    """Find keys that are missing, published or malformed."""
    if len(_secret_key()) < KEY_BYTES or len(set(_secret_key())) < LEAST_SIGNS:
        message = (
            "SECRET_KEY is missing, shorter than 32 characters, or of fewer than 5 different ones."
        )
        yield Error(message, id="dashboard.E001")
    if not settings.SEALING_KEYS:
        yield Error("SEALING_KEYS is missing: secrets cannot be sealed.", id="dashboard.E002")
    else:
        try:
            KeyRing.parse(settings.SEALING_KEYS)
        except SealingError as fault:
            message = f"SEALING_KEYS is not kid:base64-of-32-bytes, comma separated. {fault}"
            yield Error(message, id="dashboard.E003")


def _secret_key() -> str:
    """Read the key; Django's settings raise in place of an empty one."""
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return ""


def published_key_faults() -> Iterator[Error]:
    """Find the default keys, which anybody can read in this repository."""
    if settings.DEFAULT_SECRET_KEY in (_secret_key(), *settings.SECRET_KEY_FALLBACKS):
        yield Error("SECRET_KEY is the published default.", id="dashboard.E004")
    published = settings.DEFAULT_SEALING_KEYS.partition(":")[2]
    if published in settings.SEALING_KEYS:
        yield Error("SEALING_KEYS holds the published default.", id="dashboard.E005")


def time_faults() -> Iterator[Error]:
    """Find time limits out of order: each must end well before what it protects."""
    order = ("REQUEST_SECONDS", "RENEW_SECONDS", "LEASE_SECONDS", "VISIBILITY_SECONDS")
    for shorter, longer in (*pairwise(order), ("TICK_SECONDS", "LEASE_SECONDS")):
        if not 0 < getattr(settings, shorter) < getattr(settings, longer):
            message = (
                f"Time limits are out of order: {shorter} must be under {longer}, and above 0."
            )
            yield Error(message, id="dashboard.E006")
    if settings.STALL_SECONDS <= settings.REQUEST_SECONDS:
        yield Error("STALL_SECONDS must be over REQUEST_SECONDS.", id="dashboard.E006")
    for name in LEAST_FLOORS:
        if getattr(settings, name) < 0:
            yield Error(f"{name} must not be below 0.", id="dashboard.E006")


def floor_faults() -> Iterator[Error]:
    """Find a pace that providers do not bear: once a minute, and a Swipelux customer every 30 s."""
    for name, least in LEAST_FLOORS.items():
        if getattr(settings, name) < least:
            yield Error(f"{name} is under {least}.", id="dashboard.E014")


def provider_host_faults() -> Iterator[Error]:
    """Find entries of the operator's list that name no server, and so would allow nothing."""
    for entry in settings.PROVIDER_HOSTS:
        try:
            listed_origin(entry)
        except HostRefused:
            message = f"PROVIDER_HOSTS entry {entry!r} is not host[:port] or http://host:port."
            yield Error(message, id="dashboard.E015")


def upward_faults() -> Iterator[Error]:
    """Find upward links that lead nowhere: without them no test tells another company's key."""
    for name in UPWARD:
        path = getattr(settings, name, "")
        try:
            is_there = callable(import_string(path))
        except ImportError:
            is_there = False
        if not is_there:
            message = f"{name} is {path!r}, which is no dotted path to a function."
            yield Error(message, id="dashboard.E017")


def debug_faults() -> Iterator[Error]:
    """Find the modes made for one machine."""
    for name in ("DEBUG", "DEMO"):
        if getattr(settings, name):
            yield Error(f"{name} is on.", id="dashboard.E007")


def host_faults() -> Iterator[Error]:
    """Find host names that are missing or match anything."""
    if not settings.ALLOWED_HOSTS:
        yield Error("ALLOWED_HOSTS is empty.", id="dashboard.E008")
    if any(host == "*" or host in {".", "*."} for host in settings.ALLOWED_HOSTS):
        yield Error("ALLOWED_HOSTS has a wildcard for every host.", id="dashboard.E009")


def sharing_faults() -> Iterator[Error]:
    """Find a database, cache or broker that several processes or hosts cannot share."""
    database = settings.DATABASES["default"]
    is_sqlite = database["ENGINE"].endswith("sqlite3")
    if is_sqlite and settings.WEB_HOSTS > 1:
        yield Error("DATABASE_URL is SQLite, but WEB_HOSTS is over 1.", id="dashboard.E010")
    if is_sqlite and database["NAME"] == ":memory:":
        message = "DATABASE_URL is SQLite in memory: nothing would be kept."
        yield Error(message, id="dashboard.E016")
    if settings.CACHES["default"]["BACKEND"].rpartition(".")[2] in UNSHARED_CACHES:
        message = "CACHE_URL is missing or not shared: sign-in limits would count per process."
        yield Error(message, id="dashboard.E011")
    if settings.BROKER_URL.partition("://")[0] not in BROKERS:
        message = "BROKER_URL is missing, or no redis://, rediss:// or amqp:// address."
        yield Error(message, id="dashboard.E012")


def start_faults() -> list[Error]:
    """Gather what must stop a web process, worker or beat; local modes may run on this machine's hosts."""
    faults = [*key_faults(), *time_faults(), *provider_host_faults()]
    if settings.IS_LOCAL and set(settings.ALLOWED_HOSTS) <= {*settings.LOCAL_HOSTS, "testserver"}:
        return faults
    return [
        *faults,
        *chain(
            published_key_faults(), debug_faults(), host_faults(), floor_faults(), sharing_faults()
        ),
    ]


def refuse_broken_links() -> None:
    """Stop any process whose upward links lead nowhere; call it once the models are loaded.

    Raises: ImproperlyConfigured, naming each.
    """
    if faults := [*upward_faults()]:
        raise ImproperlyConfigured("\n".join(f"{fault.id} {fault.msg}" for fault in faults))


def refuse_unsafe_start(further: Iterable[Error] = ()) -> None:
    """Stop the process before it serves anybody.

    Raises: SystemExit naming every unsafe setting.
    """
    if faults := [*start_faults(), *further]:
        lines = "\n".join(f"  {fault.id} {fault.msg}" for fault in faults)
        raise SystemExit(f"Refused to start on unsafe settings:\n{lines}")


def check_keys_and_times(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> Sequence[CheckMessage]:
    """Run with every command, since each may seal or open a secret."""
    published = () if settings.IS_LOCAL else published_key_faults()
    return [*key_faults(), *time_faults(), *provider_host_faults(), *published]


def check_deploy(app_configs: Sequence[AppConfig] | None, **_: Any) -> Sequence[CheckMessage]:
    """Run with `check --deploy`: production, without the exceptions of a local mode."""
    published = published_key_faults() if settings.IS_LOCAL else ()
    return [*published, *debug_faults(), *host_faults(), *floor_faults(), *sharing_faults()]


def register_all() -> None:
    """Register both checks; called once, when the app is ready."""
    register(check_keys_and_times, Tags.security)
    register(check_deploy, Tags.security, deploy=True)
