import gzip

import pytest

from providers.tenancy.models import User
from tests.balances.builders import make_balance, make_credential
from tests.screen import SignIn

GZIP = {"accept-encoding": "gzip, deflate, br"}


def test_page_is_compressed_for_who_takes_it(alice: User, sign_in: SignIn) -> None:
    client = sign_in(alice)

    plain = client.get("/acme/balances/")
    packed = client.get("/acme/balances/", headers=GZIP)

    assert plain.headers.get("Content-Encoding") is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert b'id="balances-table"' in gzip.decompress(packed.content)
    assert len(packed.content) < len(plain.content) / 2


def test_lengths_of_one_page_differ(alice: User, sign_in: SignIn) -> None:
    client = sign_in(alice)

    lengths = {len(client.get("/acme/balances/", headers=GZIP).content) for _ in range(8)}

    assert len(lengths) > 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("extension", ["xlsx", "csv"])
def test_file_streams_as_it_is(analyst: User, sign_in: SignIn, extension: str) -> None:
    make_balance(make_credential(analyst.memberships.get().tenant))

    response = sign_in(analyst).get(f"/acme/balances.{extension}", headers=GZIP)
    start = b"".join(response)[:3]

    assert response.headers.get("Content-Encoding") is None
    assert start in {b"PK\x03", b"\xef\xbb\xbf"}
