"""When two reports are taken for one leak: the model of config/joining.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Weight = Annotated[float, Field(ge=0, le=2)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Near(Section):
    """So near each other by coordinates of which both are exact enough."""

    within_metres: float = Field(gt=0, le=5000)
    weight: Weight


class Weights(Section):
    """What speaks for one leak; the sum is multiplied by how near in time the reports are."""

    same_partner_ticket: Weight = 1.0
    """110, 119 or 12345 gave the same number of theirs."""
    same_meter_box: Weight = 1.0
    same_building: Weight = 0.8
    """Street and number, or community and building, are the same."""
    same_number: Weight = 0.75
    """The same street and house number."""
    same_community: Weight = 0.45
    same_street: Weight = 0.3
    same_address_words: Weight = 0.6
    """The address was said in the same words, and holds a number."""
    same_caller: Weight = 0.35
    """The same phone; a partner's phone says nothing."""
    same_hazard: Weight = 0.05
    crowd: Weight = 0.15
    """For each further report that is alike: many who smell it in one community smell one leak."""
    crowd_at_most: Weight = 0.45


class Joining(Section):
    """The whole file."""

    join_at: float = Field(2, gt=0)
    """From this score on reports are joined; above all that can be reached: never by themselves."""
    propose_at: float = Field(2, gt=0)
    """From this score on a dispatcher is asked."""
    window_minutes: float = Field(120, gt=0, le=10080)
    """Reports farther apart in time are never likened."""
    fade_from_minutes: float = Field(30, ge=0)
    """Up to this the time takes nothing from the score; then it falls to half at the window's end."""
    farthest_metres: float = Field(1000, gt=0)
    """Exact places farther apart than this are two leaks, whatever else is the same."""
    weights: Weights = Weights()
    near: tuple[Near, ...] = ()
    """In rising order; the first that holds counts."""
    only_confirmed: bool = True
    """Whether the later caller must have said yes to his address, unless something names the leak itself:
    silence never means that an address is right (safety rule 3). Without it a dispatcher is asked."""
    into_made_safe: bool = False
    """Whether a report may be joined to what a crew has made safe already; better not: it may be another."""

    @model_validator(mode="after")
    def _check(self) -> Joining:
        if self.propose_at > self.join_at:
            raise ValueError("`propose_at`: must not be more than `join_at`")
        if self.fade_from_minutes > self.window_minutes:
            raise ValueError("`fade_from_minutes`: must not be more than `window_minutes`")
        metres = [step.within_metres for step in self.near]
        if metres != sorted(set(metres)):
            raise ValueError("`near`: in rising order of `within_metres`, each once")
        if self.near and self.near[-1].within_metres > self.farthest_metres:
            raise ValueError("`near`: nothing farther than `farthest_metres` counts")
        return self
