"""The configuration file as checked models: every number, deadline, address and path of the service.

`config/hotline.yaml` is the commented example. Relative paths are taken from the file's folder.
Secrets are never in the file: `*_file` names a file, `*_env` an environment variable.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Paths(Section):
    run: Path
    """Sockets, pid files and locks; private to the service's user."""
    state: Path
    """Journals, registrations, the SQLite file, caches: must survive a restart."""
    recordings: Path
    flows: Path
    prompts: Path
    """Recorded prompts that win over synthesised ones."""


class Database(Section):
    url: str = "sqlite:///hotline.db"
    """SQLAlchemy URL; a relative SQLite path is taken from `paths.state`."""
    password_file: Path | None = None


class Listen(Section):
    host: str
    udp_port: Port = 5060
    tcp_port: Port | None = None
    advertise: str = ""
    """The address that others are told (Via, Record-Route); empty: `host`. Needed when that is 0.0.0.0."""


class Trunk(Section):
    """A carrier or partner line that may call in, and over which calls go out."""

    name: str
    addresses: tuple[IPv4Network | IPv6Network, ...]
    """From where its requests come."""
    uri: str = ""
    """Where outbound calls go: `sip:{number}@198.51.100.7`; empty: inbound only."""
    digest_user: str = ""
    """When set, inbound requests must also pass digest authentication."""
    digest_password_file: Path | None = None
    digest_password_env: str = ""
    outbound_user: str = ""
    """When set, the carrier is shown this user and password if it asks for one."""
    outbound_password_file: Path | None = None
    outbound_password_env: str = ""
    registers: bool = False
    """The carrier wants us to register before it sends calls, or takes them."""
    registrar: str = ""
    """Where to register: `sip:carrier.example`; empty: the host of `uri`."""
    register_seconds: int = Field(600, ge=60)
    """For how long; it is repeated in good time."""
    partner: str = ""
    """110, 119, 12345: calls over this trunk are a partner's."""


class Softphone(Section):
    """An agent's phone that registers."""

    user: str
    password_file: Path | None = None
    password_env: str = ""
    digest: tuple[Literal["SHA-256", "MD5"], ...] = Field(("SHA-256", "MD5"), min_length=1)
    """Offered to this phone, the best first; some old ones give up when they see any but MD5."""


class RateLimits(Section):
    stranger_per_second: float = 5
    """Requests a second from one address that is neither trunk nor registered."""
    softphone_per_second: float = 20
    burst_seconds: float = 4
    wrong_password_cost: float = 5
    """A wrong password counts as so many requests."""
    connections_per_address: int = 20
    """Simultaneous TCP connections from one address that is no trunk."""


class Edge(Section):
    listen: Listen
    realm: str = "hotline"
    trunks: tuple[Trunk, ...] = ()
    softphones: tuple[Softphone, ...] = ()
    rate_limits: RateLimits = RateLimits()
    worker_wait_seconds: Seconds = 1.5
    """How long an INVITE waits for a worker before it is refused and becomes a call-back."""
    restart_wait_seconds: Seconds = 6
    """The same while no zygote is connected: one that died is back within some two seconds."""
    bye_hold_seconds: float = Field(0.12, ge=0, le=1)
    """A caller's BYE is passed on so much later: keys pressed just before it are still on the way."""
    max_register_seconds: int = 600
    max_contacts: int = Field(3, ge=1)
    """Phones that one user may have registered at once; all of them ring."""
    tcp_idle_seconds: Seconds = 900
    """A TCP connection without a byte for so long is closed; longer than `max_register_seconds`."""
    journal_megabytes: float = Field(16, gt=0)
    """A journal file of the edge that is so large is followed by a new one, and put away when stored."""
    default_trunk: str = ""
    """Over which trunk numbers are called that are not agents or full URIs."""


class Workers(Section):
    max_conversations: int = Field(200, ge=1)
    reserved_for_pages: int = Field(20, ge=0)
    """Of these, kept free for outbound pages and call-backs."""
    spares: int = Field(4, ge=0)
    """Workers forked ahead of need; 0: forked on demand."""
    sip_ports: tuple[Port, Port] = (20000, 21999)
    rtp_ports: tuple[Port, Port] = (22000, 29999)
    host: str = "127.0.0.1"
    """Where workers talk SIP with the edge."""
    media_host: str = "127.0.0.1"
    """The address for RTP that is told to callers."""
    tick_ms: Literal[20, 40, 60, 80, 100] = 60
    tick_bridged_ms: Literal[20, 40, 60, 80, 100] = 40
    dead_peer_seconds: Seconds = 20
    """A peer that sends no RTP for so long (not on hold) is gone."""
    session_expires_seconds: int = Field(600, ge=90)
    action_timeout_seconds: Seconds = 2


