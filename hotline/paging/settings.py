"""config/paging.yaml and config/contacts.yaml as checked models: channels, rates, who is told what how.

No secret stands in them: `*_file` names a file (absolute, first line), `*_env` an environment variable.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dispatch.api import Contact
from hotline.paging.limits import Window

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Fraction = Annotated[float, Field(ge=0, lt=1)]


HAZARDS = {
    "smell": "闻到燃气味", "leak": "燃气泄漏", "third_party_damage": "燃气管道被外力损坏",
    "fire_explosion": "燃气起火或爆炸", "co": "疑似一氧化碳中毒", "alarm": "燃气报警器报警",
    "valve": "阀门异常", "other": "燃气险情",
}
PLACES = {"indoor": "室内", "outdoor": "室外", "unknown": ""}


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rate(Section):
    """At most so many in any so many seconds."""

    count: int = Field(ge=1)
    seconds: Seconds

    def window(self) -> Window:
        return Window(self.count, self.seconds)


class ChannelSettings(Section):
    """What every kind has."""

    name: str = ""
    """As people read it."""
    rates: tuple[Rate, ...] = ()
    """Instead of the kind's own."""
    reserved: Fraction = 0.25
    """Share of the rates that ordinary messages leave to emergencies."""
    timeout_seconds: Seconds = 10

    def windows(self) -> tuple[Window, ...]:
        return tuple(rate.window() for rate in (self.rates or self.default_rates()))

    def default_rates(self) -> tuple[Rate, ...]:
        return ()


