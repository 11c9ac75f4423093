"""Robots in group chats: WeCom, DingTalk and Feishu, each with its own signature and error codes.

None of them looks at an idempotency key: a message whose answer was lost is sent again, with the
same number in its text (docs/paging.md says what that means).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from hotline.paging.channel import Delivered, Message, Outcome, Permanent, Temporary
from hotline.paging.http import Answer, HttpClient, NoAnswerError, outcome_of, retry_after
from hotline.paging.texts import clipped

JSON = {"Content-Type": "application/json; charset=utf-8"}
WECOM_BYTES, DINGTALK_BYTES, FEISHU_BYTES = 2000, 15000, 15000
"""Of text; WeCom takes 2048, the others 20000 of the whole request."""
WECOM_LATER = {45009: 60.0, 45033: 5.0, -1: 2.0}
"""Too often in a minute, too many at once, system busy."""
DINGTALK_LATER = {410100: 600.0, 130101: 600.0, -1: 2.0}
"""Too fast: silent for ten minutes (both numbers are in use); system busy."""
FEISHU_LATER = {11232: 60.0, 9499: 60.0}
"""More than 100 a minute or 5 a second."""


def dingtalk_sign(secret: str, timestamp_ms: int) -> str:
    """HMAC-SHA256 over timestamp and secret with the secret as key, Base64."""
    text = f"{timestamp_ms}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def feishu_sign(secret: str, timestamp: int) -> str:
    """HMAC-SHA256 over nothing, with timestamp and secret as key, Base64."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


class Robot:
    """What the three have in common: POST JSON, look at HTTP's status, then at their own code."""

    keeps_keys = False
    code_fields: tuple[str, ...] = ("errcode",)
    later: dict[int, float]

    def __init__(self, key: str, http: HttpClient, url: str, token: str, secret: str,
                 utcnow: Callable[[], datetime]) -> None:
        self.key = key
        self._http, self._url, self._token, self._secret, self._utcnow = http, url, token, secret, utcnow

    async def send(self, message: Message) -> Outcome:
        url, document = self._request(message)
        try:
            answer = await self._http.post(url, json.dumps(document, ensure_ascii=False).encode(), JSON)
        except NoAnswerError as error:
            return Temporary(str(error))
        return self._outcome(answer)

    def _request(self, message: Message) -> tuple[str, dict[str, Any]]:
        raise NotImplementedError

    def _outcome(self, answer: Answer) -> Outcome:
        by_status = outcome_of(answer, self._utcnow())
        document = answer.document()
        code = next((document[name] for name in self.code_fields if name in document), None)
        if isinstance(by_status, Temporary) and code not in self.later:
            return by_status
        if not isinstance(code, int):
            return by_status if isinstance(by_status, Permanent) else Permanent("not understood")
        if code == 0:
            return Delivered()
        if code in self.later:
            return Temporary(f"code {code}", retry_after(answer, self._utcnow()) or self.later[code])
        return Permanent(f"code {code}: {clipped(str(document.get('errmsg', document.get('msg', ''))), 120)}")


class WecomRobot(Robot):
    """企业微信群机器人. The key in the address is the only secret; 20 messages a minute."""

    later = WECOM_LATER

    def _request(self, message: Message) -> tuple[str, dict[str, Any]]:
        text: dict[str, Any] = {"content": clipped(message.text, WECOM_BYTES)}
        if message.to:
            text["mentioned_mobile_list"] = message.to.split(",")
        return f"{self._url}?{urlencode({'key': self._token})}", {"msgtype": "text", "text": text}


class DingtalkRobot(Robot):
    """钉钉自定义机器人，加签. 20 messages a minute, then silent for ten."""

    later = DINGTALK_LATER

    def _request(self, message: Message) -> tuple[str, dict[str, Any]]:
        query = {"access_token": self._token}
        if self._secret:
            now_ms = int(self._utcnow().timestamp() * 1000)
            query |= {"timestamp": str(now_ms), "sign": dingtalk_sign(self._secret, now_ms)}
        document: dict[str, Any] = {
            "msgtype": "text", "text": {"content": clipped(message.text, DINGTALK_BYTES)},
            "at": {"atMobiles": message.to.split(",") if message.to else [], "isAtAll": False},
        }
        return f"{self._url}?{urlencode(query)}", document


class FeishuRobot(Robot):
    """飞书自定义机器人，签名校验. 100 messages a minute and 5 a second."""

    code_fields = ("code", "StatusCode")
    later = FEISHU_LATER

    def _request(self, message: Message) -> tuple[str, dict[str, Any]]:
        # What a caller said must not become a mention of everybody.
        text = clipped(message.text, FEISHU_BYTES).replace("<", "〈").replace(">", "〉")
        for user in message.to.split(",") if message.to else ():
            text = f'<at user_id="{quote(user)}"></at> {text}'
        document: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self._secret:
            now = int(self._utcnow().timestamp())
            document |= {"timestamp": str(now), "sign": feishu_sign(self._secret, now)}
        return f"{self._url}/{quote(self._token, safe='')}", document
