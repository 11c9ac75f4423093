"""How words sound on a bad line: every character becomes the code of its folded syllable.

Tones are dropped and sounds that south-western speakers and telephone recognisers mix up
(n/l, zh/z, ch/c, sh/s, f/h, an/ang, en/eng, in/ing) fall together, so 漏气, 露气 and 楼起
have the same codes. A code is one private-use character: a pattern over characters becomes
a pattern over sounds by the same replacement.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_FIRST_CODE = 0xE000
_HANZI = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h"))
_FINALS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
# Characters whose usual reading on this line is not the dictionary's first one.
_READINGS = {
    "着": "zhe", "行": "xing", "重": "zhong", "地": "di", "得": "de", "了": "le", "都": "dou", "还": "hai",
    "嗞": "zi", "呲": "ci", "咝": "si", "哧": "chi", "幺": "yao", "两": "liang", "没": "mei",
    "阀": "fa", "露": "lou",
}

_SYLLABLES = (
    "a ai an ao ba bai ban bao bei ben bi bian biao bie bin bo bu ca cai can cao ce cen ci cong cou cu "
    "cua cuai cuan cui cun cuo da dai dan dao de den di dian diao die din diu dong dou du duan dui dun "
    "duo e ei en er ga gai gan gao ge gei gen gong gou gu gua guai guan gui gun guo ha hai han hao he hei "
    "hen hiao hm ho hong hou hu hua huai huan hui hun huo ji jia jian jiao jie jin jiong jiu ju juan jue "
    "jun ka kai kan kao ke ken kong kou ku kua kuai kuan kui kun kuo l la lai lan lao le lei len li lia "
    "lian liao lie lin liu lo long lou lu luan lun luo lv lve m ma mai man mao me mei men mi mian miao "
    "mie min miu mo mou mu o ou pa pai pan pao pei pen pi pian piao pie pin po pou pu qi qia qian qiao "
    "qie qin qiong qiu qu quan que qun ran rao re ren ri rong rou ru rua ruan rui run ruo sa sai san sao "
    "se sen si song sou su sua suai suan sui sun suo ta tai tan tao te ten ti tian tiao tie tin tong tou "
    "tu tuan tui tun tuo wa wai wan wei wen wo wu xi xia xian xiao xie xin xiong xiu xu xuan xue xun ya "
    "yan yao ye yi yin yo yong you yu yuan yue yun za zai zan zao ze zei zen zi zong zou zu zua zuai zuan "
    "zui zun zuo "
).split()
"""Folded syllables in a fixed order: a trained artefact knows them by their codes."""

_codes: dict[str, str] = {name: chr(_FIRST_CODE + number) for number, name in enumerate(_SYLLABLES)}


def fold(syllable: str) -> str:
    """`zhang` → `zan`: the syllable without the distinctions that get lost on the way."""
    for written, folded in _INITIALS:
        if syllable.startswith(written):
            syllable = folded + syllable[len(written):]
            break
    for written, folded in _FINALS:
        if syllable.endswith(written):
            return syllable[: -len(written)] + folded
    return syllable


@lru_cache(maxsize=16384)
def syllable(character: str) -> str:
    """Toneless pinyin of one character, empty when it is not a Chinese one."""
    if not _HANZI.match(character):
        return ""
    if character in _READINGS:
        return _READINGS[character]
    reading = lazy_pinyin(character, style=Style.NORMAL, errors="ignore")
    return reading[0] if reading else ""


@lru_cache(maxsize=16384)
def code(character: str) -> str:
    """The sound code of one character; what is not Chinese stands for itself."""
    sound = syllable(character)
    if not sound:
        return character
    key = fold(sound)
    return _codes.setdefault(key, chr(_FIRST_CODE + len(_codes)))


def codes(text: str) -> str:
    """Sound codes of a text or of a regular expression, one for each of its characters."""
    return "".join(map(code, text))
