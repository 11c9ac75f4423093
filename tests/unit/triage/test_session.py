"""A whole conversation: declared once, never taken back."""

from __future__ import annotations

from hotline.triage import TriageSession


def test_an_emergency_is_declared_once_and_stays() -> None:
    session = TriageSession()
    first = session.feed("我家厨房漏气", final=False)
    assert first.emergency is not None and first.emergency.emergency
    again = session.feed("我家厨房漏气了快来", final=True)
    assert again.emergency is None
    denied = session.feed("没有漏气我说错了", final=True)
    assert (denied.emergency, denied.label) == (None, "leak_emergency")


def test_a_graver_hazard_is_told_and_a_milder_is_not() -> None:
    session = TriageSession()
    session.feed("厨房有煤气味", final=True)
    assert session.feed("现在着火了", final=True).hazard_change == "fire_explosion"
    assert session.feed("还有煤气味", final=True).hazard_change is None


def test_the_place_may_come_later() -> None:
    session = TriageSession()
    assert session.feed("漏气了快点来人", final=True).place_change is None
    assert session.feed("在马路边上", final=True).place_change == "outdoor"
    assert session.feed("我家在三楼", final=True).place_change is None


def test_what_was_said_before_counts() -> None:
    session = TriageSession()
    assert session.feed("我家的天然气", final=True).emergency is None
    assert session.feed("关不上了", final=True).emergency is not None


def test_an_ordinary_wish_outlives_small_talk() -> None:
    session = TriageSession()
    session.feed("我要交燃气费", final=True)
    assert session.feed("麻烦你了", final=True).label == "billing"


def test_empty_words_change_nothing() -> None:
    session = TriageSession()
    assert session.feed("", final=True).emergency is None
