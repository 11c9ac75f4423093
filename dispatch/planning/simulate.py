"""Plays a plan and its what-ifs: the same callers each time, so that differences are the plan's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dispatch.planning.answering import answering
from dispatch.planning.bestplace import with_places
from dispatch.planning.city import City
from dispatch.planning.demand import Calls, make_calls
from dispatch.planning.figures import paired
from dispatch.planning.operators import play_calls
from dispatch.planning.outcome import Outcome, outcome
from dispatch.planning.plan import planned
from dispatch.planning.play import Play
from dispatch.planning.records import Emergency
from dispatch.planning.whatif import Change, WhatIf, apply
from dispatch.rules import Rules

Progress = Callable[[str, float], None]
"""Told what is played and the share of it that is done."""
ADVICE = (WhatIf((Change("crews"),)), WhatIf((Change("station"),)))
"""What every report answers: one more crew, one more station, each where it helps most."""
FOR_CREWS = ("crews", "station", "speed", "emergencies", "households")
FOR_AGENTS = ("agents", "households", "emergencies")


@dataclass(frozen=True, slots=True)
class Variant:
    """One what-if, played."""

    what_if: WhatIf
    outcome: Outcome
    gain: float | None
    """How much more of the same emergencies are in time; None when the emergencies are others."""
    gain_half_width: float | None


@dataclass(frozen=True, slots=True)
class Result:
    seed: int
    base: Outcome
    variants: tuple[Variant, ...]

    def plain(self) -> dict[str, Any]:
        return {
            "seed": self.seed, "base": self.base.plain(),
            "what_if": [
                {"change": str(one.what_if), "gain": one.gain, "gain_half_width": one.gain_half_width,
                 "outcome": one.outcome.plain()}
                for one in self.variants
            ],
        }


@dataclass(frozen=True, slots=True)
class _Run:
    outcome: Outcome
    emergencies: tuple[Emergency, ...]


def simulate(
    city: City, rules: Rules, seed: int, what_ifs: Sequence[WhatIf], progress: Progress,
) -> Result:
    """Raises NoSuchChange for a what-if that does not fit the plan."""
    for what_if in what_ifs:
        if not any(change.needs_place for change in what_if.changes):
            apply(city, what_if)
    base = _play(city, rules, seed, None, None, lambda share: progress("the plan as it is", share))
    late = [one for one in base.emergencies if not one.in_target]
    variants = []
    for what_if in what_ifs:
        placed = with_places(city, planned(city, rules), late, what_if)
        variants.append(_variant(city, rules, seed, base, placed, progress))
    return Result(seed, base.outcome, tuple(variants))


def _variant(
    city: City, rules: Rules, seed: int, base: _Run, what_if: WhatIf, progress: Progress
) -> Variant:
    run = _play(
        apply(city, what_if), rules, seed, base, what_if, lambda share: progress(f"what if {what_if}", share)
    )
    same = all(change.what not in ("households", "emergencies") for change in what_if.changes)
    gain, half = paired(base.emergencies, run.emergencies) if same else (None, None)
    return Variant(what_if, run.outcome, gain, half)


def _play(
    city: City, rules: Rules, seed: int, base: _Run | None, what_if: WhatIf | None,
    progress: Callable[[float], None],
) -> _Run:
    """Only what the change touches is played again."""
    here = planned(city, rules)
    calls = make_calls(city, seed)
    kinds = {change.what for change in what_if.changes} if what_if else {*FOR_CREWS, *FOR_AGENTS}
    if base is None or kinds & set(FOR_CREWS):
        run = _emergencies(city, here, calls, seed, progress)
    else:
        run = base
    answered = run.outcome.answering if base is None else base.outcome.answering
    if kinds & set(FOR_AGENTS):
        answered = answering(city, play_calls(city, calls, seed))
    return replace(run, outcome=replace(run.outcome, answering=answered))


def _emergencies(
    city: City, rules: Rules, calls: Calls, seed: int, progress: Callable[[float], None]
) -> _Run:
    played = Play(city, rules, calls, seed).run(progress)
    return _Run(outcome(city, played, len(calls), None), played.emergencies)
