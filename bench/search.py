"""How fast what was said is found among a million utterances, and what storing them costs."""

from __future__ import annotations

import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from bench.figures import Report, Row, Series
from dispatch.api import SearchQuery, SqlStore

UTTERANCES, QUICK_UTTERANCES = 1_000_000, 20_000
PER_CALL = 20
ROUNDS = 20
SEED = 20261122
BATCH = 10_000
QUERIES = {
    "two characters, in 1 of 20": "漏气",
    "four characters, rarer": "厨房漏气",
    "one character": "漏",
    "two parts": "锅炉 漏气",
    "in 1 of 100,000": "报警器响了红灯",
    "not there": "外星人",
}
BEGINNINGS = ("喂你好", "麻烦问一下", "我跟你说", "那个", "是这样的", "请问", "")
WHERE = ("我家厨房", "楼道里", "阳台上", "锅炉房", "小区门口", "卫生间", "隔壁", "表箱旁边")
WHAT = (
    "没有热水", "打不着火", "灶具坏了", "要充值", "气费多少", "什么时候来气", "压力很小", "表不走字",
    "想改管道", "过户怎么办", "要开户", "发票没收到", "想预约安检", "师傅没有来", "火苗发黄", "声音很大",
    "开不了阀", "停气通知", "换电池",
)  # fmt: skip
LEAK, RARE = "漏气", "报警器响了红灯亮"


def sentence(chance: random.Random) -> str:
    """Something that a caller may say, 8 to 20 characters."""
    if chance.random() < 1e-5:
        return f"{chance.choice(WHERE)}{RARE}"
    what = LEAK if chance.random() < 0.05 else chance.choice(WHAT)
    return f"{chance.choice(BEGINNINGS)}{chance.choice(WHERE)}{what}了{chance.randrange(1, 99)}号"


Rows = tuple[tuple[Any, ...], ...]


def rows_of(utterances: int) -> Iterator[Rows]:
    """Rows of calls, call_events and transcripts, one utterance at a time."""
    chance = random.Random(SEED)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(utterances):
        call, place = divmod(number, PER_CALL)
        call_id, event_id = f"bench-{call:07d}", f"bench-{call:07d}/{place}"
        at = (began + timedelta(seconds=30 * call + place)).strftime("%Y-%m-%d %H:%M:%S.%f")
        yield (
            (call_id, f"+86138{call % 30_000:08d}"), (number + 1, event_id, call_id, at),
            (event_id, call_id, "agent" if place % 2 else "caller", sentence(chance), place * 4000,
             place * 4000 + 2500),
        )  # fmt: skip


def fill(path: Path, utterances: int, tick: Callable[[float], None]) -> None:
    """Put them into an empty database as an older version without an index would have left them."""
    with sqlite3.connect(path) as database:
        every = rows_of(utterances)
        for first in range(0, utterances, BATCH):
            some = list(islice(every, BATCH))
            database.executemany(
                "INSERT OR IGNORE INTO calls (call_id, caller, direction, purpose, dialled, trunk,"
                " sip_call_id, drill, flow, flow_version, ended_by, emergency)"
                " VALUES (?, ?, 'inbound', 'inbound', '', '', '', 0, '', '', '', 0)",
                [row[0] for row in some],
            )
            database.executemany(
                "INSERT INTO call_events (id, event_id, call_id, at, kind, record)"
                " VALUES (?, ?, ?, ?, 'heard', '{}')", [row[1] for row in some],
            )  # fmt: skip
            database.executemany(
                "INSERT INTO transcripts (event_id, call_id, leg_id, role, text, start_ms, end_ms,"
                " confidence, words) VALUES (?, ?, 'leg-1', ?, ?, ?, ?, 0.9, '[]')",
                [row[2] for row in some],
            )
            database.commit()
            tick(0.5 * first / utterances)
        database.execute("UPDATE search_backlog SET upto_id = ?", (utterances,))


def measure(path: Path, utterances: int, tick: Callable[[float], None]) -> list[Row]:
    """Fill a database and search it; one row for indexing, one for each query. Times in ms."""
    store = SqlStore(f"sqlite:///{path}")
    store.upgrade()
    fill(path, utterances, tick)
    before = path.stat().st_size
    unindexed = _search(store, SearchQuery("漏气"))
    rows: list[Row] = [{"what": "before it is indexed", "query": "漏气", **unindexed}]
    began = time.perf_counter()
    while left := store.catch_up_search(BATCH):
        tick(1 - 0.5 * left / utterances)
    seconds = time.perf_counter() - began
    grown = (path.stat().st_size - before) / utterances
    rows.append({"what": f"to index 1000 utterances, {grown:.0f} bytes each",
                 "median": f"{1e6 * seconds / utterances:.1f}"})  # fmt: skip
    rows += [{"what": what, "query": words, **_search(store, SearchQuery(words))}
             for what, words in QUERIES.items()]  # fmt: skip
    one_caller = SearchQuery("漏气", caller="+8613800000777")
    rows.append({"what": "one caller's calls only", "query": "漏气", **_search(store, one_caller)})
    store.close()
    return rows


def _search(store: SqlStore, query: SearchQuery) -> Row:
    taken, found = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = len(store.search(query))
        taken.append(1000 * (time.perf_counter() - began))
    return {"hits": found, **Series.of(taken).told(1)}


def report(utterances: int, tick: Callable[[float], None]) -> Report:
    """Over SQLite in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="hotline-search-") as folder:
        rows = measure(Path(folder) / "hotline.db", utterances, tick)
    return Report(
        f"Full text over {utterances:,} utterances (ms)", rows,
        "The newest 50 hits, with call, time, speaker and marked snippet; each query 20 times, warm.",
    )
