"""What the rules make of a caller's words over several utterances."""

from __future__ import annotations

from hotline.calls.understanding import RuleUnderstanding


def test_a_number_said_in_pieces_is_found_once() -> None:
    words = RuleUnderstanding(None, "CN", "0839")
    assert words.of("我的电话是一三九零二五六", final=True).number == ""
    assert words.of("七七八九", final=True).number == "+8613902567789"
    assert words.of("对的", final=True).number == ""


def test_partials_give_no_number_and_no_address() -> None:
    understood = RuleUnderstanding(None, "CN", "0839").of("我的电话是一三九零二五六七七八九", final=False)
    assert understood.number == ""
    assert understood.address == {}


def test_an_emergency_is_news_once_and_again_when_it_gets_worse() -> None:
    words = RuleUnderstanding(None, "CN", "0839")
    first = words.of("厨房里有煤气味", final=False).emergency
    assert first is not None and first.hazard == "smell"
    assert words.of("厨房里有煤气味", final=True).emergency is None
    worse = words.of("灶台着火了", final=True).emergency
    assert worse is not None and worse.hazard == "fire_explosion"
