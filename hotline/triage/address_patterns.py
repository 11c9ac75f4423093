"""How numbers of doors are said, in text whose names are marks (address_names.MARKS)."""

from __future__ import annotations

import re

from hotline.triage.numerals import DIGIT, NUMERAL

RUN = rf"(?<!{NUMERAL}){NUMERAL}{{1,7}}(?!{NUMERAL})"
_FILL = r"(?:的|，|上|那个|这个|那边|那里|那儿|是|就是|应该是|在|有个|一个|叫|我们|我)*"
_LETTER = r"[a-h甲乙丙丁]"

DASHED = re.compile(
    rf"(?P<building>{RUN}|[a-h])(?:杠|横|-)(?:(?P<unit>{RUN})(?:杠|横|-))?(?P<room>{NUMERAL}{{2,4}})"
)
NUMBER = re.compile(
    rf"(?P<mark>[ＳＣＶ]){_FILL}(?:门牌)?(?P<number>{RUN})号(?!楼|栋|线|单元|那天|早|上午|下午|晚|房|室|门(?![口面市前])|[来去到]|给)院?"
    rf"(?:的?[附付负副富夫府复赴福辅沪糊](?P<attached>{RUN})号?|之(?P<part>{RUN}))?"
)
NUMBER_BARE = re.compile(rf"(?P<mark>Ｓ)(?:的|，)?(?P<number>{RUN})(?=，|的|Ｃ|$)")
PLATE = re.compile(rf"门牌号?(?:码)?(?:是|为|，)*(?P<number>{RUN})号?")
BUILDING = re.compile(
    rf"(?<![这那哪整同每有面])(?!一[栋幢]楼(?!{NUMERAL}))第?(?P<zone>{_LETTER}(?:区|座)?)?(?P<building>{RUN}|(?<=[a-h甲乙丙丁]))(?P<letter>[a-h])?"
    r"(?:号楼栋|号?栋楼?|号?幢楼?|号楼(?!梯)|座(?!桥|楼|山|塔|房|位)|号院)"
)
BUILDING_NAMED = re.compile(
    rf"(?<!{NUMERAL})(?:楼栋号?|栋号|楼号|栋数|楼牌号?)(?:是|为|，)*(?P<building>{RUN}|[a-h])(?!单元)"
)
DOUBTFUL_BEFORE = re.compile(r"[ＣＳ][^，的那是在有第期区号就住\u0000-\u00ff]$")
"""One character more between a name and its building: a figure may have been misheard."""
BUILDING_SHORT = re.compile(rf"(?<=[，ＣＳ区期])(?P<building>{RUN})楼(?=的?{NUMERAL}{{1,3}}单元)")
UNIT = re.compile(
    rf"第?(?P<unit>{RUN})"
    rf"(?:(?:号|个)?单元|单(?=，|$|{NUMERAL}{{2,5}})|元(?={NUMERAL}{{3,5}}(?:，|$|号|室)))|"
    r"(?P<side>[东西南北中a-h甲乙丙])(?:边)?单元"
)
"""Also with one of its two characters lost, where a room follows."""
UNIT_NAMED = re.compile(
    rf"单元号?(?:是|为)(?P<unit>{RUN})|(?<=[，Ｃ])单元号?(?P<unit2>[一二三四五六七八九1-9])(?=，|$)"
)
FLOOR_ROOM = re.compile(
    rf"(?P<floor>{RUN})(?:楼|层)(?:的|，|那个)*(?P<door>{RUN})(?P<end>号|室|户|$|，)(?!楼|栋|单元|线)"
)
LOWEST_ROOM = re.compile(rf"(?:底楼|底层)(?:的|，)*(?P<door>{RUN})(?:号|室)")
ROOM_NAMED = re.compile(
    rf"(?:房号|房间号?码?|室号|门号|户号|房门号)(?:是|为|，)*(?P<room>{RUN})|"
    rf"(?P<room2>{RUN})(?:号?室|号?房(?!子|东|租)|号房间)"
)
ROOM_AFTER = re.compile(
    r"^(?:的|，|没有?单元|没得单元|不分单元|那个|就是|是|住|楼上|上面|里面|我家|我们家|我|家|在|应该是|门牌号?)*"
    rf"(?P<room>{RUN})(?P<end>号|，|$|[^{DIGIT}])"
)
NOT_ROOM = re.compile(
    r"号楼|号?栋|号?幢|单元|楼|层|期|米|块|个|点|多|年|方|元|岁|天|次|人|分|股|家|户人|路|月|组|环|直|下|些|样|般|"
    r"起|会|定|共|边|种|阵|进|开"
)
"""After these a number counts something else."""
ROOM_BEFORE = re.compile(
    rf"(?:^|，)(?P<room>{NUMERAL}{{3,4}})(?:号|室)?(?:，|的)*(?={NUMERAL}{{1,2}}(?:单元|栋|号楼|幢))"
)
ROOM_LIVED = re.compile(
    rf"(?:住|家是|家在|我是|我们是)(?:的|在|，)*(?P<room>(?<!{NUMERAL}){NUMERAL}{{3,5}}(?!{NUMERAL}))"
)
CORRECTED = re.compile(
    rf"^(?:，|是|应该是|的|就是|嗯)*(?P<value>{RUN})(?P<end>号?)(?=，|$|的|附|[^\u4e00-\u9fff]|谢|你|快|我)"
)
"""A number and nothing else, straight after a correction."""
FIX = re.compile(
    r"不对不对|不对|说错了?|搞错了?|记错了?|弄错了?|讲错了?|看错了?|错了|口误|更正一下|更正|应该是|改一下|不不+|不是|"
    r"不(?=，|[0-9零一二三四五六七八九十幺])"
)
DENIED = re.compile(rf"第?(?:{RUN}|[a-h])(?:号楼|栋|幢|号|单元|楼|室|座)|[ＳＣＶ]|{RUN}(?=，|$)")
CROSSING = re.compile(
    r"(?P<first>Ｓ)(?:和|与|跟|同|，|到)*(?P<second>Ｓ)(?:[^，]?十?[字子]?|那个|这个)"
    r"(?:交叉口|交汇处|交界处?|交叉|交汇|路口|十字路口|十字口|口|相交|那个口|转角|拐角)"
)
