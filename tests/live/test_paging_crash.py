"""SIGKILL between sending and receipt: no page is lost, and none doubled where the peer looks at its key."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.support.paging_peers import Peer, Reply, SignedPeer, WecomPeer, serving

ROOT = Path(__file__).parents[2]
KILLS = 15


@dataclass
class SlowSigned(SignedPeer):
    """Takes its time before and after, so that a kill finds a message under way."""

    def take(self, target: str, headers: dict[str, str], body: bytes) -> Reply:
        time.sleep(random.random() / 20)
        done = super().take(target, headers, body)
        time.sleep(random.random() / 20)
        return done


@dataclass
class SlowRobot(WecomPeer):
    def take(self, target: str, headers: dict[str, str], body: bytes) -> Reply:
        time.sleep(random.random() / 20)
        self.times.clear()  # the rate is not what is tried here
        done = super().take(target, headers, body)
        time.sleep(random.random() / 20)
        return done


def test_killed_again_and_again_every_page_arrives_and_is_counted(tmp_path: Path) -> None:
    signed, robot = SlowSigned(), SlowRobot()
    with serving(signed), serving(robot):
        command = [sys.executable, "-m", "tests.support.paging_victim", str(tmp_path), signed.url, robot.url]
        environment = {**os.environ, "VICTIM_SECRET": signed.secret, "VICTIM_TOKEN": robot.key}
        with (tmp_path / "log").open("w") as log, subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            env=environment,
        ) as factory:
            killed = sum(_once(factory, (signed, robot), kill=True) for _ in range(KILLS))
            assert not _once(factory, (signed, robot), kill=False), (tmp_path / "log").read_text()[-3000:]
            assert factory.stdin is not None
            factory.stdin.close()
    pages = _pages(tmp_path)
    keys = {page for page, channel in pages if channel == "signed"}
    assert keys and signed.keys == keys, "exactly the ordered pages, each delivered"
    assert len(signed.delivered) == len(keys), "none doubled where the key is looked at"
    texts = [document["text"]["content"] for document in robot.delivered]
    incidents = {page.rpartition("-P")[0] for page, channel in pages if channel == "robot"}
    assert all(any(f"单号{incident}。" in text for text in texts) for incident in incidents), "none is lost"
    doubled = len(texts) - sum(channel == "robot" for _, channel in pages)
    again = len(signed.all_keys) - len(keys)
    print(f"{killed} kills, {len(pages)} pages, {again} sent again, {doubled} doubled at the robot")
    assert killed >= KILLS // 2 and again > 0, "the kills found nothing under way"
    assert doubled <= killed * 8, "a robot sees again only what was under way when we died"


def _once(factory: subprocess.Popen[str], peers: tuple[Peer, ...], *, kill: bool) -> bool:
    """Let one run, and kill it while messages are under way. Whether it was killed."""
    assert factory.stdin is not None and factory.stdout is not None
    before = sum(peer.requests for peer in peers)
    factory.stdin.write("go\n")
    factory.stdin.flush()
    child = int(factory.stdout.readline())
    if kill:
        wanted, deadline = before + random.randint(1, 4), time.monotonic() + 10
        while sum(peer.requests for peer in peers) < wanted and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(random.random() / 30)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return int(factory.stdout.readline()) != 0


def _pages(folder: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(folder / "dispatch.db") as database:
        rows = database.execute("select page_id, channel, state from pages").fetchall()
    database.close()
    assert all(state == "ringing" for _, _, state in rows), rows
    return [(page, channel) for page, channel, _ in rows]
