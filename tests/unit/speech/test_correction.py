"""Domain words written right again, and all else left alone."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.speech.correction import NEVER_CHANGED, changes, corrected, lexicon
from hotline.triage import assess
from hotline.triage.corpus import SENTENCES, read_corpus


@pytest.mark.parametrize(
    ("heard", "right"),
    [
        ("我家厨房露气了", "我家厨房漏气了"),
        ("燃汽表坏了", "燃气表坏了"),
        ("燃起表不走了", "燃气表不走了"),
        ("帮我转人公", "帮我转人工"),
        ("报警气一直响", "报警器一直响"),
        ("天然期味道很大", "天然气味道很大"),
        ("什么时候停汽", "什么时候停气"),
    ],
)
def test_a_domain_word_of_the_same_sound_is_written_right(heard: str, right: str) -> None:
    assert corrected(heard) == right


@pytest.mark.parametrize(
    "heard",
    [
        "", "五号楼七单元五零一", "我住六七栋", "没气味", "没有气味", "没器了", "没企了", "没气了",
        "听起来像", "有点客气", "软件坏了", "报警器叫关了火", "浓度超标", "罐倒了", "挖开的坑里管子",
        "我家漏气了", "hello 123", "前修过的灶", "按键没声音",
    ],
)
def test_what_is_a_word_of_its_own_stays(heard: str) -> None:
    assert corrected(heard) == heard


def test_no_gas_and_gas_are_never_made_of_each_other() -> None:
    """没气 is a call for tomorrow, 煤气 may be a leak: both sound méi qì."""
    for said in ("没气", "煤气"):
        assert corrected(f"我家{said}了") == f"我家{said}了"
    for heard in ("没", "煤", "梅", "每"):
        for second in ("器", "企", "汽", "其"):
            right = corrected(heard + second + "了")
            assert "煤气" not in right and "没气" not in right


def test_changes_say_where_and_what() -> None:
    (found,) = changes("我家露气了")
    assert (found.start, found.end, found.heard, found.word) == (2, 4, "露气", "漏气")


@given(st.text(alphabet="没煤气汽器漏露楼七起不无有味了在我家五号单元热水燃表报警听泄", max_size=14))
def test_length_negations_and_numbers_are_kept(heard: str) -> None:
    right = corrected(heard)
    assert len(right) == len(heard) and corrected(right) == right
    for was, now in zip(heard, right, strict=True):
        assert now == was or was not in NEVER_CHANGED


def test_right_words_stay_and_sentences_of_callers_hardly_change() -> None:
    for word in lexicon().words:
        assert corrected(word) == word
    texts = [re.sub(r"\W", "", sentence.text) for sentence in read_corpus(SENTENCES).sentences]
    assert sum(corrected(text) != text for text in texts) < len(texts) / 200


def test_no_emergency_of_the_corpus_is_lost_by_the_correction() -> None:
    """Triage sees both readings; the corrected one alone would do as well."""
    for sentence in read_corpus(SENTENCES).sentences:
        text = re.sub(r"\W", "", sentence.text)
        right = corrected(text)
        if right != text and assess(text).emergency:
            assert assess(right).emergency, (text, right)
