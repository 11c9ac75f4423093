"""What the ear for answers heard, beside what was heard freely."""

from __future__ import annotations

import pytest

from hotline.flow.inputs import Utterance
from hotline.flow.verbs.asking import agreed

YES, NO = ["是", "是的", "对", "没错"], ["不是", "不对", "没有"]


@pytest.mark.parametrize(
    ("freely", "narrowly", "answer"),
    [
        ("对的没错", "", True),
        ("五室", "不是", False),
        ("室", "是", True),
        ("不对", "不对", False),
        ("对", "不对", None),
        ("不是", "是", None),
        ("我家厨房漏气", "", None),
        ("五栋", "", None),
    ],
)
def test_either_ear_may_answer_and_a_contradiction_is_no_answer(
    freely: str, narrowly: str, answer: bool | None
) -> None:
    heard = Utterance(freely, True, "2026-01-01T00:00:00Z", narrowed=narrowly)
    assert agreed(heard, YES, NO) is answer
