"""The history as a chain: each row's hash covers the row and the hash of the one before it.

There is a chain for each subject (ticket, incident), so that several nodes may write side by side.
From time to time an anchor covers the last hash of every chain that has grown; anchors are a chain
of their own, and their hashes are also kept outside the database. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from dispatch.model import HistoryRow
from dispatch.text import clean

GENESIS = "0" * 64
"""What the first row of a chain follows."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A row of history in its chain."""

    seq: int
    """From 1, without gaps."""
    previous: str
    hash: str
    row: HistoryRow


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends."""

    subject: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """The ends of all chains that had grown since the one before."""

    number: int
    at: datetime
    heads: tuple[tuple[str, int, str], ...]
    """Subject, seq, hash; in the order of the subjects."""
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that nobody may do has been done to the history."""

    subject: str
    """Empty: to the anchors."""
    seq: int
    what: str
    """changed, missing, inserted, moved, head, anchor."""
    text: str


def canonical(seq: int, row: HistoryRow) -> str:
    """What is hashed: the row as JSON with sorted keys, as both databases give it back."""
    content = {
        "seq": seq, "event_id": clean(row.event_id), "at": row.at.astimezone(UTC).isoformat(),
        "subject": clean(row.subject), "call_id": clean(row.call_id), "what": clean(row.what),
        "author": clean(row.author),
        "detail": {clean(name): clean(value) for name, value in row.detail.items()},
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def link(previous: str, seq: int, row: HistoryRow) -> Linked:
    """The row as the next of its chain."""
    digest = hashlib.sha256(f"{previous}\n{canonical(seq, row)}".encode()).hexdigest()
    return Linked(seq, previous, digest, row)


def anchor(number: int, at: datetime, heads: Sequence[Head], previous: str) -> Anchor:
    """An anchor over these heads."""
    covered = tuple(sorted((head.subject, head.seq, head.hash) for head in heads))
    return Anchor(number, at, covered, previous, _anchor_hash(number, at, covered, previous))


def _anchor_hash(number: int, at: datetime, heads: tuple[tuple[str, int, str], ...], previous: str) -> str:
    content = [number, at.astimezone(UTC).isoformat(), [list(head) for head in heads]]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def check(subject: str, links: Sequence[Linked], head: Head | None) -> Iterator[Finding]:
    """What is wrong with one chain; `links` in the order of their seq."""
    before = GENESIS
    expected = 1
    for one in links:
        if one.seq > expected:
            yield Finding(subject, expected, "missing", _missing(expected, one.seq - 1))
        elif one.seq < expected:
            yield Finding(subject, one.seq, "inserted", f"row {one.seq} is there more than once")
        elif one.previous != before:
            yield Finding(subject, one.seq, "inserted",
                          f"row {one.seq} ({one.row.what}) does not follow the one before it: "
                          "one of them was put in, or replaced")
        if link(one.previous, one.seq, one.row).hash != one.hash:
            yield _changed(subject, one, len(links))
        before, expected = one.hash, max(expected, one.seq) + 1
    yield from _end(subject, links, head)


def _changed(subject: str, one: Linked, count: int) -> Finding:
    places = (seq for seq in range(1, count + 2) if seq != one.seq)
    was = next((seq for seq in places if link(one.previous, seq, one.row).hash == one.hash), None)
    if was is not None:
        return Finding(subject, one.seq, "moved", f"row {one.seq} ({one.row.what}) was row {was}")
    return Finding(subject, one.seq, "changed", f"row {one.seq} ({one.row.event_id}) was changed")


def _end(subject: str, links: Sequence[Linked], head: Head | None) -> Iterator[Finding]:
    last = links[-1] if links else None
    if head is None:
        yield Finding(subject, 0, "head", "the end of this chain is not on record")
    elif last is None or head.seq > last.seq:
        first = last.seq + 1 if last else 1
        yield Finding(subject, first, "missing", _missing(first, head.seq))
    elif head.seq < last.seq:
        yield Finding(subject, head.seq + 1, "inserted", f"rows after {head.seq} were put in")
    elif head.hash != last.hash:
        yield Finding(subject, last.seq, "head", f"row {last.seq} is not the one that was written last")


def _missing(first: int, last: int) -> str:
    return f"row {first} is missing" if first == last else f"rows {first} to {last} are missing"


def check_anchors(
    anchors: Sequence[Anchor], hash_of: Callable[[str, int], str | None], kept: dict[int, str],
) -> Iterator[Finding]:
    """What is wrong with the anchors. `hash_of(subject, seq)`: a row's hash now; `kept`: their hashes
    as they stand outside the database, by number.
    """
    before = GENESIS
    for expected, one in enumerate(anchors, 1):
        if one.number != expected or one.previous != before:
            yield Finding("", expected, "anchor", f"anchor {expected} is missing or was replaced")
        if _anchor_hash(one.number, one.at, one.heads, one.previous) != one.hash:
            yield Finding("", one.number, "anchor", f"anchor {one.number} was changed")
        if kept.get(one.number, one.hash) != one.hash:
            yield Finding("", one.number, "anchor",
                          f"anchor {one.number} is not the one that was kept outside the database")
        for subject, seq, digest in one.heads:
            if hash_of(subject, seq) != digest:
                yield Finding(subject, seq, "anchor",
                              f"row {seq} is not as it was when anchor {one.number} was set")
        before = one.hash
    for number in sorted(set(kept) - {one.number for one in anchors}):
        yield Finding("", number, "anchor", f"anchor {number} was kept outside the database and is missing")
