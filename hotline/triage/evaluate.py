"""Measures triage on a corpus: who would have been missed, who would have been troubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Literal

from hotline.triage.assess import assess
from hotline.triage.corpus import Corpus, Sentence
from hotline.triage.corpus import held_out as is_held_out
from hotline.triage.model import Assessment
from hotline.triage.noise import Noise

_NOISE_RATES = (0.15, 0.20, 0.25)


@dataclass(frozen=True, slots=True)
class Answer:
    """One sentence, as heard, with the right and the given assessment."""

    heard: str
    right: Sentence
    given: Assessment


@dataclass(slots=True)
class Measure:
    """Answers on one kind of text."""

    kind: Literal["clean", "noisy"]
    answers: list[Answer] = field(default_factory=list)

    @property
    def leaks(self) -> list[Answer]:
        return [a for a in self.answers if a.right.label == "leak_emergency"]

    @property
    def missed(self) -> list[Answer]:
        return [a for a in self.leaks if not a.given.emergency]

    @property
    def false_alarms(self) -> list[Answer]:
        return [a for a in self.answers if a.right.label != "leak_emergency" and a.given.emergency]

    def numbers(self) -> dict[str, Any]:
        leaks, others = len(self.leaks), len(self.answers) - len(self.leaks)
        caught = leaks - len(self.missed)
        low, high = interval(caught, leaks)
        declared = [a for a in self.leaks if a.given.emergency]
        return {
            "sentences": len(self.answers), "leaks": leaks, "recall": _share(caught, leaks),
            "recall_95_low": low, "recall_95_high": high,
            "false_alarms": _share(len(self.false_alarms), others),
            "label_accuracy": _share(
                sum(a.given.label == a.right.label for a in self.answers), len(self.answers)),
            "hazard_accuracy": _share(sum(a.given.hazard == a.right.hazard for a in declared), len(declared)),
            "place_accuracy": _share(sum(a.given.place == a.right.place for a in declared), len(declared)),
        }


@dataclass(frozen=True, slots=True)
class Measured:
    clean: Measure
    noisy: Measure

    def numbers(self) -> dict[str, Any]:
        return {"clean": self.clean.numbers(), "noisy": self.noisy.numbers()}


def evaluate(
    corpus: Corpus, *, held_out: bool | None = None, judge: Callable[[str], Assessment] = assess
) -> Measured:
    """Judge every sentence clean and with 15, 20 and 25 % of its characters wrong."""
    chosen = [s for index, s in enumerate(corpus.sentences) if held_out in (None, is_held_out(index))]
    noise = Noise(s.text for s in corpus.sentences)
    clean, noisy = Measure("clean"), Measure("noisy")
    for sentence in chosen:
        clean.answers.append(Answer(sentence.text, sentence, judge(sentence.text)))
        for seed, rate in enumerate(_NOISE_RATES):
            heard = noise.spoil(sentence.text, rate, seed)
            noisy.answers.append(Answer(heard, sentence, judge(heard)))
    return Measured(clean, noisy)


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % confidence interval of a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def report(measured: Measured) -> str:
    """The figures and the worst cases, for a person."""
    lines: list[str] = []
    for measure in (measured.clean, measured.noisy):
        lines.append(f"{measure.kind}: " + ", ".join(f"{k} {v}" for k, v in measure.numbers().items()))
        lines += _cases("missed", measure.missed) + _cases("false alarm", measure.false_alarms)
        lines += _confusions(measure.answers)
    return "\n".join(lines)


def _cases(title: str, answers: Sequence[Answer]) -> list[str]:
    return [f"  {title}: {a.heard} [{a.right.label}/{a.right.hazard} → {a.given.label}/{a.given.hazard}"
            f" {','.join(r.rule for r in a.given.reasons[:3])}]" for a in answers]


def _confusions(answers: Sequence[Answer]) -> list[str]:
    wrong = Counter((a.right.label, a.given.label) for a in answers if a.right.label != a.given.label)
    return [f"  {count:4} {right} taken for {given}" for (right, given), count in wrong.most_common(12)]
