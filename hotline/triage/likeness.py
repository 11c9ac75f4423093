"""How surely a misheard name is a name of the gazetteer: one slip is allowed where no other name comes of it.

人民路 heard as 人名录 is the same sounds. A changed sound in 春福小区 makes another estate, so it
is believed only when the two sounds are easily taken for each other; a compass point or a number
(利州东路, 利州西路) never is.
"""

from __future__ import annotations

from functools import lru_cache

from hotline.triage.numerals import DIGIT
from hotline.triage.phonetics import fold, syllable

SAME_SOUND = 0.95
CLEAR_LEAD = 0.04
"""A rival closer than this leaves the name as it was heard."""
_NEAR_SOUND, _SWAPPED, _DOUBLED, _LOST, _FAR_SOUND = 0.87, 0.85, 0.87, 0.80, 0.76

_TELLING = frozenset("东西南北中上下前后左右新老大小内外" + DIGIT + "十百")
"""Characters that make another name of the same one."""
_SUFFIXES = (
    "菜市场",
    "家属院", "安置房", "小区", "花园", "家园", "新村", "大道", "大街", "中学", "小学", "医院", "广场",
    "公园", "路", "街", "巷", "城", "苑", "园", "湾", "里", "村",
)
_INITIALS = ("bp", "dt", "gk", "kh", "gh", "jq", "qx", "jx", "zc", "cs", "zs", "lr", "ml")
_FINALS = (
    ("an", "en"), ("en", "in"), ("ian", "in"), ("uan", "an"), ("ian", "an"), ("ou", "o"), ("ou", "u"),
    ("uo", "o"), ("uo", "e"), ("o", "e"), ("ei", "ui"), ("ai", "ei"), ("ao", "ou"), ("iao", "iu"), ("i", "u"),
    ("ie", "e"), ("ong", "en"), ("un", "en"), ("un", "in"), ("uan", "un"), ("iong", "ong"), ("ia", "a"),
    ("ua", "a"), ("ue", "ie"), ("uan", "ian"), ("i", "ei"), ("i", "e"),
)
_NEAR_INITIALS = {frozenset(pair) for pair in _INITIALS}
_NEAR_FINALS = {frozenset(pair) for pair in _FINALS}


def likeness(name: str, code: str, text: str, sounds: str, following: str) -> float:
    """0 when `text` may be something else, else how like the name it is. `following`: the next character."""
    if len(text) == len(name):
        return _changed(name, code, text, sounds)
    if len(text) < len(name):
        return _lost(name, code, sounds, following)
    return _doubled(code, sounds)


def closeness(name: str, text: str) -> tuple[int, int]:
    """How many characters, and how many syllables in full, are the same in their places."""
    pairs = list(zip(name, text, strict=False))
    return sum(a == b for a, b in pairs), sum(syllable(a) == syllable(b) for a, b in pairs)


def _changed(name: str, code: str, text: str, sounds: str) -> float:
    wrong = [n for n, (a, b) in enumerate(zip(code, sounds, strict=True)) if a != b]
    if not wrong or len(wrong) > 2 or any(text[n] in _TELLING or name[n] in _TELLING for n in wrong):
        return 0.0
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1 and code[wrong[0]] == sounds[wrong[1]] \
            and code[wrong[1]] == sounds[wrong[0]]:
        return _SWAPPED
    if len(wrong) == 2:
        return 0.0
    if near_sounds(name[wrong[0]], text[wrong[0]]):
        return _NEAR_SOUND
    stem = len(name) - _suffix(name)
    in_suffix = wrong[0] >= stem >= 2 and len(name) - stem >= 2
    return _FAR_SOUND if in_suffix or stem >= 3 else 0.0


def _lost(name: str, code: str, sounds: str, following: str) -> float:
    at = next((n for n, (a, b) in enumerate(zip(code, sounds, strict=False)) if a != b), len(sounds))
    if code[:at] + code[at + 1:] != sounds or name[at] in _TELLING:
        return 0.0
    stem = len(name) - _suffix(name)
    if at >= stem and stem >= 2:
        return _LOST if following in DIGIT and following else 0.0
    return _LOST if len(name) >= 4 else 0.0


def _doubled(code: str, sounds: str) -> float:
    for at in range(1, len(sounds)):
        if sounds[at] == sounds[at - 1] and sounds[:at] + sounds[at + 1:] == code:
            return _DOUBLED
    return 0.0


def _suffix(name: str) -> int:
    return next((len(ending) for ending in _SUFFIXES if name.endswith(ending)), 0)


@lru_cache(maxsize=8192)
def near_sounds(first: str, second: str) -> bool:
    """Whether a bad line makes the one of the other: the same but for a near initial or a near final."""
    (initial, final), (other, ending) = _split(fold(syllable(first))), _split(fold(syllable(second)))
    if not final or not ending:
        return False
    if final == ending:
        return frozenset((initial, other)) in _NEAR_INITIALS
    return initial == other and frozenset((final, ending)) in _NEAR_FINALS


def _split(sound: str) -> tuple[str, str]:
    """Initial and final; y and w count as none."""
    if sound.startswith(("y", "w")):
        rest = sound[1:]
        return "", rest if sound[0] == "y" and rest[:1] in "iu" else ("i" if sound[0] == "y" else "u") + rest
    at = 1 if sound[:1] and sound[0] not in "aoe" else 0
    return sound[:at], sound[at:]
