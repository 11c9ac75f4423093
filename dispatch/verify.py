"""Whether anybody has tampered with the history: every chain, every anchor, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.chain import Finding, check, check_anchors
from dispatch.store.port import Store


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
    heads = store.history_heads()
    findings: list[Finding] = []
    rows = chains = 0
    with store.history_chains() as every:
        for subject, links in every:
            findings.extend(check(subject, links, heads.pop(subject, None)))
            rows, chains = rows + len(links), chains + 1
    for subject, head in heads.items():
        if head.seq:
            findings.extend(check(subject, [], head))
    anchors = store.history_anchors()
    wanted = sorted({(subject, seq) for one in anchors for subject, seq, _ in one.heads})
    found = store.history_hashes(wanted)
    findings.extend(check_anchors(anchors, lambda subject, seq: found.get((subject, seq)), dict(kept)))
    return Verdict(rows, chains, len(anchors), tuple(findings))
