"""The pages behind one-time links: look (GET) and report (POST). Hostile input from the whole internet.

A GET changes nothing: chat programs look at links before people do. Each button is a POST.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any, Protocol

import structlog
from jinja2 import Environment, PackageLoader, select_autoescape
from twisted.protocols.policies import WrappingFactory
from twisted.web.http import (
    CONFLICT,
    GONE,
    INTERNAL_SERVER_ERROR,
    NOT_ALLOWED,
    NOT_FOUND,
    OK,
    SEE_OTHER,
    HTTPChannel,
)
from twisted.web.resource import Resource
from twisted.web.server import Site

from hotline.paging.tokens import TOKEN, hash_of

log = structlog.get_logger()
MAX_BODY_BYTES = 8192
MAX_FIELD_CHARACTERS = 500
IDLE_SECONDS = 20
MOST_CONNECTIONS = 200
"""The pages are served by the process that pages crews: no crowd of idle lines takes its descriptors."""
FORM = b"application/x-www-form-urlencoded"
REFUSAL = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
ACTIONS = frozenset({
    "accept", "decline", "en_route", "on_scene", "made_safe", "rechecked", "unsolved", "needs_help",
    "finished",
})
PLAIN = {"en_route": "已经出发", "on_scene": "到达现场", "made_safe": "险情已排除", "finished": "处理完毕"}
SAID = {
    **PLAIN, "accept": "接单", "decline": "不能去", "rechecked": "复检结果", "unsolved": "遗留问题",
    "needs_help": "请求支援",
}
REASONS = ("正在处理其他险情", "车辆或设备故障", "距离太远", "身体不适", "其他原因")


class NotPossibleError(Exception):
    """This step was told already, or is not possible any more."""


class View(Protocol):
    """What a link's page shows."""

    @property
    def title(self) -> str: ...

    @property
    def drill(self) -> bool: ...

    @property
    def facts(self) -> tuple[tuple[str, str, str], ...]:
        """Name, value, and a number to dial."""
        ...

    @property
    def actions(self) -> tuple[str, ...]: ...

    @property
    def taking(self) -> bool:
        """A crew takes a job; else somebody confirms that he has read it."""
        ...

    @property
    def over(self) -> bool: ...


class Desk(Protocol):
    """What the pages ask and tell; by the hash of the token."""

    def look(self, link_id: str) -> View | None:
        """None: no such link, or it has expired."""
        ...

    def step(self, link_id: str, action: str, note: str, position: tuple[float, float] | None) -> None:
        """Raises NotPossibleError."""
        ...


