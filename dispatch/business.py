"""Kinds of business: what is asked, how far it can be, and which promise of the standard is its own.

The model of config/businesses.yaml. Pure: nothing here reads files or the clock.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dispatch.business_rules import AppointmentRules, Section, Text, Texts, Tie
from dispatch.deadlines import Standard

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Value = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
Trigger = Literal[
    "", "taken", "incident_taken", "incident_en_route", "incident_on_scene", "incident_made_safe",
    "appointed", "technician_en_route", "technician_arrived", "work_reported", "called_back",
]
"""What takes a step by itself."""
PHONE = re.compile(r"(?:sip:[^\s@]+@[^\s@]+|\+?[0-9][0-9 -]{1,19})")
LONGEST_TEXT = 2000


class FieldRule(Section):
    """One thing that is asked for this kind of business."""

    title: Text
    kind: Literal["text", "phone", "date", "datetime", "choice", "number", "yes_no"] = "text"
    choices: dict[Value, Text] = Field(default_factory=dict)
    """For `choice`: value → as it is shown."""
    needed_for: tuple[Name, ...] = ()
    """States that cannot be entered without it."""
    implies: dict[Value, dict[Name, str]] = Field(default_factory=dict)
    """For `choice`: what other fields become with a value (a criterion decides the grade)."""

    @model_validator(mode="after")
    def _check(self) -> FieldRule:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError("`choices` belong to kind `choice`, and it needs them")
        for value in self.implies:
            if value not in self.choices:
                raise ValueError(f"`implies`: {value} is no choice")
        return self

    def fault(self, value: str) -> str:
        """What is wrong with a value; empty: nothing."""
        return "" if not value else _FAULTS[self.kind](self, value)


class Stand(Section):
    """How far a matter can be."""

    state: Name
    title: Text
    """As the caller hears it after "您的工单": 已经受理."""
    final: bool = False
    """The ticket is closed with it."""


class Step(Section):
    """The way from one state to another."""

    step: Name
    title: Text
    origin: tuple[Name, ...] = Field(min_length=1, alias="from")
    to: Name
    ends: tuple[Name, ...] = ()
    """Stages of the standard that it completes."""
    starts: tuple[Name, ...] = ()
    """Stages that begin with it and not with the end of the one before."""
    reopens: tuple[Name, ...] = ()
    """Stages that turn out not to be done: the promise of then holds again."""
    when: Trigger = ""
    """It is taken by itself when this happens."""


class Escalation(Section):
    """When the same customer comes again with a matter that is still open (S1 annex 3 §8)."""

    again: dict[Name, str] = Field(default_factory=dict)
    """Fields that both get: `grade: major`."""
    outside: dict[Name, tuple[str, ...]] = Field(default_factory=dict)
    """Field → values that mean that he has gone outside: `source: [press]`."""
    tell: tuple[Name, ...] = Field(min_length=1)


class Kind(Section):
    """One kind of business."""

    title: Text
    standard: tuple[Name, ...] = ()
    """Keys of the service standard, the best first: the first that the company promises holds."""
    chosen_by: Name | None = None
    """A `choice` field whose value is the key of the standard (which connection)."""
    aliases: tuple[Name, ...] = ()
    """Other names that menus give it."""
    priority: int | None = Field(None, ge=0, le=9)
    """Unset: as config/dispatch_policy.yaml says."""
    keeps_clock_on_leak: bool = False
    """A suspected leak in the same call is a matter of its own (a complaint stays one)."""
    overdue_to: tuple[Name, ...] = ()
    """Whom else an overdue stage is told, besides those of the standard: roles or contacts."""
    tell_when_opened: tuple[Name, ...] = ()
    """Who hears of it at once: roles or contacts (S1 annex 3 §12)."""
    escalation: Escalation | None = None
    impartial: Name | None = None
    """The field with the person whom the matter is about; neither he nor who is tied to him may have
    it alone (S1 annex 3)."""
    fields: dict[Name, FieldRule] = Field(default_factory=dict)
    states: tuple[Stand, ...] = Field(min_length=2)
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check(self) -> Kind:
        for fault in (*_state_faults(self), *_field_faults(self)):
            raise ValueError(fault)
        return self

    @property
    def first(self) -> str:
        return self.states[0].state

    def stand(self, state: str) -> Stand | None:
        return next((stand for stand in self.states if stand.state == state), None)

    def step(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.step == name), None)

    def open_steps(self, state: str) -> tuple[Step, ...]:
        """What may come next."""
        return tuple(step for step in self.steps if state in step.origin)

    def step_when(self, state: str, trigger: str) -> Step | None:
        """The step that this takes by itself from here."""
        return next((step for step in self.open_steps(state) if step.when == trigger), None)

    def stage_title(self, stage: str) -> str:
        """What a stage is called: like the step that completes it."""
        return next((step.title for step in self.steps if stage in step.ends), stage)

    def started_by_step(self, stage: str) -> bool:
        """Whether a stage waits for a step of its own instead of the end of the one before."""
        return any(stage in step.starts for step in self.steps)

    def missing(self, state: str, values: Mapping[str, str]) -> tuple[str, ...]:
        """Fields that must be filled before it can be entered, as they are shown."""
        return tuple(
            f"{name} ({rule.title})" for name, rule in self.fields.items()
            if state in rule.needed_for and not values.get(name, "").strip()
        )

    def promised_by(self, standard: Standard, values: Mapping[str, str]) -> str:
        """The key of the standard that this matter falls under; empty: the company promises nothing."""
        chosen = values.get(self.chosen_by, "") if self.chosen_by else ""
        return next((key for key in (chosen, *self.standard) if key in standard.businesses), "")


class Businesses(Section):
    """The whole file."""

    kinds: dict[Name, Kind] = Field(default_factory=dict)
    ties: tuple[Tie, ...] = ()
    appointments: AppointmentRules = Field(default_factory=AppointmentRules)
    texts: Texts = Field(default_factory=Texts)

    @model_validator(mode="after")
    def _check(self) -> Businesses:
        names = [*self.kinds, *(alias for kind in self.kinds.values() for alias in kind.aliases)]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"`kinds`: {doubled[0]} is the name of two kinds of business")
        return self

    def kind_of(self, business: str) -> Kind | None:
        """The kind that a ticket's business is, also by another name."""
        found = self.kinds.get(business)
        return found or next((kind for kind in self.kinds.values() if business in kind.aliases), None)

    def tied(self, person: str) -> frozenset[str]:
        """He himself and everybody with a declared tie to him, both ways."""
        found = {person}
        for tie in self.ties:
            if tie.person == person:
                found |= set(tie.to)
            elif person in tie.to:
                found.add(tie.person)
        return frozenset(found)

    def strangers(self, standards: Mapping[str, Standard]) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Keys and stages that no known standard has: (where in the file, what is wrong)."""
        businesses = {key: one for standard in standards.values() for key, one in standard.businesses.items()}
        stages = {
            plan.stage for standard in standards.values() for one in standard.businesses.values()
            for plan in one.stages
        }
        for name, kind in self.kinds.items():
            keys: list[tuple[tuple[str | int, ...], str]] = [
                (("standard", index), key) for index, key in enumerate(kind.standard)
            ]
            if kind.chosen_by:
                place = ("fields", kind.chosen_by, "choices")
                keys += [((*place, key), key) for key in kind.fields[kind.chosen_by].choices]
            for where, key in keys:
                if key not in businesses:
                    yield ("kinds", name, *where), f"no service standard promises {key}"
            for where, stage in _stages_named(kind):
                if stage not in stages:
                    yield ("kinds", name, *where), f"no service standard has a stage {stage}"


def _stages_named(kind: Kind) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, step in enumerate(kind.steps):
        for field, names in (("ends", step.ends), ("starts", step.starts), ("reopens", step.reopens)):
            for place, stage in enumerate(names):
                yield ("steps", index, field, place), stage


def _state_faults(kind: Kind) -> Iterator[str]:
    states = [stand.state for stand in kind.states]
    finals = {stand.state for stand in kind.states if stand.final}
    if len(set(states)) < len(states):
        yield "`states`: the same state stands there twice"
    if not finals or kind.first in finals:
        yield "`states`: at least one, and not the first, must be `final: true`"
    names = [step.step for step in kind.steps]
    if len(set(names)) < len(names):
        yield "`steps`: the same step stands there twice"
    for index, step in enumerate(kind.steps):
        for state in (*step.origin, step.to):
            if state not in states:
                yield f"`steps.{index}`: there is no state {state}"
        if finals & set(step.origin):
            yield f"`steps.{index}.from`: nothing follows after a final state"
    for state in states:
        if state not in finals and not _leads_to(kind, state, finals):
            yield f"`states`: no way leads from {state} to an end"
    reached = {kind.first} | {step.to for step in kind.steps}
    for state in states:
        if state not in reached:
            yield f"`states`: no step leads to {state}"


def _leads_to(kind: Kind, state: str, finals: set[str]) -> bool:
    seen, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        for step in kind.open_steps(here):
            if step.to in finals:
                return True
            if step.to not in seen:
                seen.add(step.to)
                waiting.append(step.to)
    return False


def _field_faults(kind: Kind) -> Iterator[str]:
    states = {stand.state for stand in kind.states}
    for name, rule in kind.fields.items():
        for state in rule.needed_for:
            if state not in states:
                yield f"`fields.{name}.needed_for`: there is no state {state}"
        for implied in rule.implies.values():
            yield from _values_faults(kind, f"`fields.{name}.implies`", implied)
    if kind.escalation is not None:
        yield from _values_faults(kind, "`escalation.again`", kind.escalation.again)
        for name, values in kind.escalation.outside.items():
            for value in values:
                yield from _values_faults(kind, "`escalation.outside`", {name: value})
    if kind.impartial is not None and kind.impartial not in kind.fields:
        yield f"`impartial`: there is no field {kind.impartial}"
    chosen = kind.fields.get(kind.chosen_by) if kind.chosen_by else None
    if kind.chosen_by is not None and (chosen is None or chosen.kind != "choice"):
        yield f"`chosen_by`: {kind.chosen_by} is no field of kind choice"


def _values_faults(kind: Kind, where: str, values: Mapping[str, str]) -> Iterator[str]:
    for name, value in values.items():
        rule = kind.fields.get(name)
        if rule is None:
            yield f"{where}: there is no field {name}"
        elif rule.fault(value):
            yield f"{where}: {name}: {rule.fault(value)}"


def _text(rule: FieldRule, value: str) -> str:
    return "" if len(value) <= LONGEST_TEXT else f"at most {LONGEST_TEXT} characters"


def _phone(rule: FieldRule, value: str) -> str:
    return "" if PHONE.fullmatch(value) else "a telephone number, as 13800001234 or 0839-3260119"


def _date(rule: FieldRule, value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        return "a date, as 2026-11-23"
    return ""


def _moment(rule: FieldRule, value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "a date and time, as 2026-11-23T09:00"
    return ""


def _choice(rule: FieldRule, value: str) -> str:
    return "" if value in rule.choices else f"one of {', '.join(rule.choices)}"


def _number(rule: FieldRule, value: str) -> str:
    return "" if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", value) else "a number, as 12 or 3.50"


def _yes_no(rule: FieldRule, value: str) -> str:
    return "" if value in ("yes", "no") else "yes or no"


_FAULTS = {
    "text": _text, "phone": _phone, "date": _date, "datetime": _moment, "choice": _choice,
    "number": _number, "yes_no": _yes_no,
}
