"""Finds what was said, among millions of utterances: full text that works for Chinese.

Chinese has no spaces, so neither database's own word splitting helps. Both index the pairs of
neighbouring characters instead: 厨房漏气 is 厨房 房漏 漏气, and any run of characters is found as a
phrase of pairs: by FTS5 in SQLite, by a tsvector with a GIN index in PostgreSQL.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, bindparam, text

from dispatch.store.columns import Json, UtcDateTime
from dispatch.store.port import Hit, SearchQuery

LAST = "\u00b7"
"""Stands for the end of an utterance in its last pair; never part of a query."""
BACKLOG = "search_backlog"
MOST_TERMS = 8
MOST_PLACES = 16_000
"""PostgreSQL counts no further."""
SNIPPET_CHARACTERS = 24
"""Of the words around the first hit, on each side."""


def bare(words: str) -> str:
    """What is compared: letters, digits and hanzi, in one width and case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", words).casefold()))


def pairs(words: str) -> list[str]:
    """漏气了 → 漏气, 气了, 了·"""
    plain = bare(words)
    return [first + second for first, second in zip(plain, f"{plain}{LAST}"[1:], strict=True)]


def terms(query: str) -> list[str]:
    """The parts of a query that must all be found, each as it stands. Empty: nothing can be found."""
    return [term for term in map(bare, query.split()[:MOST_TERMS]) if term]


def fts5(query: Sequence[str]) -> str:
    """The query as SQLite wants it. One character is the beginning of a pair."""
    return " AND ".join(
        f'"{term}"*' if len(term) == 1 else '"' + " ".join(pairs(term)[:-1]) + '"' for term in query
    )


def tsquery(query: Sequence[str]) -> str:
    """The query as PostgreSQL wants it."""
    return " & ".join(f"'{term}':*" if len(term) == 1 else f"({_phrase(term)})" for term in query)


def _phrase(term: str) -> str:
    return " <-> ".join(f"'{pair}'" for pair in pairs(term)[:-1])


def tsvector(found: Sequence[str]) -> str:
    """The index entry as PostgreSQL takes it: each pair with its place."""
    return " ".join(f"'{pair}':{place}" for place, pair in enumerate(found[:MOST_PLACES], 1))


@dataclass(frozen=True, slots=True)
class Index:
    """The statements of one database. Rows have the number of the call's event, so the newest come first."""

    insert: TextClause
    condition: str
    source: str

    def row(self, number: int, words: str, corrected: str) -> dict[str, Any]:
        """Both readings are found; no run of characters goes over from one to the other."""
        found = pairs(words) + pairs(corrected)
        return {"id": number, "grams": tsvector(found) if self is POSTGRESQL else " ".join(found)}

    def query(self, words: Sequence[str]) -> str:
        return tsquery(words) if self is POSTGRESQL else fts5(words)


SQLITE = Index(
    text("INSERT INTO transcript_search (rowid, grams) VALUES (:id, :grams)"),
    "transcript_search MATCH :query", "transcript_search.rowid",
)
POSTGRESQL = Index(
    text(
        "INSERT INTO transcript_search (id, grams) VALUES (:id, CAST(:grams AS tsvector))"
        " ON CONFLICT DO NOTHING"
    ),
    "transcript_search.grams @@ CAST(:query AS tsquery)", "transcript_search.id",
)
_COLUMNS = (
    "e.id, e.event_id, e.call_id, e.at, t.leg_id, t.role, t.text, t.start_ms, t.end_ms, t.confidence,"
    " c.caller, c.drill, e.record"
)
_JOINS = "JOIN transcripts t ON t.event_id = e.event_id JOIN calls c ON c.call_id = e.call_id"


def index_of(connection: Connection) -> Index:
    return POSTGRESQL if connection.dialect.name == "postgresql" else SQLITE


def add(connection: Connection, event_id: str, words: str, corrected: str) -> None:
    """Index one utterance that was just stored, in the same transaction."""
    number = connection.scalar(
        text("SELECT id FROM call_events WHERE event_id = :event_id"), {"event_id": event_id}
    )
    index = index_of(connection)
    connection.execute(index.insert, index.row(int(number or 0), words, corrected))


def find(connection: Connection, query: SearchQuery) -> list[Hit]:
    """The newest first; what is not indexed yet is looked through as it stands."""
    wanted = terms(query.words)
    if not wanted:
        return []
    index = index_of(connection)
    where, values = _restrictions(query)
    statement = (
        f"SELECT {_COLUMNS} FROM transcript_search JOIN call_events e ON e.id = {index.source} {_JOINS}"
        f" WHERE {index.condition}{where} ORDER BY {index.source} DESC LIMIT :limit"
    )
    rows = list(connection.execute(_typed(statement), values | {"query": index.query(wanted)}))
    rows += _not_indexed(connection, wanted, where, values)
    return [_hit(row, wanted) for row in rows[: query.limit]]


