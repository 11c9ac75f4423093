"""All words as one network of HMM states, for a decoder that looks the language model up as it goes.

A prefix tree of phones: a word is told as soon as the phones read leave only it. After a word
comes the next, or a silence first. As in Kaldi's reordered graphs, an arc into an HMM state has
the transition out of the state before it, and the loop stands on the state itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hotline.speech.making.inventory import Inventory
from hotline.speech.making.lexicon import Lexicon
from hotline.speech.making.phonemes import GARBAGE, SILENCE

SILENT_AT_FIRST, SILENT_AFTER_WORD = 0.85, 0.08
EPSILON = 0
UNKNOWN = "[unk]"


def cost(probability: float) -> float:
    return -math.log(max(probability, 1e-12))


@dataclass(frozen=True, slots=True)
class Arc:
    source: int
    target: int
    read: int
    """Transition id; 0: nothing."""
    told: int
    """Word; 0: none."""
    cost: float


@dataclass
class _Node:
    """A place in the tree of phones."""

    state: int
    below: dict[int, _Node] = field(default_factory=dict)
    words: list[tuple[int, float]] = field(default_factory=list)
    """Those that end here, and how much rarer than its word's commonest form this one is."""
    count: int = 0
    """Words at and below."""


@dataclass
class LexiconGraph:
    """`arcs` from state `START`; only `ROOT` is final."""

    START, ROOT, AFTER_WORD, SILENT = 0, 1, 2, 3
    inventory: Inventory
    arcs: list[Arc] = field(default_factory=list)
    _states: int = 4
    _shared: dict[tuple[int, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, lexicon: Lexicon, words: dict[str, int], inventory: Inventory) -> LexiconGraph:
        """`words`: their numbers; all have to be in the lexicon, but for `[unk]`, which is garbage."""
        graph = cls(inventory)
        graph._silences()
        tree = _Node(cls.ROOT)
        for word, forms in lexicon.items():
            for form, weight in forms:
                if phones := inventory.phones_of(form):
                    _plant(tree, phones, words[word], cost(weight))
        _plant(tree, (inventory.phones[GARBAGE, "singleton"],), words[UNKNOWN], 0.0)
        graph._grow(tree, told=False)
        return graph

    def _silences(self) -> None:
        loop, into = self.inventory.transitions[self.inventory.phones[SILENCE, "nonword"]][0]
        self._add(self.START, self.ROOT, cost_=cost(1 - SILENT_AT_FIRST))
        self._add(self.START, self.SILENT, into, cost_=cost(SILENT_AT_FIRST))
        self._add(self.AFTER_WORD, self.ROOT, cost_=cost(1 - SILENT_AFTER_WORD))
        self._add(self.AFTER_WORD, self.SILENT, into, cost_=cost(SILENT_AFTER_WORD))
        self._add(self.SILENT, self.SILENT, loop)
        self._add(self.SILENT, self.ROOT)

    def _grow(self, node: _Node, *, told: bool) -> None:
        for phone, child in sorted(node.below.items()):
            word, extra = _only_word(child) if not told and child.count == 1 else (EPSILON, 0.0)
            finished = told or bool(word)
            if not child.below and finished:
                self._say(node.state, phone, self._last(phone), word, extra, shared=True)
                continue
            child.state = self._new()
            self._say(node.state, phone, child.state, word, extra, shared=False)
            for own, rarer in child.words:
                self._end_word(child.state, *((EPSILON, 0.0) if finished else (own, rarer)))
            self._grow(child, told=finished)

    def _end_word(self, state: int, word: int, extra: float) -> None:
        self._add(state, self.AFTER_WORD, told=word, cost_=extra)

    def _last(self, phone: int) -> int:
        """The state in which words of one last phone end together."""
        if (phone, -1) not in self._shared:
            state = self._shared[phone, -1] = self._new()
            self._add(state, self.AFTER_WORD)
            self._add(state, state, self.inventory.transitions[phone][-1][0])
        return self._shared[phone, -1]

    def _say(self, source: int, phone: int, target: int, word: int, extra: float, *, shared: bool) -> None:
        """The phone's states from `source` to `target`, which is the last of them."""
        states = self.inventory.transitions[phone]
        for at, (loop, into) in enumerate(states):
            last = at == len(states) - 1
            told, cost_ = (word, extra) if at == 0 else (EPSILON, 0.0)
            if last:
                self._add(source, target, into, told, cost_)
                if not shared:
                    self._add(target, target, loop)
                return
            known = shared and (phone, at) in self._shared
            state = self._shared.setdefault((phone, at), self._new()) if shared else self._new()
            self._add(source, state, into, told, cost_)
            if known:
                return
            self._add(state, state, loop)
            source = state

    def _new(self) -> int:
        self._states += 1
        return self._states - 1

    def _add(self, source: int, target: int, read: int = 0, told: int = 0, cost_: float = 0.0) -> None:
        self.arcs.append(Arc(source, target, read, told, cost_))


def _plant(tree: _Node, phones: tuple[int, ...], word: int, extra: float) -> None:
    node = tree
    node.count += 1
    for phone in phones:
        node = node.below.setdefault(phone, _Node(-1))
        node.count += 1
    node.words.append((word, extra))


def _only_word(node: _Node) -> tuple[int, float]:
    while not node.words:
        node = next(iter(node.below.values()))
    return node.words[0]
