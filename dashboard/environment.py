"""Read values of the environment, as an operator means them.

An empty value is one that was not given. One that is not understood ends the process with one line that names
it and says what would be right; addresses are not repeated in it, since they may hold a password.
"""

import math
import os
import zoneinfo
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
DATABASES = frozenset({"sqlite", "postgres", "postgresql"})


def text(name: str, *, default: str = "") -> str:
    """Read a value as it stands."""
    return os.environ.get(name, "") or default


def texts(name: str, *, default: Sequence[str] = ()) -> list[str]:
    """Read words between commas; spaces around them mean nothing."""
    words = [word.strip() for word in text(name).split(",")]
    return [word for word in words if word] or list(default)


def switch(name: str) -> bool:
    """Read yes or no; no when it is not given."""
    word = text(name, default="false").strip().lower()
    if word not in TRUE | FALSE:
        _refuse(name, "true or false")
    return word in TRUE


def seconds(name: str, *, default: float) -> float:
    """Read a span of time, which the start-up checks judge."""
    try:
        value = float(text(name, default=str(default)))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        _refuse(name, "a number of seconds, such as 30 or 0.5")
    return value


def whole(name: str, *, default: int, least: int = 0) -> int:
    """Read a whole number that is not below `least`."""
    word = text(name, default=str(default)).strip()
    if not (word.isascii() and word.isdigit()) or int(word) < least:
        _refuse(name, f"a whole number, {least} or more")
    return int(word)


def zone(name: str, *, default: str) -> str:
    """Read the name of a time zone that this machine knows."""
    word = text(name, default=default).strip()
    try:
        zoneinfo.ZoneInfo(word)
    except (KeyError, ValueError, OSError):
        _refuse(name, "the IANA name of a time zone, such as Africa/Cairo")
    return word


def log_level(name: str) -> str:
    """Read a level of logging in either case."""
    word = text(name, default="INFO").strip().upper()
    if word not in LEVELS:
        _refuse(name, f"one of {', '.join(LEVELS)}")
    return word


def database(name: str, *, default: str) -> dict[str, Any]:
    """Read an address as Django's settings of a database."""
    right = "postgres://user:password@host/name"
    if text(name, default=default).partition(":")[0] not in DATABASES:
        _refuse_address(name, right)
    return _address(name, environ.Env.db_url_config, default, right=right)


def cache(name: str, *, default: str) -> dict[str, Any]:
    """Read an address as Django's settings of a cache."""
    return _address(name, environ.Env.cache_url_config, default, right="redis://host/1")


def email(name: str, *, default: str) -> dict[str, Any]:
    """Read an address as Django's settings of outgoing mail."""
    right = "smtp+tls://user:password@host:587"
    return _address(name, environ.Env.email_url_config, default, right=right)


def _address(
    name: str, parse: Callable[[str], dict[str, Any]], default: str, *, right: str
) -> dict[str, Any]:
    try:
        return parse(text(name, default=default))
    except (ImproperlyConfigured, ValueError):
        _refuse_address(name, right)


def _refuse(name: str, right: str) -> NoReturn:
    raise SystemExit(f"{name} is {os.environ.get(name, '')!r}; it must be {right}.")


def _refuse_address(name: str, right: str) -> NoReturn:
    raise SystemExit(f"{name} is not understood; it must be an address such as {right}.")
