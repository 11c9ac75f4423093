"""Corpus, noise, rules, classifier and the figures that must not fall."""

from __future__ import annotations

from math import exp
from pathlib import Path

import pytest

from hotline.errors import ConfigurationError
from hotline.triage import assess, rules
from hotline.triage.calibrate import platt
from hotline.triage.classifier import load as load_classifier
from hotline.triage.corpus import SENTENCES, Corpus, Sentence, fold_of, read_corpus
from hotline.triage.evaluate import cross_validate, evaluate, interval, report
from hotline.triage.noise import Noise
from hotline.triage.normal import normalise
from hotline.triage.phonetics import codes, fold
from hotline.triage.train import Plan, train

CORPUS = SENTENCES
UNSEEN = Path(__file__).parents[2] / "data" / "callers_unseen.yaml"


def test_the_figures_on_our_own_corpus_do_not_fall() -> None:
    """Trained on the same sentences: a guard against breaking something, no measure of quality."""
    whole = read_corpus(CORPUS)
    measured = evaluate(Corpus(licence=whole.licence, sentences=whole.sentences[::4]))
    clean, noisy = measured.clean.numbers(), measured.noisy.numbers()
    assert clean["recall"] >= 0.99 and noisy["recall"] >= 0.98
    assert clean["false_alarms"] <= 0.03 and noisy["false_alarms"] <= 0.05
    assert clean["label_accuracy"] >= 0.95
    printed = report(measured)
    assert "recall" in printed and "tag hard_negative" in printed


def test_the_figures_on_sentences_never_learned_do_not_fall() -> None:
    measured = evaluate(read_corpus(UNSEEN))
    clean, noisy = measured.clean.numbers(), measured.noisy.numbers()
    assert clean["recall"] >= 0.99 and noisy["recall"] >= 0.985
    assert clean["false_alarms"] <= 0.05 and noisy["false_alarms"] <= 0.05
    assert clean["label_accuracy"] >= 0.92 and noisy["label_accuracy"] >= 0.85
    assert clean["place_accuracy"] >= 0.9
    known = {sentence.text for sentence in read_corpus(CORPUS).sentences}
    assert not known & {sentence.text for sentence in read_corpus(UNSEEN).sentences}


def test_every_emergency_shows_the_words_that_led_there() -> None:
    for sentence in read_corpus(CORPUS).sentences[::7]:
        found = assess(sentence.text)
        if found.emergency:
            assert found.reasons, sentence.text
            for reason in found.reasons:
                assert 0 <= reason.start < reason.end <= len(sentence.text)


def test_variants_of_a_sentence_stand_on_one_side() -> None:
    said = Sentence(text="灶，打不着！", label="repair")
    assert fold_of(said) == fold_of(Sentence(text="灶打不着", label="repair"))
    first, second = (Sentence(text=text, label="repair", group="a") for text in ("灶", "热水器"))
    assert fold_of(first) == fold_of(second)


def test_cross_validation_judges_every_sentence_once() -> None:
    whole = read_corpus(CORPUS)
    few = Corpus(licence=whole.licence, sentences=whole.sentences[::60])
    steps: list[float] = []
    measured = cross_validate(few, Plan(epochs=2, noises=(0.0, 0.2)), steps.append, folds=2)
    assert len(measured.clean.answers) == len(few.sentences)
    assert len(measured.noisy.answers) == 3 * len(few.sentences)
    assert steps == [0.5, 1.0]


def test_scaling_makes_confident_scores_true() -> None:
    overconfident = [(4.0, True)] * 80 + [(4.0, False)] * 20 + [(-4.0, False)] * 80 + [(-4.0, True)] * 20
    slope, offset = platt(overconfident)
    assert abs(1 / (1 + exp(-slope * 4 - offset)) - 0.8) < 0.02
    assert platt([]) == (1.0, 0.0)


def test_the_corpus_covers_every_label_and_hazard() -> None:
    sentences = read_corpus(CORPUS).sentences
    assert len(sentences) >= 2000
    assert len({s.label for s in sentences}) == 13
    assert len({s.hazard for s in sentences if s.hazard}) == 8


def test_a_fault_in_a_corpus_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.yaml"
    path.write_text("licence: CC0-1.0\nsentences:\n  - {text: 漏气, label: leak}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_corpus(path)
    assert caught.value.faults[0].line == 3


def test_noise_is_repeatable_and_near_its_rate() -> None:
    sentence = "我家厨房里面有一股很重的煤气味你们快点派人来看一下" * 4
    noise = Noise()
    spoilt = noise.spoil(sentence, 0.2, seed=3)
    assert spoilt == noise.spoil(sentence, 0.2, seed=3) != sentence
    assert noise.spoil(sentence, 0.0, seed=3) == sentence


def test_the_same_corpus_makes_the_same_classifier() -> None:
    sentences = read_corpus(CORPUS).sentences[::40]
    first, second = (train(sentences, Plan(epochs=2, noises=(0.0, 0.2))) for _ in range(2))
    assert (first.weights == second.weights).all()
    assert first.provenance["sentences"] == str(len(sentences))


def test_the_shipped_classifier_says_where_it_comes_from() -> None:
    shipped = load_classifier()
    assert shipped is not None
    assert shipped.provenance["sentences"] == str(len(read_corpus(CORPUS).sentences))


def test_a_rule_with_a_bad_pattern_or_word_is_named(tmp_path: Path) -> None:
    bad = "rules:\n  - {id: x, hazard: smell, patterns: ['(']}\n"
    (tmp_path / "a.yaml").write_text(bad, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="x: not a regular expression"):
        rules.load(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.yaml").write_text("rules:\n  - {id: y, patterns: ['<NONE>']}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="NONE"):
        rules.load(other)


def test_sounds_that_get_lost_on_the_way_fall_together() -> None:
    assert codes("漏气") == codes("露起") == codes("楼汽")
    assert fold("zhang") == "zan" and fold("lin") == fold("ning")
    assert codes("a1") == "a1"


def test_normal_text_remembers_where_it_stood() -> None:
    said = normalise("喂， 煤氣 味。")
    assert said.text == "喂，煤气味，"
    assert said.span(2, 5) == (3, 7)


def test_an_interval_holds_the_share() -> None:
    low, high = interval(99, 100)
    assert low < 0.99 < high
    assert interval(0, 0) == (0.0, 1.0)
