"""What goes for all kinds of business: visits, the wording of notices and promises, declared ties."""

from __future__ import annotations

from string import Formatter
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(min_length=1, max_length=200)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tie(Section):
    """Relatives, friends and close colleagues of somebody, as declared (S1 annex 3)."""

    person: Text
    to: tuple[Text, ...] = Field(min_length=1)


class AppointmentRules(Section):
    """Visits at an agreed time (S0/S1 §7, §14(1), §22(4))."""

    tell_before_minutes: float = Field(120, gt=0, le=10080)
    """One that cannot be kept is told so long before (S0/S1 §14(1))."""
    en_route_before_minutes: float = Field(20, ge=0, le=1440)
    """A technician not on his way so long before the end of the window is running late."""
    late_minutes: float = Field(30, gt=0, le=1440)
    """By how much, when nobody says."""
    leader: str = "leaders"
    """Who is told when a second appointment is late or fails: a contact or group."""
    clerk: str = "service_centre"
    """Who goes on with what the customer wants and no key can do."""


class Texts(Section):
    """What those who work on a ticket are told, and (`caller_…`) what a caller hears of its promise;
    `{ticket}`, `{business}`, `{stage}`, `{due}`, `{left}`, `{late}`, `{address}`, `{owner}`, `{window}`.
    """

    caller_due: str = "{due}{stage}"
    caller_visit: str = "已经约好{window}上门"
    caller_paused: str = "按您的意愿暂缓办理"
    caller_overdue: str = "已经超过承诺的时间，我们正在督办"
    visit_second_late: str = "工单{ticket}预约{window}上门，第二次预约有可能不能按时上门，请立即处理。"
    visit_second_missed: str = "工单{ticket}预约{window}上门，第二次预约没有按时上门，请立即处理。"
    visit_missed: str = "工单{ticket}预约{window}上门，没有按时上门，请马上联系客户。"
    visit_agree_time: str = "工单{ticket}预约{window}上门，请与客户约定新的上门时间。"
    visit_other_technician: str = "工单{ticket}预约{window}上门，客户要求换一位人员，请马上安排。"
    visit_wants_person: str = "工单{ticket}预约{window}上门，客户要求人工联系，请马上回电。"
    visit_no_answer: str = "工单{ticket}预约{window}上门，已电话告知客户晚到，客户没有选择，请人工联系。"
    visit_not_told: str = "工单{ticket}：人员将晚到，多次致电客户未能接通，请人工联系客户。"

    warning: str = "工单{ticket}（{business}）的“{stage}”应于{due}前完成，还剩{left}，请抓紧办理。"
    overdue: str = (
        "工单{ticket}（{business}）的“{stage}”应于{due}前完成，已经超时，责任人{owner}，请立即督办。"
    )
    provisional: str = "承诺时限待国务院公布放假安排后确认。"
    leak: str = "工单{ticket}（{business}）疑似燃气泄漏，已转为抢险，请立即处理。"
    opened: str = "新受理{business}工单{ticket}，{address}，请及时处理。"
    escalated: str = "客户就{business}再次反映，工单{ticket}已升级，责任人{owner}，请立即处理。"

    @model_validator(mode="after")
    def _check(self) -> Texts:
        known = {"ticket", "business", "stage", "due", "left", "late", "address", "owner", "window"}
        for name in type(self).model_fields:
            for _, field, _, _ in Formatter().parse(getattr(self, name)):
                if field is not None and field not in known:
                    raise ValueError(f"`{name}`: there is no {{{field}}}, only {', '.join(sorted(known))}")
        return self
