"""The fake store's chains of history: the same rules as the databases', in dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from dispatch.chain import GENESIS, Anchor, Head, Linked, anchor, link
from dispatch.model import HistoryRow


class MemoryChains:
    """Meets `dispatch.store.port.HistoryView`."""

    def __init__(self) -> None:
        self._chains: dict[str, list[Linked]] = {}
        self._anchors: list[Anchor] = []

    def add(self, row: HistoryRow) -> None:
        links = self._chains.setdefault(row.subject, [])
        links.append(link(links[-1].hash if links else GENESIS, len(links) + 1, row))

    def set_anchor(self, at: datetime) -> Anchor | None:
        covered = {subject: seq for one in self._anchors for subject, seq, _ in one.heads}
        grown = [head for head in self.heads().values() if head.seq > covered.get(head.subject, 0)]
        if not grown:
            return None
        previous = self._anchors[-1].hash if self._anchors else GENESIS
        self._anchors.append(anchor(len(self._anchors) + 1, at, grown, previous))
        return self._anchors[-1]

    def chains(self) -> Iterator[tuple[str, list[Linked]]]:
        return iter(sorted(self._chains.items()))

    def heads(self) -> dict[str, Head]:
        return {name: Head(name, links[-1].seq, links[-1].hash) for name, links in self._chains.items()}

    def anchors(self) -> list[Anchor]:
        return list(self._anchors)

    def hashes(self, wanted: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        every = {(name, one.seq): one.hash for name, links in self._chains.items() for one in links}
        return {key: every[key] for key in wanted if key in every}
