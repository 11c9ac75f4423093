"""A stored thing's life as one literal table: every pair of state and event is a step or explained.

The tables themselves are in `states.py`; docs/state-machines.md is generated from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

State = TypeVar("State", bound=Enum)
Happening = TypeVar("Happening", bound=Enum)


@dataclass(frozen=True, slots=True)
class Machine(Generic[State, Happening]):
    """What may happen to one kind of record."""

    name: str
    about: str
    """One sentence for the reader of the documentation."""
    states: type[State]
    events: type[Happening]
    initial: State
    transitions: Mapping[tuple[State, Happening], State]
    ignored: Mapping[tuple[State, Happening], str]
    """Pairs that change nothing, each with its reason."""

    def next(self, state: State, event: Happening) -> State | None:
        """The new state, or None when the event is one that is ignored in this state."""
        return self.transitions.get((state, event))

    def holes(self) -> list[tuple[State, Happening]]:
        """Pairs that nobody thought of, or that stand in both tables; a test keeps this empty."""
        pairs = [(state, event) for state in self.states for event in self.events]
        return [pair for pair in pairs if (pair in self.transitions) == (pair in self.ignored)]


def ignoring(
    *rows: tuple[tuple[State, ...], tuple[Happening, ...], str],
) -> dict[tuple[State, Happening], str]:
    """Write several ignored pairs that share a reason in one row."""
    return {(state, event): why for states, events, why in rows for state in states for event in events}
