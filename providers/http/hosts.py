"""Decide which addresses a credential may be sent to.

A base URL must be on the operator's list, and what its name resolves to must be a public
address, every one of them: a name the admin of a tenant typed may lead anywhere, also tomorrow.
"""

import contextlib
import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from providers.errors import HostRefused

_PORTS = {"https": 443, "http": 80}
_UNICAST = ipaddress.ip_network("2000::/3")
_TUNNELS = (ipaddress.ip_network("2001::/32"), ipaddress.ip_network("2002::/16"))
# A name, an IPv4 or an IPv6 address; a pattern matches nothing here.
_HOST = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")
_NUMERIC = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Name a server. `private_ok` holds where the operator listed that very host and port."""

    scheme: str
    host: str
    port: int
    private_ok: bool = False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def allowed_origin(base_url: str, *, allowed_hosts: Iterable[str]) -> Origin:
    """Return the origin of a base URL that the operator allows.

    An entry is `host` (https on 443), `host:port` (https) or `http://host:port`; the last two
    may lie on a private address, which is how a simulator is reached.
    Raises: HostRefused.
    """
    wanted = _origin(_split(base_url))
    for listed in _readable(allowed_hosts):
        if (listed.scheme, listed.host, listed.port) == (wanted.scheme, wanted.host, wanted.port):
            return listed
    raise HostRefused(f"{wanted} is not on the list of allowed hosts", field="base_url")


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet.

    Python's `is_global` alone holds for NAT64, 6to4 and multicast, which lead back inside.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if not ip.is_global or ip.is_multicast:
        return False
    return ip.version == 4 or (ip in _UNICAST and not any(ip in net for net in _TUNNELS))


def require_public(addresses: Iterable[str], *, origin: Origin) -> None:
    """Refuse an origin with any address inside, unless it is listed as private.

    Raises: HostRefused.
    """
    if origin.private_ok:
        return
    for address in addresses:
        if not is_public(address):
            raise HostRefused(f"{origin.host} leads to an address that is not public")


def _split(url: str) -> SplitResult:
    """Split a URL, refusing whatever could make two parsers read it differently."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise HostRefused("not an address", field="base_url") from None
    if parts.scheme not in _PORTS:
        raise HostRefused("the address must begin with https://", field="base_url")
    if (
        "@" in parts.netloc
        or "\\" in url
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise HostRefused("the address holds what an address must not", field="base_url")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise HostRefused("the address must end with its path", field="base_url")
    return parts


def _origin(parts: SplitResult) -> Origin:
    host = parts.hostname or ""
    if not host or host.endswith(".") or _is_disguised(host):
        raise HostRefused("not a host name", field="base_url")
    port = _PORTS[parts.scheme] if parts.port is None else parts.port
    return Origin(scheme=parts.scheme, host=host, port=port)


def _is_disguised(host: str) -> bool:
    """Find IPv4 addresses spelt as a number, in hex, in octal or cut short."""
    if _NUMERIC.fullmatch(host.rpartition(".")[2]) is None:
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


def _readable(entries: Iterable[str]) -> Iterator[Origin]:
    """Leave out malformed entries: the start-up check names them, and they allow nothing."""
    for entry in entries:
        with contextlib.suppress(HostRefused):
            yield listed_origin(entry)


def listed_origin(entry: str) -> Origin:
    """Read one entry of the operator's list. Raises: HostRefused, for one that names no server."""
    parts = _split(entry if "://" in entry else f"https://{entry}")
    origin = _origin(parts)
    if parts.path.strip("/") or _HOST.fullmatch(origin.host) is None:
        raise HostRefused("not a host name")
    return Origin(
        scheme=origin.scheme,
        host=origin.host,
        port=origin.port,
        private_ok=parts.port is not None,
    )