class LinkPages(Resource):
    """`…/<token>`; whatever stands before the token is the company's web server's business."""

    isLeaf = True

    def __init__(self, desk: Desk, service_number: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted's Resource has no types
        self._desk, self._service_number = desk, service_number
        environment = Environment(loader=PackageLoader("hotline"), autoescape=select_autoescape())
        self._template = environment.get_template("link.html")

    def render(self, request: Any) -> bytes:
        try:
            return self._render(request)
        except Exception:
            log.exception("link page failed")
            return self._page(request, INTERNAL_SERVER_ERROR, None, fault="系统出错了，请直接拨打电话报告。")

    def _render(self, request: Any) -> bytes:
        token = request.path.rsplit(b"/", 1)[-1].decode("latin-1")
        link_id = hash_of(token) if TOKEN.fullmatch(token) else ""
        view = self._desk.look(link_id) if link_id else None
        if request.method not in (b"GET", b"HEAD", b"POST"):
            request.setHeader("Allow", "GET, HEAD, POST")
            return self._page(request, NOT_ALLOWED, None, fault="不支持这种访问方式。")
        if view is None:
            return self._page(request, NOT_FOUND, None, fault="链接无效或者已经过期。")
        if request.method != b"POST":
            return self._page(request, GONE if view.over else OK, view, said=_said(request))
        return self._post(request, link_id, token, view)

    def _post(self, request: Any, link_id: str, token: str, view: View) -> bytes:
        fields = _fields(request.args)
        action = fields.get("action", "")
        if action not in ACTIONS:
            return self._page(request, CONFLICT, view, fault="没有看懂这次提交，请重试。")
        note = "：".join(part for part in (fields.get("reason", ""), fields.get("note", "")) if part)
        try:
            self._desk.step(link_id, action, note, _position(fields))
        except NotPossibleError:
            fault = "这一步已经报告过，或者现在不能再报告。"
            return self._page(request, CONFLICT, self._desk.look(link_id), fault=fault)
        # Relative, so that it is right behind any web server; a reload then repeats no POST.
        request.setResponseCode(SEE_OTHER)
        self._headers(request, secrets.token_urlsafe(16))
        request.setHeader("Location", f"{token}?said={action}")
        return b""

    def _page(
        self, request: Any, status: int, view: View | None, *, fault: str = "", said: str = ""
    ) -> bytes:
        nonce = secrets.token_urlsafe(16)
        request.setResponseCode(status)
        self._headers(request, nonce)
        values: Mapping[str, Any] = {
            "nonce": nonce, "fault": fault, "said": said, "service_number": self._service_number,
            "title": view.title if view else "燃气热线", "drill": bool(view and view.drill),
            "facts": view.facts if view else (), "actions": view.actions if view else (),
            "accept_word": "接单" if view is None or view.taking else "收到",
            "plain_words": PLAIN, "reasons": REASONS,
        }
        if view is not None and view.over and not fault:
            values = {**values, "said": said or "这项任务已经结束，谢谢。"}
        return self._template.render(**values).encode()

    def _headers(self, request: Any, nonce: str) -> None:
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"),
            ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"),
            ("X-Content-Type-Options", "nosniff"), ("X-Robots-Tag", "noindex, nofollow"),
            ("Permissions-Policy", "geolocation=(self), camera=(), microphone=()"), ("Server", "hotline"),
        ):
            request.setHeader(name, value)


def _fields(args: Mapping[bytes, list[bytes]]) -> dict[str, str]:
    """The first value of each field, as text of one line, cut to what a report may have."""
    found = {}
    for name, values in list(args.items())[:20]:
        text = values[0].decode("utf-8", "replace") if values else ""
        text = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+", " ", text).strip()
        found[name.decode("latin-1")] = text[:MAX_FIELD_CHARACTERS]
    return found


def _position(fields: Mapping[str, str]) -> tuple[float, float] | None:
    """Latitude and longitude, WGS-84; nonsense is no position."""
    pattern = re.compile(r"-?\d{1,3}(\.\d{1,20})?")
    latitude, longitude = fields.get("latitude", ""), fields.get("longitude", "")
    if not pattern.fullmatch(latitude) or not pattern.fullmatch(longitude):
        return None
    found = float(latitude), float(longitude)
    return found if abs(found[0]) <= 90 and abs(found[1]) <= 180 else None


def _said(request: Any) -> str:
    given = request.args.get(b"said", [b""])[0].decode("latin-1")
    return f"已经记录：{SAID[given]}。" if given in SAID else ""


class _Channel(HTTPChannel):
    """A body that is no small form is refused before it is read."""

    def headerReceived(self, line: bytes) -> bool:
        name, _, value = line.partition(b":")
        header, value = name.strip().lower(), value.strip()
        too_long = header == b"content-length" and not (value.isdigit() and int(value) <= MAX_BODY_BYTES)
        no_form = header == b"content-type" and not value.lower().startswith(FORM)
        if header == b"transfer-encoding" or too_long or no_form:
            me: Any = self
            me.transport.write(REFUSAL)
            me.loseConnection()
            return False
        return bool(super().headerReceived(line))  # type: ignore[no-untyped-call]  # Twisted has no types here


class _Limited(WrappingFactory):
    noisy = False

    def buildProtocol(self, addr: Any) -> Any:
        if len(self.protocols) >= MOST_CONNECTIONS:
            return None
        return super().buildProtocol(addr)


def make_link_site(desk: Desk, service_number: str, reactor: Any = None) -> Any:
    """The HTTP site (a Twisted factory) of the link pages."""
    make: Any = Site
    site = make(LinkPages(desk, service_number), timeout=IDLE_SECONDS, reactor=reactor)
    site.displayTracebacks = False
    site.noisy = False
    site.protocol = _Channel
    limited: Any = _Limited
    return limited(site)
