"""`hotline page test --to`: a drill by every channel of somebody; `hotline page channels check`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from dispatch.api import Policy, Stations
from hotline.cli.data import NothingThereError
from hotline.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from hotline.cli.output import print_json
from hotline.errors import ConfigurationError, HotlineError
from hotline.ipc import AnyMessage, SendText, TextSent
from hotline.ipc_link import Link, LinkClient
from hotline.paging.channel import Channel, Delivered, Message, Outcome, Permanent
from hotline.paging.files import PHONE, ChannelMaker, PagingFiles, load_paging
from hotline.paging.people import People
from hotline.paging.settings import AnyChannel, ContactEntry
from hotline.paging.sip_text import SipTexts
from hotline.settings import Settings
from hotline.settings_file import load_settings
from hotline.yamlfile import load

channels_app = typer.Typer(no_args_is_help=True)
TEXT = "（演练）这是燃气热线的测试消息，编号{number}，收到不用处理。"
EDGE_SECONDS = 3.0


class ChannelsFailedError(HotlineError):
    """Not every channel took the test message. Mend what is named; `hotline page channels check` helps."""


@dataclass(frozen=True, slots=True)
class Target:
    """One message that is to be tried."""

    entry: ContactEntry
    channel: str


@channels_app.callback()
def channels() -> None:
    """The ways by which people are reached besides the phone."""


@channels_app.command()
def check(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Check paging.yaml and contacts.yaml with all secrets; every fault with its line."""
    settings = load_settings(config)
    files, _ = read(settings)
    broken = {key: fault for key, one in files.paging.channels.items() if (fault := _secret_fault(key, one))}
    rows = [
        {"channel": key, "kind": one.kind, "ok": key not in broken, "why": broken.get(key, "")}
        for key, one in files.paging.channels.items()
    ]
    if as_json:
        print_json({"channels": rows, "contacts": [one.key for one in files.contacts.contacts]})
    else:
        for row in rows:
            print(f"{row['channel']:<20} {row['kind']:<12} {'ok' if row['ok'] else row['why']}")
        print(f"{len(rows)} channels besides the phone, {len(files.contacts.contacts)} contacts")
    if broken:
        raise ChannelsFailedError(f"{len(broken)} channels cannot be used: {', '.join(broken)}")


def read(settings: Settings) -> tuple[PagingFiles, People]:
    """Raises ConfigurationError with every fault of both files."""
    stations = load(settings.dispatch.stations, Stations)
    policy = load(settings.dispatch.policy, Policy)
    assert settings.dispatch.paging is not None and settings.dispatch.contacts is not None
    files = load_paging(settings.dispatch.paging, settings.dispatch.contacts, stations, policy)
    return files, People(files.contacts, stations)


def targets(files: PagingFiles, people: People, to: str, only: Sequence[str]) -> list[Target]:
    """Every person of `to` by every channel he has, or by those that were named."""
    entries = people.find(to)
    if not entries:
        known = ", ".join([*(one.key for one in files.contacts.contacts), *files.contacts.groups])
        raise NothingThereError(f"nobody is called {to}; contacts: {known or 'none'}, crews, groups, names")
    found = [Target(entry, channel) for entry in entries
             for channel in (PHONE, *files.paging.channels)
             if entry.address(channel) is not None and (not only or channel in only)]
    for channel in only:
        if all(target.channel != channel for target in found):
            raise NothingThereError(f"{to} has no address for {channel}")
    return found


def send_all(settings: Settings, files: PagingFiles, wanted: Sequence[Target]) -> list[Outcome]:
    """Every message by its real channel, one after the other. Starts and stops the reactor."""
    results: list[list[Outcome]] = []
    failures: list[Failure] = []

    async def work(reactor: Any) -> None:
        edge = _Edge(reactor, settings)
        maker = ChannelMaker(reactor, lambda: datetime.now(UTC), edge.send)
        outcomes = []
        for number, target in enumerate(wanted, 1):
            outcomes.append(await _send(maker, files, edge, target, number))
        results.append(outcomes)

    _run(work, failures)
    if failures:
        failures[0].raiseException()
    return results[0]


async def _send(
    maker: ChannelMaker, files: PagingFiles, edge: _Edge, target: Target, number: int
) -> Outcome:
    try:
        channel: Channel = maker.make(target.channel, files.paging.channels[target.channel])
    except ConfigurationError as error:
        return Permanent(str(error))
    if isinstance(channel, SipTexts):
        edge.texts = channel
        if not await edge.connected():
            return Permanent("the edge does not answer; start the hotline")
    key = f"test-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}-{number}"
    text = TEXT.format(number=key)
    return await channel.send(Message(key=key, to=target.entry.address(target.channel) or "",
                                      subject="（演练）燃气热线测试", text=text, urgent=True, drill=True))


def _run(work: Callable[[Any], Any], failures: list[Failure]) -> None:
    from twisted.internet import reactor

    running: Any = reactor

    def begin() -> None:
        done = Deferred.fromCoroutine(work(running))
        done.addErrback(failures.append).addBoth(lambda _: running.stop())

    running.callWhenRunning(begin)
    running.run()


def say(target: Target, outcome: Outcome) -> str:
    """One line for a person."""
    if isinstance(outcome, Delivered):
        return f"{target.entry.name} by {target.channel}: delivered"
    kind = "permanent" if isinstance(outcome, Permanent) else "temporary"
    return f"{target.entry.name} by {target.channel}: {kind} failure: {outcome.why}"


def _secret_fault(key: str, settings: AnyChannel) -> str:
    try:
        ChannelMaker(None, lambda: datetime.now(UTC), lambda _: False).check(key, settings)
    except ConfigurationError as error:
        return str(error)
    return ""


class _Edge:
    """The running edge, for SIP MESSAGE; connected only when it is needed."""

    def __init__(self, reactor: Any, settings: Settings) -> None:
        self._reactor = reactor
        self._client = LinkClient(reactor, settings.paths.run / "edge.sock", self)
        self.texts: SipTexts | None = None

    def send(self, order: SendText) -> bool:
        return self._client.send(order)

    async def connected(self) -> bool:
        self._client.start()
        for _ in range(int(EDGE_SECONDS / 0.1)):
            if self._client.connected:
                return True
            pause: Deferred[None] = Deferred()
            self._reactor.callLater(0.1, pause.callback, None)
            await pause
        return False

    def link_opened(self, link: Link) -> None:
        """Nothing is said first: only controllers introduce themselves."""

    def link_message(self, link: Link, message: AnyMessage) -> None:
        if isinstance(message, TextSent) and self.texts is not None:
            self.texts.sent(message)

    def link_closed(self, link: Link) -> None:
        """It connects again by itself."""
