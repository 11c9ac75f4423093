"""Kinds of gas incidents and what belongs to each: the model of config/incident_types.yaml (B1, B2, B8, B10).

A type says what the caller is advised and asked, who is told and when, what must drive out, and
what the crew goes through on the scene. Which type an incident has is reckoned in `protocols.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Text = Annotated[str, Field(min_length=1)]
Phrase = Annotated[str, Field(pattern=r"^[^、{}]+$")]
Hazard = Literal[
    "smell", "leak", "third_party_damage", "fire_explosion", "co", "alarm", "valve", "other",
    "supply_failure", "low_pressure", "over_pressure",
]
"""Those of triage, and supply and pressure."""
Place = Literal["indoor", "outdoor", "unknown"]
TRIAGE_HAZARDS: tuple[Hazard, ...] = (
    "smell", "leak", "third_party_damage", "fire_explosion", "co", "alarm", "valve", "other",
)
PLACES: tuple[Place, ...] = ("indoor", "outdoor", "unknown")


BLANKS = ("title", "address", "reports", "ticket", "phone", "reported", "company")
"""What texts to parties may hold in braces."""
NO_ANSWERS = frozenset({
    "address", "hazard", "place", "words", "description", "callback_number", "landmark", "visit_answer",
    "agent_hung_up", "district", "street", "number", "community", "building", "unit", "room",
})
"""Facts with a meaning of their own: no question may be kept under these, nor under `address_…`."""
_BLANKS_SAID = ", ".join(f"{{{name}}}" for name in BLANKS)


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(Section):
    """Somebody who is told of incidents; the phone stands in the contacts' file under the same key."""

    title: Text
    """As the history and the crew's list name it."""
    outside: bool = False
    """Not of the company: never told of a drill, unless the drill says so (S0/S1 §25(2))."""
    by_crew: bool = False
    """Nobody has its number before somebody is there (neighbours, the house's manager): the crew tells it."""


class Question(Section):
    """Something that the caller is asked when there is time for it."""

    key: Key
    """Where the answer is kept: a field of the ticket, `yes` or `no` or his words."""
    text: Text
    kind: Literal["yes_no", "words"] = "yes_no"
    yes: tuple[Phrase, ...] = ()
    """What means yes here, besides what always does: 没出来 for “屋里还有人吗”."""
    no: tuple[Phrase, ...] = ()
    if_yes: str = ""
    """What the caller is told upon a yes: 您自己不要进去."""
    if_no: str = ""
    crew_yes: str = ""
    """What crews hear upon a yes, those on their way too; empty: it stands on the ticket only."""
    crew_no: str = ""
    only_if: dict[str, str] = Field(default_factory=dict)
    """Asked only after these answers to questions before it."""

    def means(self, value: str) -> str:
        """The answer in the crew's terms; empty when it need not hear of it."""
        return {"yes": self.crew_yes, "no": self.crew_no}.get(value, "")


class Tell(Section):
    """Who is told, when, and what."""

    to: Key
    """A party."""
    when: Literal["declared", "covered", "on_scene", "made_safe", "closed"] = "declared"
    after_minutes: float = Field(0, ge=0, le=10080)
    """So long after that, unless the incident is over by then."""
    unless: Literal["", "covered", "on_scene", "made_safe"] = ""
    """Not any more when that has happened in the meantime."""
    only_if: dict[str, str] = Field(default_factory=dict)
    """Only when the tickets' fields say so: `injured: "yes"`."""
    text: Text
    """With {title}, {address}, {reports}, {ticket}, {phone}, {reported}, {company}."""
    clause: str = ""
    in_writing: bool = False
    """A letter as well (B10)."""


class Upgrade(Section):
    """When the incident is worse than its type; all that stands here must be true."""

    to: Key
    reports: int | None = Field(None, ge=2, le=1000)
    """At least so many reports are joined."""
    fields: dict[str, str] = Field(default_factory=dict)
    """What callers or crews have said: `injured: "yes"`, `trapped: "yes"`."""
    hours_open: float | None = Field(None, gt=0, le=1000)
    """Not made safe for so long."""
    why: Text


