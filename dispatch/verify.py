"""Whether anybody has tampered with the history: every chain, every anchor, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.chain import Finding, check, check_anchors
from dispatch.store.port import HistoryView, Store


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was looked at and what was found."""

    rows: int
    chains: int
    anchors: int
    findings: tuple[Finding, ...]


def verify(store: Store, kept: Mapping[int, str]) -> Verdict:
    """Check it all. `kept`: hashes of anchors by number, as they stand outside the database.

    Raises StoreUnavailable.
    """
    with store.history_view() as view:
        return _verify(view, kept)


def _verify(view: HistoryView, kept: Mapping[int, str]) -> Verdict:
    heads = view.heads()
    findings: list[Finding] = []
    rows = chains = 0
    for subject, links in view.chains():
        findings.extend(check(subject, links, heads.pop(subject, None)))
        rows, chains = rows + len(links), chains + 1
    for subject, head in heads.items():
        if head.seq:
            findings.extend(check(subject, [], head))
    anchors = view.anchors()
    wanted = sorted({(subject, seq) for one in anchors for subject, seq, _ in one.heads})
    found = view.hashes(wanted)
    findings.extend(check_anchors(anchors, lambda subject, seq: found.get((subject, seq)), dict(kept)))
    return Verdict(rows, chains, len(anchors), tuple(findings))