class Web(ChannelSettings):
    url: str
    ca_file: Path | None = None
    """Trust only these certificates (PEM); for a gateway inside the company."""
    secret_file: Path | None = None
    secret_env: str = ""
    token_file: Path | None = None
    token_env: str = ""

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("must be http(s)://host/path without a query; secrets go to *_file or *_env")
        if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("http only on this machine; others need https")
        return url

    @model_validator(mode="after")
    def _check_files(self) -> Web:
        for name in ("ca_file", "secret_file", "token_file"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_absolute():
                raise ValueError(f"`{name}`: give an absolute path")
        return self


class Wecom(Web):
    """企业微信群机器人: `token` is the key of its address."""

    kind: Literal["wecom"]
    url: str = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"

    def default_rates(self) -> tuple[Rate, ...]:
        return (Rate(count=20, seconds=61),)


class Dingtalk(Web):
    """钉钉自定义机器人: `token` is its access_token, `secret` the one of 加签."""

    kind: Literal["dingtalk"]
    url: str = "https://oapi.dingtalk.com/robot/send"

    def default_rates(self) -> tuple[Rate, ...]:
        return (Rate(count=20, seconds=61),)


class Feishu(Web):
    """飞书自定义机器人: `token` is the last part of its address, `secret` the one of 签名校验."""

    kind: Literal["feishu"]
    url: str = "https://open.feishu.cn/open-apis/bot/v2/hook"

    def default_rates(self) -> tuple[Rate, ...]:
        return (Rate(count=100, seconds=61), Rate(count=5, seconds=1.1))


class Http(Web):
    """Signed HTTP to any service, SMS gateways above all."""

    kind: Literal["http", "sms"]
    body: dict[str, str] = Field(default_factory=dict)
    """Fields of the JSON; {key} {to} {subject} {text} {urgent} {drill} are filled in."""
    result_field: str = ""
    result_ok: tuple[str, ...] = ()
    result_later: tuple[str, ...] = ()
    longest_characters: int = Field(2000, ge=20)

    @field_validator("body")
    @classmethod
    def _check_body(cls, body: dict[str, str]) -> dict[str, str]:
        values = dict.fromkeys(("key", "to", "subject", "text", "urgent", "drill"), "")
        for name, text in body.items():
            try:
                text.format_map(values)
            except (KeyError, ValueError, IndexError) as error:
                raise ValueError(f"`{name}`: {text!r} names something unknown: {error}") from None
        return body

    @model_validator(mode="after")
    def _check_secret(self) -> Http:
        if self.secret_file is None and not self.secret_env:
            raise ValueError("`secret_file` or `secret_env`: requests are signed with a shared secret")
        if bool(self.result_field) != bool(self.result_ok):
            raise ValueError("`result_field` and `result_ok` go together")
        return self


class MailSettings(ChannelSettings):
    kind: Literal["mail"]
    host: str
    port: int = Field(587, ge=1, le=65535)
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    user: str = ""
    password_file: Path | None = None
    password_env: str = ""
    starttls: bool = True
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _check(self) -> MailSettings:
        if not self.starttls and (self.host not in ("127.0.0.1", "::1", "localhost") or self.user):
            raise ValueError("`starttls`: only a relay on this machine may do without, and without password")
        return self


class SipText(ChannelSettings):
    """SIP MESSAGE through our own edge."""

    kind: Literal["sip_message"]


AnyChannel = Annotated[
    Wecom | Dingtalk | Feishu | Http | MailSettings | SipText, Field(discriminator="kind")
]


class QuietHours(Section):
    """Local time in which ordinary notices wait. Emergencies know no quiet hours."""

    start: time = time(22)
    end: time = time(7)

    def holds(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


class Links(Section):
    """One-time links in messages."""

    public_url: str = ""
    """Where phones reach the link pages: https://hotline.example.org/l ; empty: no links are sent."""
    host: str = "127.0.0.1"
    port: int = Field(8081, ge=1, le=65535)
    """Where the pages are served; the company's web server with TLS stands before it."""

    @field_validator("public_url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
            raise ValueError("must be an https address without a query")
        if url and parts.scheme == "http" and not local:
            raise ValueError("must be https: the link is a key")
        return url.rstrip("/")


class SelfTest(Section):
    """The call through the trunk that says that the line lives (design rule 9)."""

    number: str = ""
    """What is dialled: our own service number over the carrier; empty: no self-test."""
    every_seconds: Annotated[float, Field(ge=20, le=86400)] = 60
    failures_to_alarm: int = Field(3, ge=1)
    """So many one after the other, and the alarm places are told."""


class Paging(Section):
    """The whole of paging.yaml."""

    channels: dict[Key, AnyChannel] = Field(default_factory=dict)
    links: Links = Links()
    quiet_hours: QuietHours | None = QuietHours()
    bundle_seconds: Annotated[float, Field(ge=0, le=3600)] = 60
    """Ordinary messages to one person are gathered for so long."""
    patience: PatienceSettings = Field(default_factory=lambda: PatienceSettings())
    urgent_topics: tuple[str, ...] = ()
    """Notices that are emergencies though they belong to no incident."""
    again_seconds: Seconds = 120
    """Who must acknowledge a notice and has not is told again after so long."""
    customers_by: str = ""
    """The channel by which customers of an area are told (S0/S1 §24(4)): an SMS channel; empty: none."""
    selftest: SelfTest = SelfTest()
    texts: Texts = Field(default_factory=lambda: Texts())

    @model_validator(mode="after")
    def _check(self) -> Paging:
        if "phone" in self.channels:
            raise ValueError("`channels.phone`: the phone call is always there and needs no entry")
        if self.customers_by and self.customers_by not in self.channels:
            raise ValueError(f"`customers_by`: there is no channel {self.customers_by}")
        return self


class PatienceSettings(Section):
    """How long a message is tried before its channel counts as dead for it, in seconds."""

    ordinary: Seconds = 3600
    urgent: Seconds = 300
    urgent_with_next: Seconds = 8
    """An emergency that has another channel: then that one."""


class Texts(Section):
    """What is written; {…} are facts of the incident."""

    page: str = (
        "【燃气抢险派单】{drill}{place}{hazard}。地址：{address}{detail}{unconfirmed}。"
        "报警人电话：{phone}。要求{time}前到达。单号{incident}。{link}"
    )
    inform: str = (
        "【燃气紧急通报】{drill}{place}{hazard}。地址：{address}{detail}{unconfirmed}。单号{incident}。{link}"
    )
    notice: str = "【燃气热线】{drill}{text}{number}{link}"
    link: str = "办理请点：{url}"
    drill: str = "（演练）"
    unconfirmed: str = "（地址未核实）"
    no_address: str = "待核实"
    no_phone: str = "未留"
    unknown_contact: str = "（原定通知{to}，通讯录中没有，请代为转告）"
    unreachable: str = "（未能通知到{name}，请代为转告）"
    hazards: dict[str, str] = Field(default_factory=lambda: dict(HAZARDS))
    places: dict[str, str] = Field(default_factory=lambda: dict(PLACES))


class ContactEntry(Section):
    """Somebody who is told: a person or an office."""

    key: Key
    name: Annotated[str, Field(min_length=1)]
    phone: str = Field("", pattern=r"^(sips?:[^\s@]+@\S+|\+?[0-9]{2,15})?$")
    channels: dict[Key, str] = Field(default_factory=dict)
    """Address by channel."""
    by: tuple[tuple[str, ...], ...] = ()
    """Channels, all at once; where one is a list, one after the other. Empty: phone, or whatever is there."""
    acknowledges: bool = False
    """Must say that he has it; until then he is told again."""
    outside: bool = False
    """An authority or partner: never told of a drill."""
    last_resort: bool = False
    """Where everything goes that reaches nobody else: never given up."""

    @field_validator("by", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        if not isinstance(given, list | tuple):
            return given
        return [[part] if isinstance(part, str) else part for part in given]

    @model_validator(mode="after")
    def _check(self) -> ContactEntry:
        if not self.phone and not self.channels:
            raise ValueError("a phone or a channel is needed to reach anybody")
        for name in (name for group in self.by for name in group):
            if self.address(name) is None:
                raise ValueError(f"`by`: there is no address for {name}")
        return self

    def address(self, channel: str) -> str | None:
        return (self.phone or None) if channel == "phone" else self.channels.get(channel)

    def ways(self) -> tuple[tuple[str, ...], ...]:
        if self.by:
            return self.by
        return (("phone", *self.channels),) if self.phone else (tuple(self.channels),)

    @classmethod
    def of(
        cls, contact: Contact, key: str, *, acknowledges: bool = False, last_resort: bool = False
    ) -> ContactEntry:
        """Somebody who stands in stations.yaml."""
        return cls.model_construct(
            key=key, name=contact.name, phone=contact.phone, channels=dict(contact.channels),
            by=(), acknowledges=acknowledges, outside=False, last_resort=last_resort,
        )


class Contacts(Section):
    """The whole of contacts.yaml."""

    contacts: tuple[ContactEntry, ...] = ()
    groups: dict[Key, tuple[str, ...]] = Field(default_factory=dict)
    """Keys of contacts, of groups of stations.yaml (leaders, duty_centre, fire) or of crews."""

    @model_validator(mode="after")
    def _check(self) -> Contacts:
        keys = [contact.key for contact in self.contacts]
        for key in sorted({key for key in (*keys, *self.groups) if [*keys, *self.groups].count(key) > 1}):
            raise ValueError(f"`contacts`: the key {key} stands there twice")
        return self

    def get(self, key: str) -> ContactEntry | None:
        return next((contact for contact in self.contacts if contact.key == key), None)


Paging.model_rebuild()
