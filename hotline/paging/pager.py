"""Pages by message: the same orders as phone pages, each with a link that takes the job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from dispatch.api import AnyCommand, IssueLink, PageEvent, PageOrder, PageReport
from hotline.paging.channel import Delivered, Message, Outcome, Permanent
from hotline.paging.composing import Composer
from hotline.paging.senders import Senders
from hotline.paging.tokens import hash_of, new_token

Tell = Callable[[AnyCommand], object]


class Linker:
    """Makes links: the token's hash is kept by dispatch before the link goes out."""

    def __init__(
        self, public_url: str, tell: Tell, utcnow: Callable[[], datetime], good_for: Callable[[], timedelta]
    ) -> None:
        """`public_url` empty: no links."""
        self._public_url, self._tell, self._utcnow, self._good_for = public_url, tell, utcnow, good_for

    def make(
        self, page: str, incident: str, kind: str, target: str, person: str, channel: str, *, drill: bool
    ) -> str:
        if not self._public_url:
            return ""
        token = new_token()
        now, link_id = self._utcnow(), hash_of(token)
        self._tell(
            IssueLink(
                event_id=f"link:{link_id}", at=now, link_id=link_id, page=page, incident=incident,
                target_kind=kind, target=target, person=person, channel=channel, drill=drill,
                expires_at=now + self._good_for(),
            )
        )
        return f"{self._public_url}/{token}"


class MessagePager:
    """The page's id is the message's key: the same order twice is the same message."""

    def __init__(
        self, senders: Senders, composer: Composer, linker: Linker, tell: Tell,
        utcnow: Callable[[], datetime],
    ) -> None:
        self._senders, self._composer, self._linker = senders, composer, linker
        self._tell, self._utcnow = tell, utcnow

    def page(self, order: PageOrder) -> None:
        """Goes out at once; `PageReport` says what came of it."""
        if self._senders.busy(order.channel, order.page_id):
            return
        facts = order.facts
        link = self._linker.make(
            order.page_id, facts.incident, order.target_kind, order.target, order.person, order.channel,
            drill=facts.drill,
        )
        taking = order.target_kind in ("crew", "duty_centre")
        text = self._composer.page(facts, link, taking=taking)
        message = Message(
            key=order.page_id, to=order.dial, subject=text.partition("。")[0], text=text, urgent=True,
            drill=facts.drill, has_next=order.has_next,
        )
        self._senders.submit(order.channel, message, lambda outcome: self._settled(order, outcome))

    def cancel(self, page_id: str) -> None:
        """What has not gone out yet does not; what has cannot be called back."""
        self._senders.withdraw(page_id)

    def _settled(self, order: PageOrder, outcome: Outcome) -> None:
        delivered = isinstance(outcome, Delivered)
        why = outcome.why if isinstance(outcome, Permanent) else ""
        event = PageEvent.STARTED if delivered else PageEvent.FAIL
        self._tell(
            PageReport(
                event_id=f"message:{order.page_id}:{event}", at=self._utcnow(), page_id=order.page_id,
                event=event, why=f"{order.channel}: {why}" if why else "",
            )
        )
