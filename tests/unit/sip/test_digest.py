"""Passwords: the examples of the RFCs, and what is refused."""

from __future__ import annotations

import pytest

from hotline.sip.digest import Digest, answer, parse_credentials


class WallClock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


KEY = b"k" * 32


def given(digest: Digest, *, nc: str = "00000001", algorithm: str = "SHA-256", **changes: str) -> str:
    offer = next(c for c in map(parse_credentials, digest.challenges()) if c["algorithm"] == algorithm)
    fields = {
        "username": "1001", "realm": "hotline", "nonce": offer["nonce"], "uri": "sip:x", "qop": "auth",
        "nc": nc, "cnonce": "c", "algorithm": algorithm,
    } | changes  # fmt: skip
    fields.setdefault("response", answer(fields, "REGISTER", "geheim"))
    return "Digest " + ", ".join(f'{name}="{value}"' for name, value in fields.items())


def check(digest: Digest, header: str, method: str = "REGISTER", uri: str = "sip:x") -> str:
    return digest.check([header], method, uri, {"1001": "geheim"}.get).outcome


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def digest(clock: WallClock) -> Digest:
    return Digest("hotline", KEY, clock, nonce_seconds=300)


def test_the_examples_of_rfc_7616() -> None:
    fields = {
        "username": "Mufasa", "realm": "http-auth@example.org", "uri": "/dir/index.html", "qop": "auth",
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    }  # fmt: skip
    md5 = answer(fields | {"algorithm": "MD5"}, "GET", "Circle of Life")
    assert md5 == "8ca523f5e9506fed4657c9700eebdbec"
    sha = answer(fields | {"algorithm": "SHA-256"}, "GET", "Circle of Life")
    assert sha == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_the_right_password_is_taken(digest: Digest, algorithm: str) -> None:
    assert check(digest, given(digest, algorithm=algorithm)) == "accepted"


@pytest.mark.parametrize(
    "changes",
    [{"response": "0" * 64}, {"username": "1002"}, {"uri": "sip:y"}, {"algorithm": "SHA-512"},
     {"qop": "auth-int"}, {"qop": "auth-int", "response": ""}, {"response": ""}, {"response": "\udcff"}],
)  # fmt: skip
def test_what_is_wrong_is_rejected(digest: Digest, changes: dict[str, str]) -> None:
    offered = {key: value for key, value in changes.items() if key != "algorithm"}
    header = given(digest, **offered)
    if "algorithm" in changes:
        header = header.replace("SHA-256", changes["algorithm"])
    assert check(digest, header) == "rejected"


def test_other_realms_and_schemes_are_none_of_ours(digest: Digest) -> None:
    assert check(digest, given(digest, realm="elsewhere")) == "absent"
    assert check(digest, "Basic abc") == "absent"
    assert check(digest, 'Digest nonsense "" ==,,') == "absent"


def test_a_count_is_good_once_and_in_any_order_nearby(digest: Digest) -> None:
    nonce = parse_credentials(digest.challenges()[0])["nonce"]

    def outcome(number: int) -> str:
        return check(digest, given(digest, nonce=nonce, nc=f"{number:08x}"))

    assert [outcome(n) for n in (1, 3, 2)] == ["accepted"] * 3
    assert [outcome(n) for n in (1, 2, 3)] == ["stale"] * 3
    assert outcome(500) == "accepted"
    assert outcome(4) == "stale"


def test_an_old_or_forged_nonce_is_stale(digest: Digest, clock: WallClock) -> None:
    header = given(digest)
    clock.now += 301
    assert check(digest, header) == "stale"
    for nonce in ("", "abc", "1.2.3", "zz.zz.00", "\udc80.\udc80"):
        assert check(digest, given(digest, nonce=nonce)) == "stale"
    assert "stale=true" in digest.challenges(stale=True)[0]


def test_a_nonce_is_good_after_a_restart(digest: Digest, clock: WallClock) -> None:
    header = given(digest)
    assert check(Digest("hotline", KEY, clock), header) == "accepted"
    assert check(Digest("hotline", b"x" * 32, clock), header) == "stale"


def test_an_old_phone_can_be_offered_md5_alone(clock: WallClock) -> None:
    (only,) = Digest("hotline", KEY, clock).challenges(offered=["MD5"])
    assert parse_credentials(only)["algorithm"] == "MD5"
