"""Whether the caller said it: on characters, and on sounds as a telephone recogniser hears them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from pypinyin import lazy_pinyin

_NOISE = re.compile(r"[\s，。！？；、：,.!?;:…~“”\"'（）()-]+")
_FILLERS = re.compile(r"[嗯啊呃哦哎喂呀嘛呢吧哈]|那个|就是说|这个")
_QUESTION = re.compile(r"(?<!没)有没有|是不是|对不对|要不要|好不好|可不可以|行不行")
"""Asked back, it is no answer."""
# Sounds that telephones and the south of China do not keep apart.
_SAME = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"))
_SAME_END = (("ing", "in"), ("eng", "en"), ("ang", "an"))
_DIGIT_WORDS = (
    "零〇洞0０", "一幺妖么1１壹", "二两2２贰", "三3３叁",
    "四4４肆", "五5５伍", "六6６陆", "七7７拐柒", "八8８捌",
    "九9９勾玖",
)
_DIGIT = {char: digit for digit, chars in enumerate(_DIGIT_WORDS) for char in chars}
_DIGIT_SOUND = {"ling": 0, "yi": 1, "yao": 1, "er": 2, "san": 3, "si": 4, "wu": 5, "liu": 6, "qi": 7, "ba": 8,
                "jiu": 9}


def clean(text: str) -> str:
    """Without spaces and punctuation."""
    return _NOISE.sub("", text)


@lru_cache(maxsize=4096)
def sounds(text: str) -> tuple[str, ...]:
    """Toneless syllables, with the sounds made equal that telephones mix up."""
    return tuple(_sound(syllable) for syllable in lazy_pinyin(clean(text), errors=_apart))


def phrase_score(text: str, phrase: str) -> int:
    """How well the phrase is in the text: 0 not at all, else more for longer and for exact ones.

    One-character phrases, and those written with `=` before them, must be all that was said (by
    characters or sound); others match anywhere.
    """
    said, wanted = clean(text), clean(phrase.removeprefix("="))
    if not wanted or not said:
        return 0
    if len(wanted) == 1 or phrase.startswith("="):
        whole = _FILLERS.sub("", said)
        if wanted in (whole, said):
            return 2 * len(wanted) + 1
        return 2 * len(wanted) if len(wanted) > 1 and sounds(whole) == sounds(wanted) else 0
    if wanted in said:
        return 2 * len(wanted) + 1
    return 2 * len(wanted) if _contains(sounds(said), sounds(wanted)) else 0


def best(text: str, groups: Sequence[Iterable[str]]) -> int | None:
    """Which group of phrases fits best; the first one of equals; None when none does."""
    scores = [max((phrase_score(text, phrase) for phrase in group), default=0) for group in groups]
    top = max(scores, default=0)
    return scores.index(top) if top else None


def said_without(text: str, phrase: str, negations: Iterable[str], reach: int = 4) -> bool:
    """Whether the exact phrase is in the text with no negation shortly before it."""
    said, wanted = clean(text), clean(phrase)
    at = said.find(wanted)
    while wanted and at >= 0:
        if not any(negation in said[max(0, at - reach) : at] for negation in negations):
            return True
        at = said.find(wanted, at + 1)
    return False


def yes_or_no(text: str, yes: Sequence[str], no: Sequence[str]) -> bool | None:
    """True, False, or None when it is neither, or could be both. A no beats a yes inside it."""
    said = _QUESTION.sub("", _FILLERS.sub("", clean(text)) or clean(text))
    best_yes = max((phrase_score(said, phrase) for phrase in yes), default=0)
    best_no = max((phrase_score(said, phrase) for phrase in no), default=0)
    if said[:1] in "不没" and best_no >= best_yes > 0:
        return False
    if best_yes == best_no:
        return False if best_no else None
    return best_yes > best_no


def spoken_digits(text: str) -> str:
    """The digits in what was said: `幺三八…` and, where digits are expected, their homophones."""
    said = clean(text)
    exact = _longest(said, _DIGIT)
    heard = _longest(tuple(lazy_pinyin(said, errors=_apart)), _DIGIT_SOUND) if len(exact) < len(said) else ""
    return heard if len(heard) > len(exact) and len(exact) * 2 >= len(heard) else exact


def _apart(foreign: str) -> str:
    """Letters and digits, one unit each: pypinyin takes a list although its types say otherwise."""
    return list(foreign)  # type: ignore[return-value]  # pypinyin flattens lists


def _longest(units: Sequence[str], digits: dict[str, int]) -> str:
    runs, run = [""], ""
    for unit in units:
        run = run + str(digits[unit]) if unit in digits else ""
        runs.append(run)
    return max(runs, key=len)


def _contains(said: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    size = len(wanted)
    return any(said[at : at + size] == wanted for at in range(len(said) - size + 1))


def _sound(syllable: str) -> str:
    for head, same in _SAME:
        if syllable.startswith(head):
            syllable = same + syllable[len(head) :]
            break
    for tail, same in _SAME_END:
        if syllable.endswith(tail):
            return syllable[: -len(tail)] + same
    return syllable
