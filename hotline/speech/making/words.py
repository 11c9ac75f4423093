"""Words of Mandarin and how a sentence falls into them: jieba's dictionary and segmentation.

The one user of jieba, which only a maker of models installs.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hotline.speech.making.texts import Grammar

OFTEN = 20_000
"""Frequency that a domain word is given, so that it is kept in one."""
NAMES = (
    "XQ", "STREET", "DIST", "PLACE", "PART", "DEV", "WHOM", "SV", "WK", "SMELL", "WHO", "ACT", "DAYP",
    "HISS", "ALARM",
)  # fmt: skip
"""Rules of the grammar whose choices are words."""
DOMAIN = (
    "没气 停气 漏气 来气 户号 表数 打不着 点不着 煤气味 燃气费 转人工 缴费 充值 阶梯气价 上门费 安检员 "
    "抄表员 抢修 燃气公司 报警器 壁挂炉 热水器 号楼 单元 气压低 有气泡 煤气中毒 过户 开户 通气 改管 电磁阀 "
    "读数 不对 不是 是的 对的 没错"
).split()
NO_WORDS = ("我家", "我要", "你好是")
UNITS = frozenset("号 楼 栋 层 室 单元 点 块 元 月 幢 区 期 年 方 号楼 岁 点半 毛 点钟 路 声 遍 次".split())
_DIGITS = re.compile("([零〇一二三四五六七八九十百千幺两]+)(.*)")
_HANZI = re.compile("[\u4e00-\u9fff]+")


def _jieba() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it still imports pkg_resources
        import jieba
    jieba.setLogLevel("ERROR")
    return jieba


@cache
def frequencies() -> dict[str, int]:
    """Word → how often general text has it."""
    path = Path(_jieba().__file__).with_name("dict.txt")
    rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {row[0]: int(row[1]) for row in rows if _HANZI.fullmatch(row[0])}


@dataclass
class Segmenter:
    """Cuts sentences into words; numbers into their digits."""

    grammar: Grammar
    _cutter: Any = field(init=False)

    def __post_init__(self) -> None:
        self._cutter = _jieba().Tokenizer()
        named = [word for rule in NAMES for word in self.grammar.get(rule, [])]
        for word in [word for word in named if _HANZI.fullmatch(word) and 2 <= len(word) <= 4] + DOMAIN:
            self._cutter.add_word(word, OFTEN)
        for word in NO_WORDS:
            self._cutter.del_word(word)

    def words(self, sentence: str) -> list[str]:
        """The sentence's words in order."""
        return [part for word in self._cutter.cut(sentence, HMM=False) for part in _digits_apart(word)]


def _digits_apart(word: str) -> list[str]:
    found = _DIGITS.fullmatch(word)
    if not found or (found[2] and found[2] not in UNITS):
        return [word]
    return [*found[1], *([found[2]] if found[2] else [])]
