"""All senders of a deployment; the rates that were used are remembered across restarts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from hotline.errors import ConfigurationError
from hotline.paging.channel import Message, Permanent
from hotline.paging.files import ChannelMaker
from hotline.paging.limits import Limiter
from hotline.paging.sender import Patience, Sender, Settled
from hotline.paging.settings import Paging
from hotline.paging.sip_text import SipTexts

log = structlog.get_logger()
MEMORY = "paging-rates.json"


class Senders:
    """By channel. One that could not be made (a secret is missing) fails at once: the next takes over."""

    def __init__(self, clock: Any, settings: Paging, maker: ChannelMaker, state: Path | None = None) -> None:
        """`state`: the directory where used rates are remembered; DingTalk is silent for ten minutes
        when a restart forgets them."""
        self._clock = clock
        self._path = state / MEMORY if state is not None else None
        self._senders: dict[str, Sender] = {}
        self.broken: dict[str, str] = {}
        remembered = self._recall()
        given = settings.patience
        patience = Patience(
            ordinary_seconds=given.ordinary, urgent_seconds=given.urgent,
            urgent_with_next_seconds=given.urgent_with_next, bundle_seconds=settings.bundle_seconds,
        )
        for key, channel in settings.channels.items():
            try:
                made = maker.make(key, channel)
            except ConfigurationError as error:
                self.broken[key] = str(error)
                log.error("a channel cannot be used", channel=key, why=str(error))
                continue
            past, blocked = remembered.get(key, ([], 0.0))
            limiter = Limiter(channel.windows(), channel.reserved, past)
            limiter.block(blocked)
            self._senders[key] = Sender(clock, made, limiter, patience, self._remember)

    def get(self, key: str) -> Sender | None:
        return self._senders.get(key)

    def submit(self, channel: str, message: Message, settled: Settled) -> bool:
        """False: the same message is under way."""
        sender = self._senders.get(channel)
        if sender is None:
            settled(Permanent(self.broken.get(channel, "there is no such channel")))
            return True
        return sender.submit(message, settled)

    def withdraw(self, key: str) -> None:
        for sender in self._senders.values():
            sender.withdraw(key)

    def busy(self, channel: str, key: str) -> bool:
        sender = self._senders.get(channel)
        return sender is not None and sender.busy(key)

    def waiting(self) -> Mapping[str, int]:
        return {key: len(sender) for key, sender in self._senders.items()}

    def sip_texts(self) -> list[SipTexts]:
        return [s.channel for s in self._senders.values() if isinstance(s.channel, SipTexts)]

    def _recall(self) -> dict[str, tuple[list[float], float]]:
        if self._path is None:
            return {}
        try:
            found = json.loads(self._path.read_text())
            return {str(k): ([float(at) for at in past], float(until)) for k, (past, until) in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError):
            log.warning("used rates are not remembered", file=str(self._path))
            return {}

    def _remember(self) -> None:
        if self._path is None:
            return
        found = {key: (s.limiter.past(), s.limiter.blocked_until) for key, s in self._senders.items()
                 if s.limiter.past() or s.limiter.blocked_until}
        new = self._path.with_suffix(".new")
        try:
            new.write_text(json.dumps(found))
            os.replace(new, self._path)
        except OSError as error:
            log.warning("used rates are not remembered", why=str(error))
