"""Derive identifiers, keys and names from a seed, so that a world is the same on every machine."""

from __future__ import annotations

import base64
import hashlib

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
HEX = "0123456789abcdef"

_FIRST = """
Alder Amber Anchor Aspen Birch Bright Cedar Clover Copper Coral Crane Delta Dune
Ember Falcon Fathom Garnet Granite Harbor Hazel Heron Indigo Iris Ivory Jasper Juniper
Kestrel Lagoon Larch Lotus Maple Marble Meadow Nimbus Olive Onyx Orchard Osprey Pearl
Pine Quartz Raven Sable Saffron Slate Summit Tern Velvet Willow Zephyr
"""
_SECOND = """
Supply Foods Labs Marine Pharma Energy Pay Health Textiles Motors Media Travel Studio
Retail Freight Optics Robotics Ceramics Partners Outfitters
"""
_FIRSTS, _SECONDS = tuple(_FIRST.split()), tuple(_SECOND.split())


def digest(*parts: object) -> int:
    """Turn the parts into one 64-bit number that looks random and never changes."""
    text = "|".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def letters(alphabet: str, length: int, *parts: object) -> str:
    """Spell a text of the length from the alphabet, the same for the same parts."""
    seed = "|".join(map(str, parts)).encode()
    stream = hashlib.shake_128(seed).digest(length * 2)
    pairs = zip(stream[::2], stream[1::2], strict=True)
    return "".join(alphabet[(high * 256 + low) % len(alphabet)] for high, low in pairs)


def ulid(*parts: object, suffix: str = "") -> str:
    """Make a lower-case ULID of 26 characters that ends in the suffix."""
    return "01hqh4" + letters(CROCKFORD, 20 - len(suffix), *parts) + suffix


def agent_id(*parts: object) -> str:
    """Make a Payman agent id such as agt-1f042092-f548-6635."""
    text = letters(HEX, 16, *parts)
    return f"agt-{text[:8]}-{text[8:12]}-{text[12:]}"


def payman_secret(agent: str, *parts: object) -> str:
    """Make an API secret as Payman does: base64 text that begins YWd0L, the start of the agent's id."""
    plain = f"{agent}:{letters(BASE62, 32, 'payman', *parts)}"
    return base64.b64encode(plain.encode()).decode()


def payiano_token(*parts: object) -> str:
    """Make an opaque application token of 48 characters."""
    return letters(BASE62, 48, "payiano", *parts)


def swipelux_key(environment: str, *parts: object) -> str:
    """Make an API key whose prefix tells live (sk.live.) from sandbox (sk.sbx.)."""
    prefix = "sk.sbx." if environment == "sandbox" else "sk.live."
    return prefix + letters(BASE62, 40, "swipelux", *parts)


def address(network: str, *parts: object) -> str:
    """Make a wallet address in the form the network uses."""
    if network == "solana":
        return letters(BASE58, 44, "address", network, *parts)
    return "0x" + letters(HEX, 40, "address", network, *parts)


def company_name(number: int, *parts: object) -> str:
    """Make a company's name that is unique for the number."""
    first, rest = _FIRSTS[number % len(_FIRSTS)], number // len(_FIRSTS)
    second = _SECONDS[(digest("company", *parts) + rest) % len(_SECONDS)]
    lap = rest // len(_SECONDS)
    return f"{first} {second}" if not lap else f"{first} {second} {lap + 1}"
