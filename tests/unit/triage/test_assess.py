"""What callers say, and what it must mean."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.triage import VERSION, assess

LEAKS = [
    ("我家厨房有一股臭鸡蛋味怀疑是煤气漏了", "leak", "indoor"),
    ("我家露气了快点来人", "leak", "indoor"),
    ("厨房有没气味好大", "smell", "indoor"),
    ("我不晓得是不是漏气就是有点臭", "leak", "unknown"),
    ("报警期一直响", "alarm", None),
    ("法门关不上了火也灭不掉", "valve", None),
    ("路边有人施工挖断了燃气管道", "third_party_damage", "outdoor"),
    ("楼道里的燃气管接头在漏", "leak", "outdoor"),
    ("我洗澡的時候頭暈噁心 是熱水器", "co", "indoor"),
    ("煤气罐起火了我们都跑出来了", "fire_explosion", None),
    ("我出门了好像忘了关火锅里还炖着汤", "other", None),
    ("隔壁那男的把煤气罐拧开了说要同归于尽", "leak", "indoor"),
    ("转人工 我家有煤气味", "smell", "indoor"),
    ("上次修过了可是现在又有煤气味了", "smell", None),
    ("我要投诉 我家漏气报了三天了到现在还没人来修", "leak", "indoor"),
    ("报警器隔一会儿响一下不知道是没电了还是有漏气", None, None),
    ("早上厨房有煤气味开窗以后又没有了", "smell", "indoor"),
    ("110转过来的群众报警说有煤气味", "smell", "unknown"),
]
ORDINARY = [
    ("没有漏气 就是打不着火", "repair"),
    ("灶打不燃 没闻到味道", "repair"),
    ("如果闻到煤气味应该打什么电话", "consult_other"),
    ("上次漏气你们师傅来得很快特别感谢", "consult_other"),
    ("我想买个燃气报警器", "consult_other"),
    ("自来水管爆了水到处流", "consult_other"),
    ("报警器滴滴响 我看了是电池没电了", "repair"),
    ("家里煤气了怎么回事", "no_gas"),
    ("请问今天是不是停气", "outage_inquiry"),
    ("这个月燃气费怎么这么高", "billing"),
    ("燃气表没电了不显示", "meter"),
    ("新房子想装天然气怎么报装", "new_install"),
    ("我想预约明天上午通气", "appointment"),
    ("二手房怎么过户", "transfer_ownership"),
    ("安检多久一次", "safety_check"),
    ("上个月我家漏气打电话你们两个小时才来我要投诉", "complaint"),
    ("转人工", "human_agent"),
]


@pytest.mark.parametrize(("text", "hazard", "place"), LEAKS)
def test_a_live_danger_is_an_emergency(text: str, hazard: str | None, place: str | None) -> None:
    found = assess(text)
    assert (found.label, found.emergency) == ("leak_emergency", True)
    assert hazard in (None, found.hazard)
    assert place in (None, found.place)


@pytest.mark.parametrize(("text", "label"), ORDINARY)
def test_an_ordinary_call_keeps_its_label(text: str, label: str) -> None:
    found = assess(text)
    assert (found.label, found.emergency, found.hazard) == (label, False, None)


@pytest.mark.parametrize(
    "text", ["没有漏", "没有漏气", "我家没有漏", "没闻到味", "热水器漏", "如果漏气", "上次漏气"])
def test_a_beginning_that_may_turn_waits(text: str) -> None:
    assert not assess(text, partial=True).emergency


@pytest.mark.parametrize(
    "text", ["喂", "你好我家", "我要", "厨房里好像", "喂你好我家厨房里好像", "那个", "我在三楼"])
@pytest.mark.parametrize("partial", [True, False])
def test_a_fragment_declares_nothing_and_leaves_the_label_open(text: str, partial: bool) -> None:
    found = assess(text, partial=partial)
    assert (found.label, found.emergency) == ("consult_other", False)
    assert found.label_confidence < 0.5


def test_without_a_classifier_the_rules_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["hotline.triage.assess"], "load_classifier", lambda: None)
    assert assess("我家厨房有煤气味").emergency
    assert assess("我要交燃气费").label == "billing"


def test_a_plain_beginning_does_not_wait() -> None:
    assert assess("我家漏气", partial=True).emergency


def test_reasons_point_into_the_words_as_given() -> None:
    text = " 师傅，我家 有煤氣味 "
    reasons = assess(text).reasons
    assert reasons
    for reason in reasons:
        assert "氣" in text[reason.start: reason.end] or "味" in text[reason.start: reason.end]


def test_the_same_words_mean_the_same_and_carry_the_version() -> None:
    first, second = assess("报警器在响没有味道"), assess("报警器在响没有味道")
    assert first == second
    rules, model = first.version.split("+")
    assert rules == VERSION and len(model) == 12


def test_context_joins_what_was_said_before() -> None:
    assert not assess("在厨房").emergency
    found = assess("在厨房", context="我闻到味道")
    assert found.emergency
    assert all(0 <= reason.start < reason.end <= 3 for reason in found.reasons)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="没有漏气煤味不是响火关阀管，。 abc12", max_size=60))
def test_any_text_gets_a_consistent_answer(text: str) -> None:
    found = assess(text)
    assert found.emergency == (found.label == "leak_emergency") == (found.hazard is not None)
    assert 0.5 <= found.confidence <= 1
    assert all(0 <= reason.start < reason.end <= len(text) for reason in found.reasons)