class Recording(Section):
    enabled: bool = True
    keep_days: int = 365


class Deferred(Section):
    """What was not heard live is heard from the recording, in the background."""

    below_share: float = Field(0.5, gt=0, le=1)
    """Only while live decoders use less than this share of `Speech.decoder_cores`."""
    attempts: int = Field(5, ge=1)
    """A recording that fails so often without getting any further is set aside, with an alarm."""
    retry_seconds: Seconds = 60
    """Before the second attempt; doubled each time, up to an hour."""
    leak_within_seconds: float = Field(7200, ge=0)
    """A leak found so late in a caller's unheard words still pages a crew; later the caller is called."""


class Speech(Section):
    engine: Literal["vosk", "sherpa", "none"] = "vosk"
    """`sherpa`: sherpa-onnx, installed by itself; docs/speech-model.md says what was proved with it."""
    model: Path | None = None
    """Folder of the engine's model. Without one the line works by keys and persons."""
    hot_words: tuple[str, ...] | None = None
    """For `sherpa`: words that are preferred. Unset: those of the trade."""
    energy_gate_dbfs: float = -46
    hangover_seconds: float = 1.6
    partial_ms: int = Field(200, ge=60, le=300)
    open_silence_seconds: Seconds = 0.9
    """So much silence ends an utterance of free speech; halting callers pause inside a sentence."""
    digits_silence_seconds: Seconds = 0.8
    yes_no_silence_seconds: Seconds = 0.5
    second_ear: bool = True
    """While a yes or digits are asked for, a decoder that knows only those listens beside the free one."""
    longest_utterance_seconds: Seconds = 15
    """Longer speech is split at its quietest moment, without loss."""
    backlog_seconds: Seconds = 8
    """A decoder further behind than that skips the oldest speech."""
    stuck_seconds: Seconds = 10
    """A decoder silent for so long over one piece is given up; the call goes on by keys and persons."""
    decoder_cores: Annotated[float, Field(gt=0)] | None = None
    """Decoder time a second for all live streams of this machine, in cores. Beyond it conversations with
    agents are heard later. Unset: half of the machine."""
    deferred: Deferred = Deferred()


class Triage(Section):
    """When a caller is asked about danger: how likely it is by his words, as shares of 1."""

    ask_from: float = Field(0.06, gt=0, le=0.5)
    """From here one short question is asked, and silence counts as yes."""
    ask_vulnerable_from: float = Field(0.02, gt=0, le=0.5)
    """The same for who is old or ill, who rings over a partner's line, or has an emergency open."""
    believe_below: float = Field(0.02, ge=0, le=0.5)
    """Who says himself that nothing smells or leaks is believed below it, and not asked."""


class TextToSpeech(Section):
    engine: Literal["espeak", "command"] = "espeak"
    voice: str = "cmn"
    rate_wpm: int = 170
    pitch: int = 50
    command: tuple[str, ...] = ()
    """For `command`: a program that reads text on standard input and writes WAV to `{out}`."""
    level_dbfs: float = -18


class Entry(Section):
    """Which flow answers which dialled number."""

    dialled: tuple[str, ...]
    """User parts of the request URI; `*` is the rest."""
    flow: str
    drill: bool = False


class OutboundFlows(Section):
    """Which flow speaks when the hotline itself rings somebody."""

    page: str = "crew_page"
    callback: str = "callback"
    notice: str = "crew_notice"
    """News for a crew that has the incident already."""
    alarm: str = "notify_leader"
    """Leaders and named places, when nobody took an emergency."""
    selftest: str = "selftest"
    welfare: str = "crew_welfare"
    """A crew on scene that has said nothing for long."""
    visit: str = "visit_late"
    """A customer whose technician is late."""
    contact: str = "notify_contact"
    """Somebody of contacts.yaml who is told something."""


class Agents(Section):
    ring_seconds: Seconds = 20
    queue_seconds: Seconds = 180
    """After that the caller is offered a call-back; he may go on waiting."""
    members: tuple[str, ...] = ()
    """Softphone users, in the order in which they are tried when the controller is away."""
    duty_crew: tuple[str, ...] = ()
    """URIs or numbers that ring when no agent answers."""


