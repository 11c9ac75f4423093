"""Makes the demonstration model from nothing: the steps in order."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hotline.speech.making import openfst
from hotline.speech.making.acoustic_file import acoustic_model
from hotline.speech.making.export import Recipe, write_configuration, write_provenance
from hotline.speech.making.graph import write_graph
from hotline.speech.making.inventory import Inventory
from hotline.speech.making.language import LanguageModel, make_language
from hotline.speech.making.lexicon import Lexicon, make_lexicon
from hotline.speech.making.texts import FOLDER, Texts, read_grammar, read_texts
from hotline.speech.making.training import Clip, train
from hotline.speech.making.types import Array, Tell
from hotline.speech.making.utterances import Material, utterances
from hotline.speech.making.words import Segmenter, frequencies

FULL = Recipe(seed=22, utterances=20_000, epochs=6, generated=60_000)
SMALL = Recipe(seed=22, utterances=1_500, epochs=3, generated=8_000)
"""Minutes instead of half an hour, for trying a change."""
TINY = Recipe(seed=22, utterances=200, epochs=1, generated=300, general_words=20, characters=40)
"""Seconds: goes through every step and hears nothing. For the tests."""
RECIPES = {"full": FULL, "small": SMALL, "tiny": TINY}
TRAINING_WORDS, TRAINING_POWER = 12_000, 0.4
WRITTEN_WEIGHT = 60
GENERAL_AMONG = 6000
GARBAGE_PRIOR = 0.004
RARE = 100
"""Frames added to every state, so that a rare one is not boosted beyond reason."""


@dataclass(frozen=True, slots=True)
class Sounds:
    """What the speakers said, ready to be learned from."""

    clips: list[Clip]
    inventory: Inventory
    said: list[tuple[str, list[list[str]]]]


def make_model(out: Path, recipe: Recipe, jobs: int, tell: Tell) -> None:
    """A model in `out`, which is replaced only when all is done. Raises OpenFstError."""
    openfst.check_tools()
    texts = read_texts(recipe.generated, recipe.seed)
    tell(f"texts: {len(texts.generated)} generated, {len(texts.written) + len(texts.answers)} written")
    sounds = _sounds(texts, recipe, jobs, tell)
    cut = Segmenter(read_grammar(FOLDER / "grammar.yaml"))
    sentences = texts.for_language(random.Random(f"{recipe.seed}/language"))
    lexicon, language = _words(sentences, recipe, cut, sounds, tell)
    garbage = len(sounds.inventory.labels) - 1
    trained = train(sounds.clips, garbage + 1, garbage, recipe.epochs, recipe.seed, tell)
    with tempfile.TemporaryDirectory(prefix="model-", dir=_parent(out)) as folder:
        made, work = Path(folder) / out.name, Path(folder) / "work"
        for place in (work, made / "am"):
            place.mkdir(parents=True)
        priors = _priors(sounds.clips, garbage)
        (made / "am" / "final.mdl").write_bytes(acoustic_model(trained, sounds.inventory, priors))
        write_graph(made / "graph", lexicon, language, sounds.inventory, work)
        write_configuration(made)
        write_provenance(made, out.name, recipe, sentences, trained.accuracy)
        _put_in_place(made, out)


def _sounds(texts: Texts, recipe: Recipe, jobs: int, tell: Tell) -> Sounds:
    general = sorted(frequencies().items(), key=lambda item: (-item[1], item[0]))[:TRAINING_WORDS]
    material = Material(
        texts.generated + texts.written * WRITTEN_WEIGHT, texts.answers,
        [word for word, _ in general], [count**TRAINING_POWER for _, count in general],
    )  # fmt: skip
    kept: list[tuple[Array, list[str]]] = []
    said = []
    for made in utterances(recipe.utterances, recipe.seed, material, jobs, tell):
        kept.append((made.features, made.labels))
        if made.syllables:
            said.append((made.text, made.syllables))
    inventory = Inventory.of(label for _, labels in kept for label in labels)
    numbers = {label: number for number, label in enumerate(inventory.labels)}
    clips = [Clip(f, np.array([numbers[label] for label in labels], np.int16)) for f, labels in kept]
    return Sounds(clips, inventory, said)


def _words(
    sentences: list[str], recipe: Recipe, cut: Segmenter, sounds: Sounds, tell: Tell
) -> tuple[Lexicon, LanguageModel]:
    split = [cut.words(sentence) for sentence in sentences]
    vocabulary = _vocabulary(split, recipe)
    lexicon = make_lexicon(sounds.said, vocabulary, cut, tell)
    usable = {word: forms for word, forms in lexicon.items() if _sayable(forms, sounds.inventory)}
    tell(f"lexicon: {len(usable)} words")
    return usable, make_language(split, list(usable), frequencies())


def _sayable(forms: list[tuple[tuple[str, ...], float]], inventory: Inventory) -> bool:
    return any(inventory.phones_of(form) for form, _ in forms)


def _vocabulary(sentences: list[list[str]], recipe: Recipe) -> list[str]:
    """The domain's words, the commonest general ones, and characters to spell any other with."""
    domain = {word for words in sentences for word in words}
    common = sorted(frequencies().items(), key=lambda item: (-item[1], item[0]))
    general = [word for word, _ in common[:GENERAL_AMONG] if len(word) in (2, 3)][: recipe.general_words]
    characters: Counter[str] = Counter()
    for word, count in common:
        for character in word:
            characters[character] += count
    spelling = sorted(characters, key=lambda c: (-characters[c], c))[: recipe.characters]
    return sorted(domain | set(general) | set(spelling) | set("".join(domain)))


def _priors(clips: list[Clip], garbage: int) -> Array:
    """How common each state is among the frames; garbage gets a share of its own."""
    counts = np.zeros(garbage)
    for clip in clips:
        counts += np.bincount(clip.states, minlength=garbage)
    return np.append((counts + RARE) / (counts + RARE).sum(), GARBAGE_PRIOR)


def _parent(out: Path) -> Path:
    out.parent.mkdir(parents=True, exist_ok=True)
    return out.parent


def _put_in_place(made: Path, out: Path) -> None:
    """Keeps the README that stands in the old folder."""
    readme = out / "README.md"
    if readme.is_file():
        shutil.copy(readme, made)
    if out.exists():
        shutil.rmtree(out)
    made.rename(out)
