"""Measures triage on a corpus: who would have been missed, who would have been troubled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import sqrt
from typing import Any, Literal

from hotline.triage.assess import assess
from hotline.triage.corpus import FOLDS, Corpus, Sentence, fold_of
from hotline.triage.model import Assessment
from hotline.triage.noise import Noise
from hotline.triage.train import Plan, Progress, train

_NOISE_RATES = (0.15, 0.20, 0.25)
_UNSEEN_SEED = 100
"""Another one than training's: what is measured was not heard in training either."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One sentence, as heard, with the right and the given assessment."""

    heard: str
    right: Sentence
    given: Assessment

    @property
    def decided(self) -> bool:
        """Whether the emergency decision is right."""
        return self.given.emergency == (self.right.label == "leak_emergency")


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
            "calibration_error": self.calibration_error(),
        }

    def calibration_error(self) -> float:
        """Mean distance between confidence of the emergency decision and how often it was right."""
        bins: dict[int, list[Answer]] = defaultdict(list)
        for answer in self.answers:
            bins[int(answer.given.confidence * 10)].append(answer)
        off = sum(
            abs(sum(a.given.confidence for a in group) - sum(a.decided for a in group))
            for group in bins.values())
        return round(off / len(self.answers), 4) if self.answers else 0.0

    def confusion(self) -> dict[str, dict[str, int]]:
        """How often each right label was given as which."""
        table: dict[str, Counter[str]] = defaultdict(Counter)
        for answer in self.answers:
            table[answer.right.label][answer.given.label] += 1
        return {right: dict(given.most_common()) for right, given in sorted(table.items())}

    def by_tag(self) -> dict[str, dict[str, float]]:
        """Share of right labels and of right emergency decisions for each tag."""
        tagged: dict[str, list[Answer]] = defaultdict(list)
        for answer in self.answers:
            for tag in answer.right.tags or ("untagged",):
                tagged[tag].append(answer)
        return {
            tag: {
                "answers": len(group),
                "label": _share(sum(a.given.label == a.right.label for a in group), len(group)),
                "decision": _share(sum(a.decided for a in group), len(group)),
            }
            for tag, group in sorted(tagged.items())
        }


@dataclass(frozen=True, slots=True)
class Measured:
    clean: Measure
    noisy: Measure

    def numbers(self) -> dict[str, Any]:
        return {
            measure.kind: {**measure.numbers(), "confusion": measure.confusion(), "by_tag": measure.by_tag()}
            for measure in (self.clean, self.noisy)
        }


def evaluate(
    corpus: Corpus, *, held_out: bool | None = None, judge: Callable[[str], Assessment] = assess
) -> Measured:
    """Judge every sentence clean and with 15, 20 and 25 % of its characters wrong, with and without stops."""
    chosen = [s for s in corpus.sentences if held_out in (None, fold_of(s) == 0)]
    measured = Measured(Measure("clean"), Measure("noisy"))
    noise = Noise()
    for sentence in chosen:
        _measure(measured, sentence, noise, judge)
    return measured


def cross_validate(
    corpus: Corpus, plan: Plan | None = None, progress: Progress = lambda _: None, folds: int = FOLDS
) -> Measured:
    """Judge every sentence by a classifier that was trained without its group."""
    measured = Measured(Measure("clean"), Measure("noisy"))
    noise = Noise()
    for fold in range(folds):
        made = train([s for s in corpus.sentences if fold_of(s, folds) != fold], plan)
        for sentence in corpus.sentences:
            if fold_of(sentence, folds) == fold:
                _measure(measured, sentence, noise, partial(assess, classifier=made))
        progress((fold + 1) / folds)
    return measured


def _measure(
    measured: Measured, sentence: Sentence, noise: Noise, judge: Callable[[str], Assessment]
) -> None:
    measured.clean.answers.append(Answer(sentence.text, sentence, judge(sentence.text)))
    for take, rate in enumerate(_NOISE_RATES):
        said = sentence.text if take == 1 else "".join(c for c in sentence.text if c.isalnum())
        heard = noise.spoil(said, rate, _UNSEEN_SEED + take)
        measured.noisy.answers.append(Answer(heard, sentence, judge(heard)))


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
        lines += _confusions(measure.answers) + _table(measure)
        lines += [f"  tag {tag}: " + ", ".join(f"{k} {v}" for k, v in shares.items())
                  for tag, shares in measure.by_tag().items()]
    return "\n".join(lines)


def _cases(title: str, answers: Sequence[Answer]) -> list[str]:
    return [f"  {title}: {a.heard} [{a.right.label}/{a.right.hazard} → {a.given.label}/{a.given.hazard}"
            f" {','.join(r.rule for r in a.given.reasons[:3])}]" for a in answers]


def _table(measure: Measure) -> list[str]:
    return [f"  {right:19}" + ", ".join(f"{given} {count}" for given, count in row.items())
            for right, row in measure.confusion().items()]


def _confusions(answers: Sequence[Answer]) -> list[str]:
    wrong = Counter((a.right.label, a.given.label) for a in answers if a.right.label != a.given.label)
    return [f"  {count:4} {right} taken for {given}" for (right, given), count in wrong.most_common(12)]
