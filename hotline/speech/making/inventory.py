"""The acoustic model's units by number: network states, position-dependent phones, transitions.

Kaldi's words for them: pdf, phone, transition id. A phone has one state, a vowel two; each state
has a loop and a way forward.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from hotline.speech.making.phonemes import GARBAGE, SILENCE

POSITIONS = ("begin", "end", "internal", "singleton")


@dataclass(frozen=True)
class Inventory:
    """Numbers of everything; made from the frame labels that occur."""

    labels: tuple[str, ...]
    """Network states in order: silence first, garbage (`[unk]`) last; a vowel's halves end in /0 and /1."""

    @classmethod
    def of(cls, labels: Iterable[str]) -> Inventory:
        return cls((SILENCE, *sorted(set(labels) - {SILENCE}), GARBAGE))

    @cached_property
    def units(self) -> dict[str, list[int]]:
        """Unit → its network states in order."""
        units: dict[str, list[int]] = {}
        for number, label in enumerate(self.labels):
            units.setdefault(label.partition("/")[0], []).append(number)
        return units

    @cached_property
    def phones(self) -> dict[tuple[str, str], int]:
        """(unit, position in the word) → phone, from 1."""
        units = [unit for unit in self.units if unit != SILENCE]
        named = [(SILENCE, "nonword")] + [(unit, place) for unit in units for place in POSITIONS]
        return {name: number for number, name in enumerate(named, 1)}

    @cached_property
    def triples(self) -> list[tuple[int, int, int]]:
        """(phone, state, network state), sorted as Kaldi wants them."""
        return sorted(
            (phone, state, number)
            for (unit, _), phone in self.phones.items()
            for state, number in enumerate(self.units[unit])
        )

    @cached_property
    def transitions(self) -> dict[int, list[tuple[int, int]]]:
        """Phone → for each of its states the transition ids of the loop and of the way in, from 1."""
        numbers: dict[int, list[tuple[int, int]]] = {}
        for at, (phone, _, _) in enumerate(self.triples):
            numbers.setdefault(phone, []).append((2 * at + 1, 2 * at + 2))
        return numbers

    def phones_of(self, pronunciation: tuple[str, ...]) -> tuple[int, ...] | None:
        """A word's phones; None when a unit never occurred in the training."""
        last = len(pronunciation) - 1
        found: list[int] = []
        for at, unit in enumerate(pronunciation):
            place = "singleton" if last == 0 else "begin" if at == 0 else "end" if at == last else "internal"
            phone = self.phones.get((unit, place))
            if phone is None:
                return None
            found.append(phone)
        return tuple(found)
