"""Measures addresses on a corpus: how often a crew would have been sent by the right words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hotline.triage.fields import AddressFields
from hotline.triage.noise import Noise
from hotline.yamlfile import load

SEVEN = ("district", "street", "number", "community", "building", "unit", "room")
_NOISE_RATES = (0.15, 0.20, 0.25)
_WORST = 40


class SpokenAddress(BaseModel):
    """What a caller says and the parts that must come out of it; what is not listed stays empty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    kind: str
    """The group it is counted in; `unknown` has names that stand in no gazetteer."""
    district: str = ""
    street: str = ""
    number: str = ""
    community: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""

    def held_out(self) -> bool:
        """Half of them, by the text alone, so that nothing written later moves one."""
        return int(sha256(self.text.encode()).hexdigest()[:8], 16) % 2 == 1


class AddressCorpus(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    licence: str
    addresses: tuple[SpokenAddress, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One utterance as heard, with the right and the given parts."""

    heard: str
    right: SpokenAddress
    given: dict[str, str]

    @property
    def wrong(self) -> list[str]:
        return [name for name in SEVEN if self.given[name] != getattr(self.right, name)]


def read_addresses(path: Path) -> AddressCorpus:
    """Read a corpus file. Raises ConfigurationError naming line and field of every fault."""
    return load(path, AddressCorpus)


def evaluate(
    corpus: AddressCorpus, parse: Callable[[str], AddressFields], *, held_out: bool | None = None
) -> dict[str, list[Answer]]:
    """Answers on `clean` text and on `noisy` text, with 15, 20 and 25 % of the characters wrong."""
    chosen = [spoken for spoken in corpus.addresses if held_out in (None, spoken.held_out())]
    noise = Noise()
    answers: dict[str, list[Answer]] = {"clean": [], "noisy": []}
    for spoken in chosen:
        answers["clean"].append(Answer(spoken.text, spoken, parse(spoken.text).flat()))
        for seed, rate in enumerate(_NOISE_RATES):
            heard = noise.spoil(spoken.text, rate, seed)
            answers["noisy"].append(Answer(heard, spoken, parse(heard).flat()))
    return answers


def numbers(answers: list[Answer]) -> dict[str, float]:
    """Shares of 1: of all seven fields, of those said, of those not said; and buildings given wrong."""
    pairs = [(name, getattr(a.right, name), a.given[name]) for a in answers for name in SEVEN]
    said = [(right, given) for _, right, given in pairs if right]
    unsaid = [given for _, right, given in pairs if not right]
    buildings = [(right, given) for name, right, given in pairs if name == "building" and right]
    return {
        "utterances": len(answers),
        "fields_right": _share(sum(right == given for _, right, given in pairs), len(pairs)),
        "said_right": _share(sum(right == given for right, given in said), len(said)),
        "said_wrong": _share(sum(given not in ("", right) for right, given in said), len(said)),
        "invented": _share(sum(bool(given) for given in unsaid), len(unsaid)),
        "building_wrong": _share(sum(given not in ("", right) for right, given in buildings), len(buildings)),
        "whole_right": _share(sum(not a.wrong for a in answers), len(answers)),
    }


def report(answers: dict[str, list[Answer]]) -> dict[str, Any]:
    """For clean and noisy text: all, names of the gazetteer only, each field, each kind."""
    found: dict[str, Any] = {}
    for noise, given in answers.items():
        known = [answer for answer in given if answer.right.kind != "unknown"]
        kinds = sorted({answer.right.kind for answer in given})
        found[noise] = {
            "all": numbers(given), "in_gazetteer": numbers(known),
            "by_field": {name: _share(sum(name not in a.wrong for a in given), len(given)) for name in SEVEN},
            "by_kind": {kind: numbers([a for a in given if a.right.kind == kind]) for kind in kinds},
        }
    return found


def worst(answers: list[Answer]) -> list[str]:
    """The utterances with most fields wrong, for a person to read."""
    ranked = sorted((a for a in answers if a.wrong), key=lambda a: (-len(a.wrong), a.heard))
    return [f"{answer.heard}: " + ", ".join(
        f"{name} {getattr(answer.right, name) or '-'} → {answer.given[name] or '-'}" for name in answer.wrong
    ) for answer in ranked[:_WORST]]


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
