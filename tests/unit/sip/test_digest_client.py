"""What we answer a carrier that asks for a password."""

from __future__ import annotations

import pytest

from hotline.sip.digest import Digest, parse_credentials
from hotline.sip.digest_client import with_credentials
from hotline.sip.message import Request, Response


def invite(uri: str = "sip:13700000001@198.51.100.7", method: str = "INVITE") -> Request:
    return Request(method=method, uri=uri)


def challenge(*values: str, status: int = 407) -> Response:
    name = "proxy-authenticate" if status == 407 else "www-authenticate"
    return Response(status=status, reason="Asked", headers=[(name, value) for value in values])


def given(request: Request | None, header: str = "proxy-authorization") -> dict[str, str]:
    assert request is not None
    return parse_credentials(request.get(header))


def test_our_own_server_is_satisfied() -> None:
    server = Digest("hotline", b"key", lambda: 1000.0)
    request = with_credentials(invite(), challenge(*server.challenges()), "gas", "secret")
    assert request is not None
    header = request.all("proxy-authorization")
    assert server.check(header, "INVITE", request.uri, {"gas": "secret"}.get).outcome == "accepted"
    assert server.check(header, "INVITE", request.uri, {"gas": "other"}.get).outcome == "rejected"


@pytest.mark.parametrize(("algorithm", "expected"), [
    ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
])  # fmt: skip
def test_example_of_rfc_7616_3_9_1(algorithm: str, expected: str) -> None:
    asked = challenge(
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"', status=401,
    )  # fmt: skip
    request = with_credentials(
        invite("/dir/index.html", "GET"), asked, "Mufasa", "Circle of Life",
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )  # fmt: skip
    fields = given(request, "authorization")
    assert fields["response"] == expected
    assert fields["opaque"].startswith("FQhe") and fields["qop"] == "auth" and fields["nc"] == "00000001"


def test_the_first_that_we_understand_is_taken() -> None:
    offers = ("X-NEW", "SHA-512-256", "MD5")
    values = [f'Digest realm="r", nonce="{name}", algorithm={name}' for name in offers]
    fields = given(with_credentials(invite(), challenge(*values), "u", "p"))
    assert fields["algorithm"] == "SHA-512-256" and len(fields["response"]) == 64


def test_an_old_carrier_without_qop() -> None:
    """RFC 2069: KD(H(A1), nonce : H(A2))."""
    request = with_credentials(invite("sip:b@x"), challenge('Digest realm="r", nonce="n"'), "u", "p")
    fields = given(request)
    assert fields["response"] == "f0f91a21390c1400c49a39a408d71847"
    assert not {"qop", "cnonce", "nc"} & set(fields)


def test_quotes_in_a_realm_do_not_end_it() -> None:
    request = with_credentials(invite(), challenge(r'Digest realm="a \"b\" \\c", nonce="n"'), "u", "p")
    assert given(request)["realm"] == r'a "b" \c'


def test_earlier_credentials_are_replaced() -> None:
    first = with_credentials(invite(), challenge('Digest realm="r", nonce="1"'), "u", "p")
    assert first is not None
    second = with_credentials(first, challenge('Digest realm="r", nonce="2", stale=true'), "u", "p")
    assert second is not None
    assert [parse_credentials(text)["nonce"] for text in second.all("proxy-authorization")] == ["2"]


@pytest.mark.parametrize("value", [
    "", "Basic realm=x", "Digest", 'Digest realm="r"', 'Digest realm="r", nonce="n", algorithm=SHA-1',
    'Digest realm="r", nonce="n", qop="auth-int"',
])  # fmt: skip
def test_what_cannot_be_answered_is_left(value: str) -> None:
    assert with_credentials(invite(), challenge(value), "u", "p") is None
    assert with_credentials(invite(), challenge(value, status=403), "u", "p") is None
