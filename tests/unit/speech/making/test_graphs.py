"""Lexicon, language model and Kaldi's files, as data."""

from __future__ import annotations

import math
import struct
from collections import defaultdict

import numpy as np
import pytest

from hotline.speech.making import kaldi_binary
from hotline.speech.making.inventory import Inventory
from hotline.speech.making.language import BEGIN, END, LEAST_BACKOFF, LanguageModel, make_language
from hotline.speech.making.lexicon import Lexicon
from hotline.speech.making.lexicon_graph import UNKNOWN, LexiconGraph
from hotline.speech.making.texts import FOLDER, read_grammar
from hotline.speech.making.words import Segmenter

LABELS = ("sil", "t", "m", "A1/0", "A1/1", "i4/0", "i4/1", "n_c")
LEXICON: Lexicon = {
    "他": [(("t", "A1"), 1.0)],
    "它": [(("t", "A1"), 1.0)],
    "他们": [(("t", "A1", "m", "i4", "n_c"), 1.0)],
    "地": [(("t", "i4"), 1.0), (("t", "i4", "n_c"), 0.5)],
    "啊": [(("A1",), 1.0)],
}
WORDS = {word: number for number, word in enumerate(["<eps>", *LEXICON, UNKNOWN])}


def graph() -> LexiconGraph:
    return LexiconGraph.of(LEXICON, WORDS, Inventory.of(LABELS))


def told(network: LexiconGraph, phones: list[tuple[str, str]]) -> set[tuple[int, ...]]:
    """What the graph tells for phones read one after the other, each transition once, ending at ROOT."""
    inventory = network.inventory
    read = [into for phone in phones for _, into in inventory.transitions[inventory.phones[phone]]]
    arcs = defaultdict(list)
    for arc in network.arcs:
        if arc.source != arc.target:
            arcs[arc.source].append(arc)
    found: set[tuple[int, ...]] = set()
    waiting: list[tuple[int, int, tuple[int, ...], int]] = [(network.START, 0, (), 0)]
    while waiting:
        state, at, words, idle = waiting.pop()
        if state == network.ROOT and at == len(read):
            found.add(words)
        for arc in arcs[state]:
            if arc.read == 0 and idle < 4:
                waiting.append((arc.target, at, (*words, arc.told) if arc.told else words, idle + 1))
            elif at < len(read) and arc.read == read[at]:
                waiting.append((arc.target, at + 1, (*words, arc.told) if arc.told else words, 0))
    return found


def phones_of(word: str, form: int = 0) -> list[tuple[str, str]]:
    units = LEXICON[word][form][0]
    if len(units) == 1:
        return [(units[0], "singleton")]
    return [(units[0], "begin"), *((unit, "internal") for unit in units[1:-1]), (units[-1], "end")]


@pytest.mark.parametrize("word", ["他们", "地", "啊"])
def test_a_word_is_told_for_its_phones(word: str) -> None:
    for form in range(len(LEXICON[word])):
        assert told(graph(), phones_of(word, form)) == {(WORDS[word],)}


def test_words_that_sound_alike_are_all_told() -> None:
    assert told(graph(), phones_of("他")) == {(WORDS["他"],), (WORDS["它"],)}


def test_words_follow_one_another_with_or_without_silence() -> None:
    silence = [("sil", "nonword")]
    expected = {(WORDS["他们"], WORDS["地"])}
    assert told(graph(), phones_of("他们") + phones_of("地")) == expected
    assert told(graph(), silence + phones_of("他们") + silence + phones_of("地") + silence) == expected


def test_garbage_is_the_unknown_word() -> None:
    assert told(graph(), [("spn", "singleton")]) == {(WORDS[UNKNOWN],)}


def test_every_state_that_is_read_into_has_one_loop() -> None:
    network = graph()
    loops = defaultdict(set)
    into = defaultdict(set)
    for arc in network.arcs:
        if arc.source == arc.target:
            loops[arc.source].add(arc.read)
        elif arc.read:
            into[arc.target].add(arc.read)
    for state, transitions in into.items():
        assert {transition - 1 for transition in transitions} == loops[state]


def test_an_inventory_numbers_as_kaldi_does() -> None:
    inventory = Inventory.of(LABELS)
    assert inventory.labels[0] == "sil" and inventory.labels[-1] == "spn"
    assert inventory.triples == sorted(inventory.triples)
    numbers = [number for pairs in inventory.transitions.values() for pair in pairs for number in pair]
    assert numbers == list(range(1, 2 * len(inventory.triples) + 1))
    assert inventory.phones_of(("t", "zh")) is None


def language() -> tuple[LanguageModel, list[str]]:
    sentences = [["我", "家", "漏气"]] * 9 + [["我", "家", "没气"]] * 3 + [["漏气"]] * 2
    vocabulary = ["我", "家", "漏气", "没气", "把"]
    return make_language(sentences, vocabulary, {"把": 5000, "我": 9000}), vocabulary


def probability(model: LanguageModel, before: tuple[str, str], word: str) -> float:
    if word in model.trigrams.get(before, {}):
        return model.trigrams[before][word]
    back = model.trigram_backoff.get(before, 1.0)
    if word in model.bigrams.get(before[1], {}):
        return back * model.bigrams[before[1]][word]
    return back * model.bigram_backoff.get(before[1], 1.0) * model.unigrams[word]


@pytest.mark.parametrize("before", [("", BEGIN), (BEGIN, "我"), ("我", "家"), ("家", "漏气"), ("x", "把")])
def test_probabilities_sum_to_about_one(before: tuple[str, str]) -> None:
    """Backing off counts kept words twice, as small back-off models do: never less than one, little more."""
    model, vocabulary = language()
    whole = sum(probability(model, before, word) for word in [*vocabulary, END])
    assert 0.95 < whole < 1 + LEAST_BACKOFF


def test_what_was_read_often_is_likelier_and_nothing_is_impossible() -> None:
    model, vocabulary = language()
    assert probability(model, ("我", "家"), "漏气") > probability(model, ("我", "家"), "没气") > 0.05
    assert all(probability(model, ("我", "家"), word) > 0 for word in vocabulary)
    assert model.unigrams["把"] > 0.01, "general words are there though the text has none"


def test_numbers_are_cut_into_digits_and_domain_words_kept() -> None:
    cut = Segmenter(read_grammar(FOLDER / "grammar.yaml"))
    assert cut.words("三号楼五零二室") == ["三", "号楼", "五", "零", "二", "室"]
    assert "煤气味" in cut.words("厨房有煤气味") and "不对" in cut.words("不对")


def test_kaldis_tokens_numbers_and_vectors() -> None:
    assert kaldi_binary.token("<Nnet3>") == b"<Nnet3> "
    assert kaldi_binary.integer(-1) == b"\x04\xff\xff\xff\xff"
    assert kaldi_binary.vector([1.0]) == b"FV \x04\x01\x00\x00\x00" + struct.pack("<f", 1.0)
    assert kaldi_binary.integers([7]) == b"\x04\x01\x00\x00\x00\x07\x00\x00\x00"


def test_a_matrix_of_16_bits_is_near_to_the_matrix() -> None:
    values = np.random.default_rng(1).standard_normal((5, 7))
    packed = kaldi_binary.matrix(values)
    assert packed.startswith(b"CM2 ")
    least, extent, rows, columns = struct.unpack("<ffii", packed[4:20])
    steps = np.frombuffer(packed[20:], "<u2").reshape(rows, columns)
    assert np.abs(least + steps * extent / 65535 - values).max() < 1e-4
    assert math.isclose(least, values.min(), rel_tol=1e-6)