class Callbacks(Section):
    refused_seconds: int = 30
    worker_died_seconds: int = 10
    abandoned_seconds: int = 30
    asked_seconds: int = 1800
    attempts: int = 5
    retry_seconds: int = 60
    ring_seconds: int = 40


class Routing(Section):
    """A routing service (OSRM) for distances and times by road; nothing waits for it."""

    url: str = Field(pattern=r"^https?://[^\s/]+(/[^\s]*)?$")
    profile: str = Field("driving", pattern=r"^[a-z][a-z0-9_-]*$")
    timeout_seconds: Seconds = 2


class DispatchFiles(Section):
    stations: Path
    """Stations, crews, phones, PINs, rosters."""
    policy: Path
    """Distance bands, road factor, chain, times."""
    gazetteer: Path
    """Streets and communities with coordinates."""
    standards: Path | None = None
    """Folder of service standards: what the company promises, by kind of business. Unset:
    `service_standards` beside the configuration, or the shipped ones; filled in when it is read."""
    node: str = Field("", pattern="^[A-Z]{0,2}$")
    """Letter of this machine when several share one database; part of its tickets' numbers."""
    lease_seconds: Seconds = 10
    """How long the others wait for a silent machine before they take over its tickets and incidents."""
    standard: str = "guangyuan-2022"
    """The one that this deployment is held to."""
    businesses: Path | None = None
    """Kinds of business: fields, states, whose promise. Unset: `businesses.yaml` beside the
    configuration, or the shipped one; filled in when it is read."""
    incident_types: Path | None = None
    """Kinds of incidents with their protocols. Unset: `incident_types.yaml` beside the configuration, or
    the shipped one; filled in when it is read."""
    outages: Path | None = None
    """What is allowed when gas is off, and the wording of letters and SMS. Unset: `outages.yaml` beside
    the configuration, or the shipped one; filled in when it is read."""
    joining: Path | None = None
    """When two reports are taken for one leak. Unset: `joining.yaml` beside the configuration, or the
    shipped one; filled in when it is read."""
    paging: Path | None = None
    """Channels of paging. Unset: `paging.yaml` beside the configuration, or the shipped one; filled in
    when it is read."""
    contacts: Path | None = None
    """Who is told what besides crews. Unset: `contacts.yaml` beside the configuration, or the shipped
    one; filled in when it is read."""
    routing: Routing | None = None
    """Unset: the straight line times the road factor."""
    roster: Path | None = None
    """Dated shifts, days off, leave and swaps (CSV or YAML). Unset: `roster.csv` or `roster.yaml` beside the
    configuration, if there is one; filled in when it is read."""
    calendar: Path | None = None
    """Holidays and make-up days of years that the library does not have. Unset: `calendar.yaml`
    beside that folder, if there is one; filled in when it is read."""


class Backup(Section):
    """S0 §21(3): business data at least weekly, important data at once."""

    directory: Path | None = None
    """Best on another disk or machine; unset: nothing is backed up, and `/ready` says so."""
    weekday: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = "sun"
    time: str = Field("03:20", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Local time of the full backup."""
    keep: int = Field(8, ge=1)
    """So many full backups are kept."""
    recordings: bool = False
    """Whether the weekly backup copies new recordings too."""


class Web(Section):
    host: str = "127.0.0.1"
    port: Port = 8080
    """Health, readiness and metrics."""


class Logging(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "text"] = "json"


class Settings(Section):
    node: str = "hotline-1"
    company: str
    """As callers hear it."""
    service_number: str
    timezone: str = "Asia/Shanghai"
    country: str = "CN"
    area_code: str = ""
    """For numbers given without one: `0839`."""
    paths: Paths
    database: Database = Database()
    edge: Edge
    workers: Workers = Workers(max_conversations=200)
    recording: Recording = Recording()
    speech: Speech = Speech()
    triage: Triage = Triage()
    tts: TextToSpeech = TextToSpeech()
    entries: tuple[Entry, ...]
    outbound: OutboundFlows = OutboundFlows()
    agents: Agents = Agents()
    callbacks: Callbacks = Callbacks()
    dispatch: DispatchFiles
    customers: Path | None = None
    """CSV of the customer file: number, name, address, latitude, longitude, vulnerable."""
    information: Path | None = None
    """What callers may be told: prices, ways to pay, promises, outages (YAML)."""
    backup: Backup = Backup()
    report: Path | None = None
    """What the figures are measured against. Unset: the shipped report.yaml."""
    web: Web = Web()
    logging: Logging = Logging()
    drain_seconds: Seconds = 3600
    """How long SIGTERM waits for calls in progress."""
