"""Numbers, dates, phones and addresses as a Chinese clerk reads them."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.flow.commands import Segment
from hotline.speech.readings import Reading, Words, count, say

READ = {
    "text": {
        "24小时服务热线95598": "二十四小时服务热线九五五九八",
        "人工请按0，返回请按*键": "人工请按零，返回请按星号键",
        "2026年11月22日14:30前到达，2小时内": "二零二六年十一月二十二日下午两点半前到达，两小时内",
        "拨打119或110": "拨打幺幺九或幺幺零",
        "110个": "一百一十个",
        "2个小时，12位，200块": "两个小时，十二位，两百块",
        "涨15%，共2.5元": "涨百分之十五，共二点五元",
        "请讲。": "请讲。",
    },
    "digits": {
        "95598": "九五五九八", "20261122001": "二零二六，幺幺二二，零零幺", "1*#": "幺星号井号", "": "",
    },
    "number": {"1203.5": "一千二百零三点五", "2": "二", "0": "零", "-3": "负三", "10": "十", "没有": "没有"},
    "date": {
        "2026-11-22": "十一月二十二日，星期日",
        "2026-02-02T10:00:00+08:00": "二月二日，星期一",
        "下周": "下周",
    },
    "time": {
        "15:20": "下午三点二十分", "00:05": "凌晨零点零五分", "2:00": "凌晨两点整", "20:30": "晚上八点半",
        "2026-11-22T12:30:00+08:00": "中午十二点半", "25:00": "二五:零零",
    },
    "duration": {
        "900": "十五分钟", "3600": "一小时", "5400": "一个半小时", "7800": "两小时十分钟", "40": "四十秒",
        "7200": "两小时", "61": "两分钟", "172800": "两天",
    },
    "phone": {
        "+8613800138000": "幺三八，零零幺三，八零零零", "0839-3260119": "零八三九，三二六，零幺幺九",
        "+868393260119": "零八三九，三二六，零幺幺九", "02888888888": "零二八，八八八八，八八八八",
        "110": "幺幺零", "4001234567": "四零零，幺二三，四五六七",
    },
    "address": {
        "蜀门北路128号3栋2单元501": "蜀门北路一百二十八号，三栋二单元，五零幺",
        "3栋2单元501室": "三栋二单元，五零幺室",
        "万达广场A座1203": "万达广场A座，幺二零三",
        "108国道": "幺零八国道",
        "附12号": "附十二号",
        "3-2-501": "三杠二杠五零幺",
        "大石镇2组": "大石镇二组",
        "南街1号12楼1201": "南街一号十二楼，幺二零幺",
        "解放路和人民路交叉口": "解放路和人民路交叉口",
    },
}
CASES = [(reading, written, said) for reading, texts in READ.items() for written, said in texts.items()]


@pytest.mark.parametrize(("reading", "written", "said"), CASES)
def test_it_is_read_as_people_read_it(reading: Reading, written: str, said: str) -> None:
    assert say(Words(written, reading)) == said


@given(st.sampled_from(get_args(Reading)), st.text(max_size=40))
def test_anything_can_be_read_and_no_arabic_digit_is_left(reading: Reading, written: str) -> None:
    assert not re.search("[0-9]", say(Words(written, reading)))


@given(st.integers(0, 10**12))
def test_two_of_something_is_liang(value: int) -> None:
    said = count(str(value))
    assert said != "二" and not re.match("二[百千万亿]", said)


def test_the_flows_pieces_are_spoken() -> None:
    assert say(Segment("900", "duration")) == "十五分钟"


@pytest.mark.parametrize("written", ["1e-999999999", "1e999999999", "-inf", "nan", "0." + "3" * 5000])
def test_monstrous_numbers_are_read_in_no_time(written: str) -> None:
    assert len(say(Words(written, "number"))) < 7000