def _not_indexed(
    connection: Connection, wanted: Sequence[str], where: str, values: dict[str, Any]
) -> list[Any]:
    upto = backlog(connection)
    if not upto:
        return []
    said = "".join(f" AND t.text LIKE :term{number}" for number in range(len(wanted)))
    statement = (
        f"SELECT {_COLUMNS} FROM call_events e {_JOINS} WHERE e.id <= :upto AND e.kind = 'heard'"
        f"{said}{where} ORDER BY e.id DESC LIMIT :limit"
    )
    terms_given = {f"term{number}": f"%{term}%" for number, term in enumerate(wanted)}
    return list(connection.execute(_typed(statement), values | terms_given | {"upto": upto}))


def _restrictions(query: SearchQuery) -> tuple[str, dict[str, Any]]:
    conditions = {
        " AND c.caller = :caller": ("caller", query.caller),
        " AND t.role = :role": ("role", query.role),
        " AND e.call_id = :call_id": ("call_id", query.call_id),
        " AND e.at >= :since": ("since", query.since),
        " AND e.at < :until": ("until", query.until),
    }
    used = {condition: value for condition, value in conditions.items() if value[1]}
    return "".join(used), {**dict(used.values()), "limit": query.limit}


def backlog(connection: Connection) -> int:
    """Events up to this number may not be indexed yet; 0: all are."""
    return int(connection.scalar(text("SELECT upto_id FROM search_backlog")) or 0)


def catch_up(connection: Connection, events: int) -> int:
    """Index what was there before the index, the newest first; events that are still to be looked at."""
    upto = backlog(connection)
    if not upto:
        return 0
    low = max(0, upto - events)
    statement = (
        "SELECT e.id, t.text, e.record FROM call_events e JOIN transcripts t ON t.event_id = e.event_id"
        " WHERE e.id > :low AND e.id <= :upto"
    )
    rows = connection.execute(_typed(statement), {"low": low, "upto": upto})
    index = index_of(connection)
    if found := [index.row(row.id, row.text, row.record.get("corrected", "")) for row in rows]:
        connection.execute(index.insert, found)
    connection.execute(text("UPDATE search_backlog SET upto_id = :low"), {"low": low})
    return low


def snippet(words: str, wanted: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The words around the first hit, and where in them the hits stand (start, end)."""
    places = _places(words, wanted)
    if not places:
        return words[: 2 * SNIPPET_CHARACTERS], ()
    begin = max(0, places[0][0] - SNIPPET_CHARACTERS)
    end = min(len(words), places[0][1] + SNIPPET_CHARACTERS)
    shown = ("…" if begin else "") + words[begin:end] + ("…" if end < len(words) else "")
    moved = begin - (1 if begin else 0)
    marks = tuple((start - moved, stop - moved) for start, stop in places if start >= begin and stop <= end)
    return shown, marks


def _places(words: str, wanted: Sequence[str]) -> list[tuple[int, int]]:
    """Hits in the text as it was written, whatever stands between its letters; none inside another."""
    letters = [(letter, place) for place, character in enumerate(words) for letter in bare(character)]
    plain = "".join(letter for letter, _ in letters)
    found: list[tuple[int, int]] = []
    for term in wanted:
        at = plain.find(term)
        while at >= 0:
            found.append((letters[at][1], letters[at + len(term) - 1][1] + 1))
            at = plain.find(term, at + len(term))
    found.sort(key=lambda place: (place[0], -place[1]))
    return [place for number, place in enumerate(found) if not number or place[0] >= found[number - 1][1]]


def _typed(statement: str) -> TextClause:
    made = text(statement)
    moments = [bindparam(name, type_=UtcDateTime()) for name in ("since", "until") if f":{name}" in statement]
    made = made.bindparams(*moments)
    return made.columns(at=UtcDateTime(), record=Json())  # type: ignore[return-value]  # can be executed


def best(words: str, corrected: str, wanted: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The snippet of the reading in which it was found."""
    shown, marks = snippet(words, wanted)
    return (shown, marks) if marks or not corrected else snippet(corrected, wanted)


def _hit(row: Any, wanted: Sequence[str]) -> Hit:
    shown, marks = best(row.text, row.record.get("corrected", ""), wanted)
    return Hit(
        row.call_id, row.at, row.leg_id, row.role, row.text, row.start_ms, row.end_ms, row.confidence,
        row.caller, bool(row.drill), shown, marks,
    )


def index_all_again(connection: Connection) -> None:
    """What is stored came in past the index (a restored backup): it is indexed by and by."""
    upto = "(SELECT coalesce(max(id), 0) FROM call_events)"
    connection.execute(text(f"UPDATE {BACKLOG} SET upto_id = {upto}"))
