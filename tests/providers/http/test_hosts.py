"""Which addresses may hear a key."""

import pytest

from providers.errors import HostRefused
from providers.http.hosts import allowed_origin, is_public, listed_origin, require_public

LISTED = [
    "api.payiano.com",
    "gateway.example:8443",
    "http://127.0.0.1:9101",
    "http://[::1]:9102",
    "http://localhost:9103",
]


@pytest.mark.parametrize(
    ("url", "origin", "private_ok"),
    [
        ("https://api.payiano.com/v1", "https://api.payiano.com", False),
        ("https://API.Payiano.com", "https://api.payiano.com", False),
        ("https://api.payiano.com:443/v1", "https://api.payiano.com", False),
        ("https://gateway.example:8443", "https://gateway.example:8443", True),
        ("http://127.0.0.1:9101/payman/api", "http://127.0.0.1:9101", True),
        ("http://[::1]:9102", "http://[::1]:9102", True),
        ("http://localhost:9103/x", "http://localhost:9103", True),
    ],
)
def test_listed_address_is_allowed(url: str, origin: str, private_ok: bool) -> None:
    found = allowed_origin(url, allowed_hosts=LISTED)

    assert str(found) == origin
    assert found.private_ok is private_ok


@pytest.mark.parametrize(
    "url",
    [
        "http://api.payiano.com/v1",
        "https://api.payiano.com:8443",
        "https://api.payiano.com.evil.example",
        "https://evil.example/api.payiano.com",
        "https://api.payiano.com@evil.example",
        "https://user:pass@api.payiano.com",
        "https://api.payiano.com.",
        "https://xn--pi-payiano.com",
        "https://gateway.example",
        "http://gateway.example:8443",
        "https://127.0.0.1:9101",
        "http://127.0.0.1:9102",
        "http://127.0.0.1",
        "http://2130706433:9101",
        "http://0x7f000001:9101",
        "http://0x7f.1:9101",
        "http://127.1:9101",
        "http://0177.0.0.1:9101",
        "http://127.0.0.1:9101?x",
        "http://127.0.0.1:9101#x",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://[::1",
        "https://api.payiano.com\\@evil.example",
        "https://api.payiano.com\n.evil.example",
        "https:///v1",
        "https:api.payiano.com",
        "//api.payiano.com",
        "api.payiano.com",
        "file:///etc/passwd",
        "ftp://api.payiano.com",
        "javascript:alert(1)",
        "https://\u0430pi.payiano.com",
        "",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(HostRefused):
        allowed_origin(url, allowed_hosts=LISTED)


def test_disguised_address_is_refused_even_when_listed() -> None:
    with pytest.raises(HostRefused):
        allowed_origin("http://2130706433:9101", allowed_hosts=["http://2130706433:9101"])


def test_nothing_is_allowed_by_an_empty_list() -> None:
    with pytest.raises(HostRefused):
        allowed_origin("https://api.payiano.com", allowed_hosts=[])


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450::1"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  # an address to refuse, not to bind
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.2.3",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:93.184.216.34",
        "64:ff9b::7f00:1",
        "64:ff9b::5db8:d822",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_addresses_inside_or_leading_inside_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_one_private_address_is_enough_to_refuse() -> None:
    origin = allowed_origin("https://api.payiano.com", allowed_hosts=LISTED)

    require_public(["1.1.1.1"], origin=origin)
    with pytest.raises(HostRefused):
        require_public(["1.1.1.1", "10.0.0.1"], origin=origin)


def test_operator_may_list_a_private_address_with_its_port() -> None:
    require_public(
        ["127.0.0.1"], origin=allowed_origin("http://127.0.0.1:9101", allowed_hosts=LISTED)
    )


MALFORMED = [
    "http://*",
    "*.payiano.com",
    "not a host",
    "https://",
    "ftp://api.payiano.com",
    "api.payiano.com/v1",
    "http://[zz]:1",
    "http://127.0.0.1:x",
    "",
]


@pytest.mark.parametrize("entry", MALFORMED)
def test_malformed_entry_is_refused_by_name_and_allows_nothing(entry: str) -> None:
    with pytest.raises(HostRefused):
        listed_origin(entry)
    with pytest.raises(HostRefused):
        allowed_origin("https://api.payiano.com", allowed_hosts=[entry])


@pytest.mark.parametrize("entry", MALFORMED)
def test_malformed_entry_does_not_break_the_others(entry: str) -> None:
    found = allowed_origin("https://api.payiano.com/v1", allowed_hosts=[entry, *LISTED])

    assert str(found) == "https://api.payiano.com"


@pytest.mark.parametrize("entry", [*LISTED, "http://127.0.0.1:9101/", "payiano_stub:8080"])
def test_entry_of_a_plain_server_is_read(entry: str) -> None:
    assert listed_origin(entry).host
