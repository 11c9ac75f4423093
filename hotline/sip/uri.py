"""SIP and tel URIs and the addresses in From, To, Contact and Route (RFC 3261 §19.1, §20, §25).

Text in, data out. What does not follow the grammar raises UriError and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import unquote

_TOKEN = r"[A-Za-z0-9\-.!%*_+`'~]+"
TOKEN = re.compile(_TOKEN)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*")
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/#]|%[0-9A-Fa-f]{2})+")
_PASSWORD = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9\-_.]*[A-Za-z0-9])?\.?)(?::([0-9]{1,5}))?")
_PARAMETER = re.compile(r"(?:[\[\]/:&+$A-Za-z0-9\-_.!~*'()]|%[0-9A-Fa-f]{2})+")
_URI_HEADERS = re.compile(r"(?:[\[\]/?:+$A-Za-z0-9\-_.!~*'()=&]|%[0-9A-Fa-f]{2})*")
_TEL = re.compile(r"\+?[0-9A-Fa-f*#\-.()]+")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_DISPLAY_WORDS = re.compile(rf"(?:{_TOKEN}(?:\s+{_TOKEN})*)?")
_VALUE = re.compile(rf'{_TOKEN}|\[[0-9A-Fa-f:.]+\]|"(?:[^"\\]|\\.)*"', re.DOTALL)


class UriError(ValueError):
    """Not a URI or address of RFC 3261."""


@dataclass(frozen=True, slots=True)
class Uri:
    """`user` is as written (escaped); `number` is what it means."""

    scheme: str
    user: str
    host: str
    """Without the brackets of IPv6; lower case; empty for tel."""
    port: int | None = None
    parameters: dict[str, str | None] = field(default_factory=dict)
    headers: str = ""
    password: str = ""

    def __str__(self) -> str:
        parameters = "".join(f";{k}" if v is None else f";{k}={v}" for k, v in self.parameters.items())
        if self.scheme not in ("sip", "sips"):
            return f"{self.scheme}:{self.user}{parameters}"
        password = f":{self.password}" if self.password else ""
        user = f"{self.user}{password}@" if self.user else ""
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{host_port(self.host, self.port)}{parameters}{headers}"

    @property
    def name(self) -> str:
        """The user part with its escapes resolved."""
        return unquote(self.user, errors="replace")

    @property
    def transport(self) -> str:
        """`udp`, `tcp`, …; what the URI asks for, `udp` when it says nothing."""
        return (self.parameters.get("transport") or "udp").lower()

    def with_target(self, host: str, port: int | None) -> Uri:
        return replace(self, host=host, port=port)


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr or addr-spec with the parameters of its header."""

    display: str
    """As written, quotes included."""
    uri: Uri
    parameters: dict[str, str | None]

    @property
    def tag(self) -> str:
        return self.parameters.get("tag") or ""

    def __str__(self) -> str:
        parameters = "".join(f";{k}" if v is None else f";{k}={v}" for k, v in self.parameters.items())
        return f"{self.display} <{self.uri}>{parameters}".lstrip()


def host_port(host: str, port: int | None) -> str:
    """`[::1]:5060`, `192.0.2.1`, …"""
    bracketed = f"[{host}]" if ":" in host else host
    return f"{bracketed}:{port}" if port is not None else bracketed


@lru_cache(maxsize=2048)
def parse_uri(text: str) -> Uri:
    """Raises UriError. Of a scheme that is not sip, sips or tel `user` is all that follows it."""
    scheme, colon, rest = text.partition(":")
    if not colon or not rest or not _SCHEME.fullmatch(scheme):
        raise UriError("no scheme")
    if re.search(r"[\s<>\"\x00-\x20\x7f]", rest):
        raise UriError("a character that has no place in a URI")
    scheme = scheme.lower()
    if scheme == "tel":
        return _tel(rest)
    if scheme not in ("sip", "sips"):
        return Uri(scheme, rest, "")
    return _sip(scheme, rest)


