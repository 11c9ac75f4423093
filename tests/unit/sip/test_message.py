"""The parser takes anything from anybody and never fails in a way of its own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.sip.fields import parse_via
from hotline.sip.message import Malformed, Request, Response, parse, reply
from hotline.sip.uri import UriError, parse_address, parse_uri, split_commas
from tests.rfc4475.answers import ANSWERS

MESSAGES = [data for data, _ in ANSWERS.values()]
PIECES = [b"\r\n", b"\r\n ", b"\0", b",", b";", b'"', b"<", b">", b"%", b":", b"Via: ", b"\xff", b"\r\n\r\n"]


def turned_away(result: Malformed) -> None:
    """It says what it deserves, and the answer can be written."""
    assert result.status in (0, 400, 416, 505)
    assert (result.request is None) == (result.status == 0)
    if result.request is not None:
        reply(result.request, result.status, result.reason).to_bytes()


def same_headers(first: Request | Response, second: Request | Response) -> bool:
    left = [pair for pair in first.headers if pair[0] != "content-length"]
    return left == [pair for pair in second.headers if pair[0] != "content-length"]


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=600))
def test_random_bytes_do_no_harm(data: bytes) -> None:
    parse(data)
    parse(data, stream=True)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A torture message with pieces cut out, put in and swapped."""
    data = bytearray(draw(st.sampled_from(MESSAGES)))
    for _ in range(draw(st.integers(1, 6))):
        position = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["cut", "put", "flip", "double"])):
            case "cut":
                del data[position : position + draw(st.integers(1, 40))]
            case "put":
                data[position:position] = draw(st.sampled_from(PIECES) | st.binary(max_size=8))
            case "flip" if data:
                data[position] = draw(st.integers(0, 255))
            case "double":
                data[position:position] = data[position : position + draw(st.integers(1, 200))]
    return bytes(data)


@settings(max_examples=1500, deadline=None)
@given(mutated())
def test_mutated_messages_are_taken_or_turned_away(data: bytes) -> None:
    result = parse(data)
    if isinstance(result, Malformed):
        turned_away(result)
        return
    again = parse(result.to_bytes())
    assert isinstance(again, type(result)), again
    assert same_headers(result, again)
    assert again.body == result.body
    assert result.call_id
    _ = result.from_tag, result.to_tag, result.via.branch, result.cseq
    if isinstance(result, Request):
        _ = result.target


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=80))
def test_addresses_are_read_or_refused(text: str) -> None:
    for parser in (parse_uri, parse_address, parse_via):
        try:
            parser(text)
        except UriError:
            pass
    assert all(part == part.strip() for part in split_commas(text))


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@example.com", "sip:192.0.2.1:5060;transport=tcp", "sips:[2001:db8::1]:5061;lr",
        "tel:+8613800138000;phone-context=x", "sip:%61lice:secret@example.com?subject=x", "urn:service:sos",
    ],
)  # fmt: skip
def test_uris_are_written_as_they_were_read(text: str) -> None:
    assert str(parse_uri(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "sip:", "alice", "sip:a b@c", "sip:a@", "sip:a@b:0", "sip:a@b:99999", "sip:a@[::zz]", "sip:a@b;x;x",
     "sip:a%zz@b", "sip:<a@b>", "tel:hello!", "sip:a@b@c"],
)  # fmt: skip
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(UriError):
        parse_uri(text)


def test_parts_of_an_address() -> None:
    address = parse_address('"A, B" <sip:a@example.com;lr>;tag=x;q="1;2"')
    assert (address.display, address.uri.user, address.tag) == ('"A, B"', "a", "x")
    assert address.uri.parameters == {"lr": None}
    assert address.parameters["q"] == '"1;2"'


def test_parameters_without_brackets_are_the_headers() -> None:
    address = parse_address("sip:a@example.com;tag=x")
    assert (address.tag, address.uri.parameters) == ("x", {})


def test_commas_in_quotes_and_brackets_do_not_split() -> None:
    assert split_commas('"a,b" <sip:x,y@z>, c , "d\\",e"') == ['"a,b" <sip:x,y@z>', "c", '"d\\",e"']


def test_compact_and_folded_headers() -> None:
    request = parse(ANSWERS["wsinv"][0])
    assert isinstance(request, Request)
    assert request.cseq == (9, "INVITE")
    assert len(request.all("via")) == 3
    assert request.get("newfangledheader") == "newfangled value continued newfangled value"
    assert request.get("unknownheaderwithunusualvalue") == ";;,,;;,;"


def test_a_response_repeats_what_it_must() -> None:
    request = parse(ANSWERS["esc01"][0])
    assert isinstance(request, Request)
    response = reply(request, 503, "Service Unavailable", "t1")
    assert response.to_tag == "t1"
    assert [response.get(name) for name in ("via", "from", "call-id", "cseq")] == [
        request.get(name) for name in ("via", "from", "call-id", "cseq")
    ]


def test_too_much_is_not_read() -> None:
    start = b"OPTIONS sip:a@b SIP/2.0\r\n"
    assert isinstance(parse(start + b"X: y\r\n" * 100_000 + b"\r\n"), Malformed)
    assert isinstance(parse(start + b"X: y\r\n" * 300 + b"\r\n"), Malformed)
