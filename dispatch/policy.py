"""Bands, times, the chain and the wording of dispatch: the model of config/dispatch_policy.yaml."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dispatch.crew_policy import CrewPolicy
from dispatch.deadlines import Band, Beyond

Seconds = Annotated[float, Field(gt=0, le=86400)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(Section):
    """One step of the chain."""

    who: Literal["free_crews", "all_crews", "mutual_aid", "duty_centre", "leaders", "fire"]
    """`all_crews`: the busy ones as well; `mutual_aid`: neighbours' crews; `fire`: 119."""
    on_call: int = Field(1, ge=1, le=3)
    """For crews: up to which on-call level members are rung."""
    at_most: int | None = Field(None, ge=1)
    """For crews: how many, one after the other, the nearest first; empty: all."""
    alarm: bool = False
    """The alarm sounds when this step is reached."""
    every_round: bool = True
    """Whether it is repeated when the chain begins again."""
    channels: tuple[tuple[str, ...], ...] = (("phone",),)
    """All at once; where one is a list, the next of it follows at once when one will never get through."""
    page_seconds: Seconds | None = None
    """How long to wait here before the chain climbs; empty: `times.page`."""
    repeats: int = Field(1, ge=1, le=10)
    """How often each is tried before the chain climbs."""
    acknowledge: Annotated[int, Field(ge=1, le=50)] | Literal["each"] = 1
    """For people: how many must acknowledge, whoever else has it; who has not is tried again."""

    @field_validator("channels", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        """`[phone, [wecom, sms]]`: a name alone is a list of one."""
        if not isinstance(given, list | tuple):
            return given
        return [[part] if isinstance(part, str) else part for part in given]

    @model_validator(mode="after")
    def _check_channels(self) -> Step:
        names = [name for group in self.channels for name in group]
        if not names or not all(self.channels) or len(set(names)) < len(names):
            raise ValueError("`channels`: name at least one, each once")
        if self.who in ("free_crews", "all_crews", "mutual_aid") and self.acknowledge != 1:
            raise ValueError("`acknowledge`: crews take it or not; several are for people")
        return self


class Times(Section):
    """All in seconds."""

    page: Seconds
    """A page not taken by then climbs to the next step."""
    decide: Seconds
    """Who picks up has at least so long to press a key."""
    en_route: Seconds
    """After accepting; then the next crew is paged as well."""
    unlocated: Annotated[float, Field(ge=0, le=86400)]
    """How long paging waits for a first location; 0: the centre station's crew is paged at once."""
    person_takes: Seconds
    """A person (not a crew) who accepts must have a crew under way by then, or the chain goes on."""
    repeat: Seconds
    """Pause before the chain begins again."""
    news: Seconds
    """New facts are gathered for so long before a crew on its way is phoned."""
    resend: Seconds
    """What has not been receipted is sent again."""
    turnout: Annotated[float, Field(ge=0, le=86400)]
    """From accepting until the vehicle rolls, for forecasts."""
    again: Seconds = 60
    """Who must acknowledge and has not is tried again after so long."""
    welfare: Seconds = 1200
    """A crew on scene that says nothing for so long is asked whether all is well."""
    welfare_answer: Seconds = 90
    """Who does not answer that is asked again after so long."""
    link: Seconds = 43200
    """How long a link that was sent out is good."""


class CallerTexts(Section):
    """What a caller hears; `{minutes}` and `{time}` are the target's."""

    crew_accepted: str
    crew_on_scene: str
    nobody_yet: str
    over: str
    late: str = "路途较远，最快的抢修人员预计{time}左右才能赶到。请您留在安全的地方，如有危险请立即拨打119。"
    """No crew can be there by the target; `{time}` is the honest one."""


class AlarmTexts(Section):
    chain_ended: str
    nobody_on_duty: str
    callback_failed: str
    no_number: str
    not_acknowledged: str = "有燃气险情通知至今没有得到规定人员的确认，请立即联系。"
    needs_help: str = "现场抢修人员请求支援，请立即处理。"
    """Of alarms that waited when the version changed; a call for help is a notice with its reason now."""
    welfare: str = "现场抢修人员没有应答安全询问，请立即联系并派人查看。"
    fault: str = "紧急警报：有客户报告燃气险情，系统没能派单，请立即人工派人并联系客户，来电号码：{number}。"


class Policy(Section):
    """The whole file."""

    number_prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    bands: tuple[Band, ...] = ()
    """Arrival targets of this deployment's own; empty: those of the service standard (S0 §10 row 5)."""
    beyond: Beyond | None = None
    """What holds farther out than the last of `bands`."""
    at_once_minutes: float = Field(15, gt=0, le=1440)
    """Where the standard promises an arrival "at once": what is watched then (S4 §7(4))."""
    road_factor: float = Field(ge=1, le=5)
    travel_kmh: float = Field(gt=0, le=150)
    times: Times
    chain: tuple[Step, ...] = Field(min_length=1)
    priorities: dict[str, Annotated[int, Field(ge=0, le=9)]]
    """By kind of business; 0 is the most urgent."""
    default_priority: int = Field(5, ge=0, le=9)
    caller_texts: CallerTexts
    alarm_texts: AlarmTexts
    crews: CrewPolicy = Field(default_factory=CrewPolicy)
    """How crews are chosen and sent."""
    keep_closed_hours: float = Field(48, gt=0)
    """How long what is over stays in memory, for late events."""

    @model_validator(mode="after")
    def _check(self) -> Policy:
        distances = [band.up_to_km for band in self.bands]
        minutes = [band.minutes for band in self.bands]
        if distances != sorted(set(distances)) or minutes != sorted(minutes):
            raise ValueError("`bands`: each must reach farther than the one before, with no shorter time")
        if bool(self.bands) != (self.beyond is not None):
            raise ValueError("`beyond`: belongs to `bands`; give both, or neither for the standard's")
        if self.chain[0].who != "free_crews":
            raise ValueError("`chain.0.who`: the chain begins with the nearest free crews")
        if not any(step.every_round and step.who in ("free_crews", "all_crews") for step in self.chain):
            raise ValueError("`chain`: some crews must be paged in every round (`every_round: true`)")
        if not any(step.alarm for step in self.chain):
            raise ValueError("`chain`: at least one step must sound the alarm (`alarm: true`)")
        if self.priorities.get("emergency") != 0:
            raise ValueError("`priorities.emergency`: must be 0, before all others")
        return self

    def priority(self, business: str) -> int:
        return self.priorities.get(business, self.default_priority)


def travel(policy: Policy, distance_km: float) -> timedelta:
    """How long a crew needs once it rolls."""
    return timedelta(hours=distance_km / policy.travel_kmh)
