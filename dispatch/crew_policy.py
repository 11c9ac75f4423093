"""How crews are chosen and sent: the section `crews` of config/dispatch_policy.yaml."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=86400)]

FIELD_WORK = (
    "repair", "indoor_repair", "outdoor_repair", "no_gas", "equipment_fault", "network_fault_ordinary",
    "network_fault_major", "appointment",
)
NO_SKILLS: tuple[str, ...] = ()


class CrewTexts(BaseModel):
    """What the dispatcher is told, and why a crew was chosen or not; `{…}` are filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    out_of_reach: str = (
        "险情{address}，没有班组能按时赶到。最快的是{crew}，预计{time}到达，比要求晚{late}分钟。请协调增援。"
    )
    nobody_free: str = "险情{address}，目前没有可派的班组，请立即协调增援。"
    needs_help: str = "{crew}在{address}请求支援：{note}。正在加派班组。"
    no_further_crew: str = "险情{address}还需要{missing}个班组，目前派不出，请协调增援。"
    better_crew: str = "{crew}现在可以更早到达险情{address}，预计{time}，已经加派；接单以前原班组继续前往。"
    preempted: str = "{crew}去处理险情，工单{ticket}暂停，请另行安排并通知客户。"
    out_of_service: str = "{crew}停用：{reason}（{author}）。"
    broken_on_the_way: str = "{crew}在处理险情{address}途中停用：{reason}。正在加派班组。"
    unsolved: str = "{crew}报告遗留问题：{note}（{address}）。"
    job_given: str = "{crew}的下一个任务：工单{ticket}，{address}。{why}。"
    leak_again: str = "{crew}复检{address}仍有漏气：{note}。"


class CrewPolicy(BaseModel):
    """Times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position_fresh: Seconds = 600
    """A reported position counts for so long; then the crew is taken to be at its station."""
    secure: Seconds = 180
    """What it takes to leave ordinary work safe before driving to an emergency."""
    missing_skill: Seconds = 600
    """So much later counts a crew without a skill that the incident wants; it may go all the same."""
    missing_equipment: Seconds = 300
    busy_load: Seconds = 60
    """For each job that waits for the crew, when crews are compared."""
    better_by: Seconds = 300
    """A crew that becomes free is sent as well when it is there so much earlier."""
    aid_gain: Seconds = 300
    """When no own crew is in time, a neighbour goes before it if so much earlier."""
    reinforce_again: Annotated[float, Field(gt=0, le=86400)] = 300
    """No further crew was to be had: so long until all are asked again."""
    same_urgency: Seconds = 1800
    """Ordinary tickets whose promises end within this of each other: the nearest goes first."""
    look_at: int = Field(50, ge=1, le=1000)
    """So many of the most urgent tickets are looked at for a crew's next job."""
    give_next_job: bool = False
    """A crew that becomes available is given its next job without being asked for."""
    next_job_again: Annotated[float, Field(ge=1, le=86400)] = 60
    """While an emergency waits for a crew no ordinary work is given out; so long until it is looked again."""
    field_work: dict[str, tuple[str, ...]] = Field(
        default_factory=lambda: dict.fromkeys(FIELD_WORK, NO_SKILLS)
    )
    """Kinds of business that somebody drives out for, each with the skills that it wants."""
    texts: CrewTexts = Field(default_factory=CrewTexts)
