"""Everything of paging that is not a phone call, put together for the controller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import structlog
from twisted.internet.error import CannotListenError

from dispatch.api import AnyCommand, Dispatch, DispatchError, Notice, PageOrder
from hotline.ipc import Job, SendText, TextSent
from hotline.paging.area import CUSTOMERS, AreaTexts
from hotline.paging.composing import Composer
from hotline.paging.files import ChannelMaker, PagingFiles, load_paging
from hotline.paging.notifier import Notifier, Ring
from hotline.paging.pager import Linker, MessagePager
from hotline.paging.people import People
from hotline.paging.senders import Senders
from hotline.service.call_names import MARK
from hotline.service.customers import CustomerFile
from hotline.service.links import LinkDesk
from hotline.service.selftest import NAME, SelfTest
from hotline.settings import Settings
from hotline.web.link_pages import make_link_site

log = structlog.get_logger()
LISTEN_AGAIN_SECONDS = 1.0


class Edge(Protocol):
    """The wire to the edge (hotline.service.lines)."""

    def send_text(self, order: SendText) -> bool: ...

    def originate(self, job: Job) -> bool: ...


class PagingDesk:
    """Messages, notices and links; phone calls stay with the outlet."""

    def __init__(
        self, reactor: Any, settings: Settings, dispatch: Dispatch, edge: Edge,
        ring: Ring, customers: Callable[[], CustomerFile], utcnow: Callable[[], datetime],
        line_ok: Callable[[bool], None],
    ) -> None:
        """Raises ConfigurationError."""
        self.files = read_files(settings, dispatch)
        self._reactor, self._settings, self._utcnow = reactor, settings, utcnow
        self._dispatch, self._customers = dispatch, customers
        paging, zone = self.files.paging, ZoneInfo(settings.timezone)
        self.senders = Senders(
            reactor, paging, ChannelMaker(reactor, utcnow, edge.send_text), settings.paths.state
        )
        composer = Composer(paging.texts, zone)
        linker = Linker(paging.links.public_url, self._tell, utcnow, self._good_for)
        self._pages = MessagePager(self.senders, composer, linker, self._tell, utcnow)
        people = People(self.files.contacts, dispatch.rules.stations)
        self._notifier = Notifier(
            paging, people, self.senders, composer, linker, ring, self._tell, utcnow, zone
        )
        self._selftest = SelfTest(
            reactor, paging.selftest, settings.outbound.selftest, edge.originate, self._tell, utcnow, line_ok
        )
        self._area = AreaTexts(
            paging.customers_by, self.senders, composer, self._numbers, self._tell, utcnow
        )

    def start(self) -> None:
        self._selftest.start()
        self.listen()

    def listen(self) -> None:
        """Serve the pages of links, when links are sent; a predecessor's port is asked for again."""
        links = self.files.paging.links
        if not links.public_url:
            return
        zone = ZoneInfo(self._settings.timezone)
        desk = LinkDesk(self._dispatch, self.files.paging.texts, zone, self._utcnow)
        site = make_link_site(desk, self._settings.service_number, self._reactor)
        try:
            self._reactor.listenTCP(links.port, site, interface=links.host)
        except CannotListenError as error:
            log.warning("link port not free yet", port=links.port, why=str(error))
            self._reactor.callLater(LISTEN_AGAIN_SECONDS, self.listen)

    def page(self, order: PageOrder) -> None:
        self._pages.page(order)

    def cancel(self, page_id: str) -> None:
        self._pages.cancel(page_id)

    def notify(self, notice: Notice) -> None:
        if notice.to.startswith(CUSTOMERS):
            self._area.notify(notice)
        else:
            self._notifier.notify(notice)

    def heard(self, effect_id: str, *, answered: bool, confirmed: bool) -> None:
        """A phone call with a notice is over."""
        if effect_id.startswith(NAME):
            self._selftest.ended(effect_id, answered=answered)
            return
        effect, _, person = effect_id.partition(MARK)
        self._notifier.heard(effect, person, answered=answered, confirmed=confirmed)

    def not_begun(self, call_id: str) -> None:
        """A call of ours could not begin."""
        self._selftest.not_begun(call_id)

    def text_sent(self, answer: TextSent) -> None:
        for channel in self.senders.sip_texts():
            channel.sent(answer)

    def _tell(self, command: AnyCommand) -> None:
        try:
            self._dispatch.tell(command)
        except DispatchError as error:
            log.warning("not for dispatch", event_id=command.event_id, why=type(error).__name__)

    def _good_for(self) -> timedelta:
        return timedelta(seconds=self._dispatch.rules.policy.times.link)

    def _numbers(self, outage_id: str) -> Sequence[str]:
        outage = self._dispatch.outage(outage_id)
        return self._customers().numbers_at(outage.places) if outage is not None else ()


def read_files(settings: Settings, dispatch: Dispatch) -> PagingFiles:
    """Raises ConfigurationError with every fault."""
    paging, contacts = paging_paths(settings)
    return load_paging(paging, contacts, dispatch.rules.stations, dispatch.rules.policy)


def paging_paths(settings: Settings) -> tuple[Path, Path]:
    """paging.yaml and contacts.yaml."""
    paging, contacts = settings.dispatch.paging, settings.dispatch.contacts
    assert paging is not None and contacts is not None, "filled in when the configuration is read"
    return paging, contacts
