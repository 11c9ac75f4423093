"""Decoder time is shared by processes that know nothing of each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hotline.speech.budget import FRESH_SECONDS, Board, Load, busy_share, cores_of, may_begin, must_defer


def loads(*given: tuple[float, float]) -> list[Load]:
    """(urgent, talk) in the order of places."""
    return [Load(place, urgent, talk) for place, (urgent, talk) in enumerate(given)]


def who_defers(cores: float, *given: tuple[float, float]) -> list[int]:
    every = loads(*given)
    return [own.place for own in every if must_defer(own, [x for x in every if x is not own], cores)]


def test_with_room_for_all_nobody_waits() -> None:
    assert who_defers(1.0, (0.2, 0.2), (0.2, 0.2), (0.1, 0)) == []


def test_as_much_talk_waits_as_is_needed_and_no_more() -> None:
    assert who_defers(1.0, (0.4, 0.3), (0.1, 0.1), (0.0, 0.3), (0.0, 0.3)) == [2, 3]


def test_what_is_urgent_goes_before_all_talk() -> None:
    assert who_defers(1.0, (0.0, 0.3), (0.0, 0.3), (0.9, 0.0)) == [0, 1]
    assert who_defers(1.0, (0.0, 0.3), (0.0, 0.3), (0.5, 0.0)) == [1]


def test_words_to_the_menu_that_are_decoded_late_put_all_talk_off() -> None:
    own, late = Load(0, 0, 0.1), Load(1, 0.1, 0, lag_seconds=5)
    assert must_defer(own, [late], 10)
    assert busy_share([own, late], 10) > 1


def test_a_new_conversation_begins_only_where_there_is_room() -> None:
    own, *others = loads((0, 0), (0.5, 0.3))
    assert may_begin(own, others, 1.0)
    assert not may_begin(own, others, 0.82)


def test_the_budget_is_half_of_the_machine_unless_configured() -> None:
    assert cores_of(0.25) == 0.25
    assert cores_of(None) == max(0.5, len(os.sched_getaffinity(0)) / 2)


def test_each_sees_the_others_and_not_itself(tmp_path: Path) -> None:
    board = Board(tmp_path / "decoders")
    own = board.write(0.5, 0.25, 1.0)
    with stranger(tmp_path / "decoders") as other:
        (seen,) = board.others()
        assert (seen.urgent, seen.talk, seen.lag_seconds) == (0.125, 0.5, 2.0)
        assert seen.place != own.place
        assert other.stdout is not None and other.stdout.readline() == "0.5 0.25 1.0\n"
        other.send_signal(signal.SIGKILL)
        other.wait()
    again = Board(tmp_path / "decoders")
    assert again.others() != []
    board.close()
    again.close()


def test_the_place_of_the_dead_is_free_and_what_they_said_is_forgotten(tmp_path: Path) -> None:
    now = [0.0]
    with stranger(tmp_path / "decoders") as other:
        now[0] = at_of(tmp_path / "decoders")
        board = Board(tmp_path / "decoders", lambda: now[0])
        assert len(board.others()) == 1
        other.kill()
        other.wait()
    now[0] += FRESH_SECONDS + 1
    assert board.others() == []
    assert board.write(0.1, 0, 0).place == 0
    board.close()


def test_who_ends_in_order_is_forgotten_at_once(tmp_path: Path) -> None:
    board = Board(tmp_path / "decoders")
    board.write(0.5, 0.25, 1.0)
    board.close()
    reader = Board(tmp_path / "decoders")
    assert reader.others() == []
    reader.close()


@pytest.mark.parametrize("content", [b"", b"x" * 7, b"\xff" * 64])
def test_a_damaged_file_harms_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "decoders").write_bytes(content)
    board = Board(tmp_path / "decoders")
    own = board.write(0.5, 0.25, 0.0)
    assert not must_defer(own, board.others(), 1.0)
    board.close()


def test_without_the_file_everybody_decodes(tmp_path: Path) -> None:
    board = Board(tmp_path / "nowhere" / "decoders")
    assert may_begin(board.write(0.1, 0, 0), board.others(), 1.0)
    board.close()


STRANGER = """
import sys
from pathlib import Path
from hotline.speech.budget import Board
board = Board(Path(sys.argv[1]))
board.write(0.125, 0.5, 2.0)
print("written", flush=True)
sys.stdin.readline()
"""


class stranger:
    """Another worker's process that has written its load."""

    def __init__(self, path: Path) -> None:
        code = STRANGER.replace(
            "sys.stdin.readline()",
            "\nfor load in board.others():\n"
            "    print(load.urgent, load.talk, load.lag_seconds, flush=True)\nsys.stdin.readline()",
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> subprocess.Popen[str]:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "written\n"
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def at_of(path: Path) -> float:
    """When the first place was written, on the clock of all processes."""
    import struct

    return float(struct.unpack_from("<d", path.read_bytes())[0])
