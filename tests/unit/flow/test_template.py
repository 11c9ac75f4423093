"""What is said: variables in their places, read as they are meant, and nothing half."""

from __future__ import annotations

from hotline.flow.commands import Segment
from hotline.flow.states import Piece
from hotline.flow.template import estimate_seconds, faults, fill, names, plain, render


def test_readings_become_segments() -> None:
    said = render(("我们打{number|phone}联系您。",), {"number": "13800138000"})
    assert said == (Segment("我们打"), Segment("13800138000", "phone"), Segment("联系您。"))


def test_a_piece_without_its_variables_is_left_out() -> None:
    prompt = ("请等待。", "前面还有{position|number}位。")
    assert plain(render(prompt, {})) == "请等待。"
    assert plain(render(prompt, {"position": "2"})) == "请等待。前面还有2位。"


def test_pieces_with_conditions() -> None:
    prompt = (
        Piece.model_validate({"if": "drill", "say": "演练。"}),
        Piece(unless="address", say="地址不详。"),
    )
    assert plain(render(prompt, {"drill": "yes", "address": "甲路"})) == "演练。"
    assert plain(render(prompt, {})) == "地址不详。"


def test_words_name_values() -> None:
    words = {"hazard": {"co": "一氧化碳"}}
    assert plain(render(("疑似{hazard|word}",), {"hazard": "co"}, words)) == "疑似一氧化碳"
    assert fill("{hazard|word}", {"hazard": "strange"}, words) == "strange"


def test_a_caller_cannot_smuggle_templates_in() -> None:
    assert fill("{words}", {"words": "{pin}", "pin": "1234"}) == "{pin}"


def test_names_and_faults() -> None:
    assert names("{a|digits}和{b}") == ("a", "b")
    assert list(faults("{a|digits}")) == []
    assert "no such reading" in " ".join(faults("{a|loud}"))
    assert "no variable" in " ".join(faults("{A b}"))
    assert "brace" in " ".join(faults("{a"))


def test_longer_prompts_take_longer() -> None:
    assert estimate_seconds((Segment("您好，请讲"),), 5) > estimate_seconds((Segment("您好"),), 5) > 0
