"""Short replies: yes and no, wanting a person, saying goodbye.

Silence and doubt are never a yes here; who needs "silence counts as yes" (urgency only)
decides that himself.
"""

from __future__ import annotations

import re
from typing import Literal

from hotline.triage.normal import normalise
from hotline.triage.phonetics import codes

_UNSURE = re.compile(
    r"不知道|不晓得|不清楚|不确定|等一下|等会|等哈|稍等|听不|没听|再说一遍|什么$|啥子$|是不是$|记不")
_FIRM_YES = re.compile(r"没错|不错|没问题|没得问题|不会错|没得错|错不了|没毛病|可不是|不就是|怎么不是")
_NO = re.compile(
    r"^(都|也|这|那|我|哎|喂|你好|，)*(不是|不对|不不|不行|不可以|不要|不用|不需要|不必|不能|不好|不确认|不同意|不正确|不|错|搞错|说错|"
    r"没有|没得|莫得|没|否|莫|莫要|别|算了|取消|哪里是|哪是)|不对|不是这|不是那|错了|说错|弄错|搞错|有误|no")
_YES = re.compile(
    r"^(都|也|就|我|哎|喂|你好|哈|，)*(对头|对的|对|是的|是|就是|没错|好的|好|可以|行|要得|要的|要|中|得行|正确|确认|嗯|恩|"
    r"有|需要|同意|愿意|没问题|当然|肯定|ok|yes|得|莫问题|晓得了|知道了|明白)|都对|没错|正确的|就是这|是这个")
_MURMUR = re.compile(r"^[\s，,。.]*(嗯+|恩+|昂|唔|哼|哦|噢|喔|诶|欸|哎|啊|em+|en+)[\s，,。.嗯恩啊哦]*$")
_AGENT = re.compile(
    r"人工|真人|活人|转接|接线员|话务员|坐席|客服人员|转客服|值班员|(找|转|接|叫|换)(个|一个|位|你们)?[^，没]{0,3}人(来)?(说|听|接|讲|跟)|"
    r"不(要|想|跟|和)[^，]{0,4}(机器|电脑)|(找|转|叫)[^，]{0,3}(领导|经理|主任|值班)")
_AGENT_SOUND = re.compile(codes("转人工|人工服务|人工客服|找人工|要人工"))
_GOODBYE = re.compile(
    r"再见|拜拜|拜了|挂了|挂掉|没(有)?(别的|其他|其它|啥|什么)?(事|问题)了|就这样(吧|嘛|了|$)|没事了|没得事了|不用了谢谢|"
    r"没有了|没了谢谢|就这些|先这样")


def answer(text: str) -> Literal["yes", "no"] | None:
    """Whether the caller agreed. None when he did not say, or said that he does not know."""
    if _MURMUR.match(text):
        return "yes" if re.match(r"[\s，,。.]*(嗯|恩|唔|em|en)", text) else None
    said = normalise(text).text.strip("，")
    if not said or _UNSURE.search(said):
        return None
    if _FIRM_YES.search(said):
        return "yes"
    if _NO.search(said[:12]):
        return "no"
    return "yes" if _YES.search(said[:12]) else None


def wants_agent(text: str) -> bool:
    """The caller asks for a person."""
    said = normalise(text)
    return bool(_AGENT.search(said.text) or _AGENT_SOUND.search(said.sounds))


def says_goodbye(text: str) -> bool:
    """The caller has nothing more to say."""
    return bool(_GOODBYE.search(normalise(text).text))
