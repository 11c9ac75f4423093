"""How the parts of an address are said: regular expressions over normal text."""

from __future__ import annotations

import re

from hotline.triage.numerals import NUMERAL

N = rf"(?:{NUMERAL}+|[a-h])"
_LEAD = (
    r"(?:我们?|你们?|他们?|家里|家|屋头|屋里|住在|住|就在|在|是在|是|地址|位置|位于|到|来|的|那个|这个|这边|那边|"
    r"叫做?|就|有|从|市|区|县|镇|号|栋|，|附近|路过|一个|店|门面|里面|对|不|请|快|点|派人|和|跟|与|上)"
)
"""What ends before a name begins."""
_HAN = r"[\u4e00-\u9fff]"
_NAME = rf"(?:(?!{_LEAD}){_HAN})"

_ROAD = r"(?:大道|大街|公路|老街|新街|正街|横街|后街|巷子|街道|路|街|巷|道(?!理)|胡同|弄堂)"
STREET = re.compile(rf"({_NAME}{{1,5}}?{_ROAD})((?:东|西|南|北|中|[一二三四五六七八九1-9])段)?")

_ESTATE = (
    r"(?:小区|花园|家园|社区|公寓|新村|名都|名城|名苑|山庄|广场|大厦|国际|家属院|宿舍|安置房|还建房|豪庭|华庭|"
    r"雅苑|嘉苑|佳苑|花苑|公馆|华府|别墅|半岛|新城|丽景|绿洲|雅居|府邸|御府|院子|大院|苑|府|庭|郡|湾|轩|坊|居|"
    r"里(?!面|头|边|有|的)|园(?!区)|城(?!区|市|里))"
)
COMMUNITY = re.compile(rf"((?:(?!{_LEAD}|{NUMERAL}+(?:号|栋)){_HAN}){{1,7}}?{_ESTATE})")

_NO_DISTRICT = r"(?!我|小区|社区|片|辖|这|那|一个|在|住|是|园区|地区|景区|厂区)"
DISTRICT = re.compile(
    rf"(?:^|，|市|省|在|住|是|家|的|来|到)((?:{_NO_DISTRICT}{_HAN}){{1,3}}(?:(?<!小)(?<!社)区|县))"
    r"(?!域|里|门|的|内)"
)

NUMBER = re.compile(
    rf"^(?:的|，|上|那个|这个|是)*({NUMERAL}+)号(?!楼|院|线|那天|早|上午|下午)"
    rf"(?:附({NUMERAL}+)号?|之({NUMERAL}))?"
)
BARE_NUMBER = re.compile(rf"门牌号?(?:码)?(?:是|为)?({NUMERAL}+)")
BUILDING = re.compile(
    rf"第?({N})(?:号?栋|幢|号楼|座|号院|栋楼)|(?:^|，|区|园|苑|期)({N})楼(?={NUMERAL}+单元)"
)
UNIT = re.compile(rf"第?({N})(?:号)?单元|([东西中])单元")
FLOOR_ROOM = re.compile(
    rf"({NUMERAL}+)(?:楼|层)(?:的|，)*({NUMERAL}+)(?:号|室|户)?(?!栋|单元|楼|号楼|个|米|点|块)"
)
ROOM = re.compile(rf"({NUMERAL}+)(?:室|房(?!子)|户(?!号|主|型)|号房|号室)")
ROOM_AFTER = re.compile(
    rf"^(?:的|，|那个|就是|是|住|楼上|上面|里面)*({NUMERAL}{{2,6}})"
    r"(?!栋|幢|单元|楼|层|号楼|期|米|块|个|点|多|路|年|方)号?"
)
FIX = re.compile(r"(不对|不是|说错了?|错了|搞错了?|口误|更正|应该是|改一下|不不+|记错了?)")

_ONE_ROAD = rf"({_HAN}{{2,7}}?(?:路|街|大道|巷))"
CROSSROADS = re.compile(
    rf"{_ONE_ROAD}(?:和|与|跟|同|，){_ONE_ROAD}(?:的)?(?:交叉口|交汇处|路口|十字路口|交界|口|相交|那个口)"
)
SIDE = (
    r"(旁边|对面|门口|附近|后面|前面|背后|隔壁|斜对面|楼下|侧面|边上|左边|右边|大门|后门|里面)"
)
LANDMARK = re.compile(
    rf"({_NAME}{{0,6}}?(?:医院|中学|小学|学校|幼儿园|车站|菜市场|市场|超市|银行|邮局|派出所|公园|图书馆|"
    rf"加油站|体育馆|体育场|商场|酒店|宾馆|物业|居委会|政府|大桥|广场|饭店|餐馆|药店|学院|大学|寺|塔|桥|厂))的?{SIDE}"
)
VILLAGE = re.compile(
    rf"({_NAME}{{1,4}}?(?:镇|乡))?({_NAME}{{1,4}}?村(?!民|里人))?({NUMERAL}+组|{NUMERAL}+社)?"
)