def _sip(scheme: str, rest: str) -> Uri:
    userinfo, at, hostpart = rest.partition("@")
    if not at:
        userinfo, hostpart = "", rest
    user, _, password = userinfo.partition(":")
    if (at and not _USER.fullmatch(user)) or not _PASSWORD.fullmatch(password):
        raise UriError("user part")
    hostpart, _, headers = hostpart.partition("?")
    if not _URI_HEADERS.fullmatch(headers):
        raise UriError("headers of the URI")
    host, *parameters = hostpart.split(";")
    name, port = parse_host_port(host)
    return Uri(scheme, user, name, port, _uri_parameters(parameters), headers, password)


def _tel(rest: str) -> Uri:
    number, *parameters = rest.split(";")
    if not _TEL.fullmatch(number):
        raise UriError("telephone number")
    return Uri("tel", number, "", None, _uri_parameters(parameters))


def parse_host_port(text: str) -> tuple[str, int | None]:
    """`host[:port]`, lower case, IPv6 without brackets. Raises UriError."""
    match = _HOST.fullmatch(text)
    if not match:
        raise UriError("host")
    host, port = match[1].lower(), int(match[2]) if match[2] else None
    if host.startswith("["):
        host = host[1:-1]
        try:
            ip_address(host)
        except ValueError:
            raise UriError("IPv6 address") from None
    if port is not None and not 0 < port < 65536:
        raise UriError("port")
    return host, port


def _uri_parameters(parts: list[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not _PARAMETER.fullmatch(name) or (equals and not _PARAMETER.fullmatch(value)):
            raise UriError("parameter of the URI")
        if name.lower() in found:
            raise UriError("the same parameter twice")
        found[name.lower()] = value if equals else None
    return found


@lru_cache(maxsize=2048)
def parse_address(text: str) -> Address:
    """One From, To, Contact, Route … value. Raises UriError."""
    text = text.strip()
    quoted = _QUOTED.match(text)
    if quoted:
        display, rest = quoted[0], text[quoted.end() :].lstrip()
        if not rest.startswith("<"):
            raise UriError("no <URI> after the name")
    elif "<" in text:
        display, _, rest = text.partition("<")
        display, rest = display.strip(), "<" + rest
        if not _DISPLAY_WORDS.fullmatch(display):
            raise UriError("a name of more than words must be quoted")
    else:
        return _bare(text)
    uri, closed, parameters = rest[1:].partition(">")
    if not closed:
        raise UriError("< without >")
    return Address(display, parse_uri(uri), header_parameters(parameters))


def _bare(text: str) -> Address:
    """Without < >, what follows a semicolon belongs to the header (RFC 3261 §20)."""
    uri, semicolon, parameters = text.partition(";")
    if "?" in uri or "," in uri:
        raise UriError("a URI with ? or , must stand in < >")
    return Address("", parse_uri(uri.strip()), header_parameters(semicolon + parameters))


def header_parameters(text: str) -> dict[str, str | None]:
    """`;name=value;name="quoted"` behind a header's value. Raises UriError."""
    found: dict[str, str | None] = {}
    position, end = 0, len(text)
    while (position := _skip(text, position)) < end:
        if text[position] != ";":
            raise UriError("parameters begin with a semicolon")
        name = TOKEN.match(text, position := _skip(text, position + 1))
        if not name:
            raise UriError("name of a parameter")
        position, value = _skip(text, name.end()), None
        if position < end and text[position] == "=":
            match = _VALUE.match(text, _skip(text, position + 1))
            if not match:
                raise UriError("value of a parameter")
            position, value = match.end(), match[0]
        if name[0].lower() in found:
            raise UriError("the same parameter twice")
        found[name[0].lower()] = value
    return found


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def split_commas(text: str) -> list[str]:
    """The members of a comma-separated header; commas in quotes and < > do not count."""
    parts, start, depth, position = [], 0, 0, 0
    while position < len(text):
        character = text[position]
        if character == '"' and not depth:
            quoted = _QUOTED.match(text, position)
            position = quoted.end() if quoted else len(text)
            continue
        depth += (character == "<") - (character == ">" and depth > 0)
        if character == "," and not depth:
            parts.append(text[start:position].strip())
            start = position + 1
        position += 1
    parts.append(text[start:].strip())
    return parts
