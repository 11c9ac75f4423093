"""Long texts, odd ones, and where the reasons stand in the text as given."""

from __future__ import annotations

import pytest

from hotline.triage import assess
from hotline.triage.corpus import SENTENCES, read_corpus

BILLING = 4 * "，".join(
    s.text for s in read_corpus(SENTENCES).sentences
    if s.label == "billing" and "hard_negative" not in s.tags and not set("漏味报") & set(s.text)
)
LEAK = "我家厨房里有一股煤气味，快派人来"


@pytest.mark.parametrize("text", [f"{LEAK}，{BILLING[:9000]}", f"{BILLING[:5000]}，{LEAK}，{BILLING[:5000]}"])
def test_a_leak_in_a_very_long_text_is_found_where_it_stands(text: str) -> None:
    found = assess(text)
    assert found.emergency and found.hazard == "smell"
    assert any(text.index(LEAK) <= reason.start < text.index(LEAK) + len(LEAK) for reason in found.reasons)


def test_a_long_ordinary_text_keeps_its_label() -> None:
    found = assess("我要查气费，" * 200)
    assert (found.label, found.emergency) == ("billing", False)


@pytest.mark.parametrize("text", [
    "我 家 廚房 有一股 瓦斯味 ，😀 快來", "😀😀 漏氣了！！ 怎麼辦", "  我家\t漏气 了\n快来", f"{LEAK}。" * 60,
])
def test_reasons_are_words_of_the_text_as_given(text: str) -> None:
    found = assess(text)
    assert found.emergency and found.reasons
    for reason in found.reasons:
        assert text[reason.start: reason.end] == reason.text and reason.text


@pytest.mark.parametrize("text", ["", "   ", "😀🎉", "。。。", "\u200b"])
def test_nothing_said_is_no_emergency_and_no_label(text: str) -> None:
    found = assess(text)
    assert (found.label, found.emergency, found.reasons) == ("consult_other", False, ())
    assert found.confidence == 0.5 and found.suspicion < 0.06 and found.version.startswith("rules-")