class IncidentType(Section):
    key: Key
    title: Text
    hazards: tuple[Hazard, ...] = ()
    """Empty: only by an upgrade or by a person."""
    places: tuple[Place, ...] = PLACES
    rank: int = Field(ge=0, le=100)
    """How bad: an incident goes to a type of a higher rank by new facts, and never to a lower one."""
    major: bool = False
    """Reported to the leaders at once (S4 §5(1))."""
    advice: str = ""
    """State of the flow `advice` that the caller hears; empty: the one of its hazard and place."""
    ask: tuple[Question, ...] = ()
    """In the order in which they are asked, after the address and the number."""
    tell: tuple[Tell, ...] = ()
    crews: int = Field(1, ge=1, le=20)
    skills: tuple[Key, ...] = ()
    """What the crews together must be able to do."""
    equipment: tuple[Key, ...] = ()
    """What must be on the vehicles together."""
    checklist: tuple[Text, ...] = ()
    """What the crew does on the scene, in order."""
    upgrades: tuple[Upgrade, ...] = ()
    clause: str = ""

    def covers(self, hazard: str, place: str) -> bool:
        return hazard in self.hazards and place in self.places


class Crowd(Section):
    """What many reports of one leak bring about."""

    reports: int = Field(ge=2, le=1000)
    crews: int = Field(ge=1, le=20)
    """At least so many crews are sent then."""
    tell: tuple[Key, ...] = ()
    """Parties that hear of it (B8)."""


class IncidentTypes(Section):
    """The whole file. Every fault names its field."""

    parties: dict[Key, Party] = Field(default_factory=dict)
    types: tuple[IncidentType, ...] = ()
    crowd: tuple[Crowd, ...] = ()
    ask_at_most: int = Field(4, ge=0, le=10)
    """Questions to one caller in one call; a longer protocol stops there."""
    crowd_text: str = "同一处险情已有{reports}起报警，地址{address}，请关注并组织增援。"

    @model_validator(mode="after")
    def _check(self) -> IncidentTypes:
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def get(self, key: str) -> IncidentType | None:
        return next((one for one in self.types if one.key == key), None)

    def answers(self, fields: Mapping[str, str]) -> dict[str, str]:
        """What was asked and answered, by the question's words; each once."""
        every = (question for kind in self.types for question in kind.ask if fields.get(question.key))
        texts: dict[str, str] = {}
        for question in every:
            texts.setdefault(question.key, question.text)
        return {text: fields[key] for key, text in texts.items()}

    def _faults(self) -> Iterator[str]:
        keys = [one.key for one in self.types]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            yield f"`types`: the key {key} stands there twice"
        if self.types:
            yield from self._uncovered()
        for index, one in enumerate(self.types):
            yield from self._faults_of(f"types.{index}", one)
        if not _fits(self.crowd_text):
            yield f"`crowd_text`: only {_BLANKS_SAID} may stand in braces"
        reports = [step.reports for step in self.crowd]
        if reports != sorted(set(reports)):
            yield "`crowd`: in rising order of `reports`, each once"
        for index, step in enumerate(self.crowd):
            for party in step.tell:
                if party not in self.parties:
                    yield f"`crowd.{index}.tell`: there is no party {party}"

    def _uncovered(self) -> Iterator[str]:
        """An emergency without a type would go without its protocol."""
        for hazard in TRIAGE_HAZARDS:
            for place in PLACES:
                if not any(one.covers(hazard, place) for one in self.types):
                    yield f"`types`: none for {hazard} at a place that is {place}"

    def _faults_of(self, where: str, one: IncidentType) -> Iterator[str]:
        yield from _faults_of_questions(where, one.ask)
        for number, tell in enumerate(one.tell):
            if not _fits(tell.text):
                yield f"`{where}.tell.{number}.text`: only {_BLANKS_SAID} may stand in braces"
            if tell.to not in self.parties:
                yield f"`{where}.tell.{number}.to`: there is no party {tell.to}"
        for number, upgrade in enumerate(one.upgrades):
            worse = self.get(upgrade.to)
            if worse is None:
                yield f"`{where}.upgrades.{number}.to`: there is no type {upgrade.to}"
            elif worse.rank <= one.rank:
                yield f"`{where}.upgrades.{number}.to`: {upgrade.to} does not have a higher `rank`"
            if upgrade.reports is None and not upgrade.fields and upgrade.hours_open is None:
                yield f"`{where}.upgrades.{number}`: needs `reports`, `fields` or `hours_open`"


def _faults_of_questions(where: str, ask: tuple[Question, ...]) -> Iterator[str]:
    before: set[str] = set()
    for number, question in enumerate(ask):
        if question.key in NO_ANSWERS or question.key.startswith("address_"):
            yield f"`{where}.ask.{number}.key`: {question.key} has a meaning of its own; choose another"
        if question.key in before:
            yield f"`{where}.ask.{number}.key`: {question.key} is asked twice"
        for name in question.only_if:
            if name not in before:
                yield f"`{where}.ask.{number}.only_if`: {name} is not asked before it"
        before.add(question.key)


def _fits(text: str) -> bool:
    try:
        text.format_map(dict.fromkeys(BLANKS, ""))
    except (KeyError, ValueError, IndexError):
        return False
    return True
