"""Prompts without synthesis: every text is a file name; the switchboard plays it for a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hotline.flow.commands import Segment

HOLD_MUSIC = Path("hold-music.wav")


class FakePrompts:
    """hotline.calls.mouth.Prompts; `said` is every prompt that was prepared, as text."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def prepare(self, segments: Sequence[Segment], done: Callable[[Sequence[Path]], None]) -> None:
        self.said.append("".join(segment.text for segment in segments))
        done([Path(f"{len(self.said)}.wav")])

    def hold_music(self) -> Path:
        return HOLD_MUSIC
