"""`graph/`: lexicon and language model as two networks, the words' numbers, the words' edges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hotline.speech.making import openfst
from hotline.speech.making.inventory import Inventory
from hotline.speech.making.language import BEGIN, END, LanguageModel
from hotline.speech.making.lexicon import Lexicon
from hotline.speech.making.lexicon_graph import UNKNOWN, LexiconGraph, cost

NO_WORD, BACKOFF = "<eps>", "#0"


def write_graph(
    folder: Path, lexicon: Lexicon, language: LanguageModel, inventory: Inventory, work: Path
) -> None:
    """All of `graph/`. Raises OpenFstError."""
    (folder / "phones").mkdir(parents=True, exist_ok=True)
    words = {word: number for number, word in enumerate([NO_WORD, *sorted(lexicon), UNKNOWN])}
    said = LexiconGraph.of(lexicon, words, inventory)
    renumbered = openfst.compile_lookahead(_lexicon_lines(said), folder / "HCLr.fst", work)
    renumbered = {old: renumbered.get(old, old) for old in words.values()}
    openfst.compile_language(_language_lines(language, words, renumbered), folder / "Gr.fst", work)
    (folder / "words.txt").write_text("".join(_word_lines(words, renumbered)), encoding="utf-8")
    (folder / "disambig_tid.int").write_text("")  # the prefix tree needs no symbols to tell words apart
    edges = (f"{phone} {place}\n" for (_, place), phone in inventory.phones.items())
    (folder / "phones" / "word_boundary.int").write_text("".join(edges))


def _lexicon_lines(graph: LexiconGraph) -> Iterator[str]:
    """As fstcompile reads them; the first line's state is the start."""
    for arc in sorted(graph.arcs, key=lambda arc: (arc.source != graph.START, arc.source)):
        yield f"{arc.source} {arc.target} {arc.read} {arc.told} {arc.cost:.4f}"
    yield f"{graph.ROOT} 0"


def _language_lines(
    language: LanguageModel, words: dict[str, int], renumbered: dict[int, int]
) -> Iterator[str]:
    states: dict[tuple[str, ...], int] = {(BEGIN,): 0, (): 1}

    def state(history: tuple[str, ...]) -> int:
        return states.setdefault(history, len(states))

    def after(history: tuple[str, ...], word: str) -> int:
        if history and (history[-1], word) in language.trigrams:
            return state((history[-1], word))
        return state((word,)) if word in language.bigrams else state(())

    def row(history: tuple[str, ...], following: dict[str, float]) -> Iterator[str]:
        for word, probability in following.items():
            if word == END:
                yield f"{state(history)} {cost(probability):.5g}"
            else:
                label = renumbered[words[word]]
                yield f"{state(history)} {after(history, word)} {label} {cost(probability):.5g}"

    for history in sorted(language.bigrams, key=lambda word: word != BEGIN):
        yield from row((history,), language.bigrams[history])
        yield f"{state((history,))} {state(())} 0 {cost(language.bigram_backoff[history]):.5g}"
    for pair, following in language.trigrams.items():
        yield from row(pair, following)
        back = (pair[1],) if pair[1] in language.bigrams else ()
        yield f"{state(pair)} {state(back)} 0 {cost(language.trigram_backoff[pair]):.5g}"
    yield from row((), language.unigrams)


def _word_lines(words: dict[str, int], renumbered: dict[int, int]) -> Iterator[str]:
    for word, number in words.items():
        yield f"{word} {renumbered[number] if number else 0}\n"
    free = max(renumbered.values()) + 1
    for at, name in enumerate((BACKOFF, BEGIN, END)):
        yield f"{name} {free + at}\n"
