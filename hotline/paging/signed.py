"""Any HTTP service that takes messages: SMS gateways, the company's own systems.

The request is signed: `X-Hotline-Signature: sha256=<hex>` is the HMAC-SHA256 of `<timestamp>.<body>`
with the shared secret, the timestamp (Unix seconds) is in `X-Hotline-Timestamp`. `Idempotency-Key` is
the same whenever the same message comes again; who keeps it for a day delivers each message once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from tenacity import (
    AsyncRetrying,
    RetryError,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)
from twisted.internet.defer import Deferred

from hotline.paging.channel import Delivered, Message, Outcome, Permanent, Temporary
from hotline.paging.http import Answer, HttpClient, NoAnswerError, outcome_of
from hotline.paging.texts import clipped

TRIES = 3
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0
DEFAULT_BODY = {
    "key": "{key}", "to": "{to}", "subject": "{subject}", "text": "{text}", "urgent": "{urgent}",
    "drill": "{drill}",
}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"


class SignedHttp:
    """Meets `Channel`. A short fault of the network is tried again at once, a few times."""

    keeps_keys = True

    def __init__(
        self, key: str, http: HttpClient, url: str, secret: str, clock: Any, utcnow: Callable[[], datetime],
        *, body: Mapping[str, str] | None = None, result_field: str = "", result_ok: tuple[str, ...] = (),
        result_later: tuple[str, ...] = (), longest_characters: int = 2000, token: str = "",
    ) -> None:
        """`body`: fields of the JSON that is sent; `result_*`: where and how its answer says yes or later.

        `token`: for services that want `Authorization: Bearer` as well.
        """
        self.key = key
        self._http, self._url, self._secret, self._clock, self._utcnow = http, url, secret, clock, utcnow
        self._body = dict(body or DEFAULT_BODY)
        self._field, self._ok, self._later = result_field, result_ok, result_later
        self._longest, self._token = longest_characters, token

    async def send(self, message: Message) -> Outcome:
        body = json.dumps(self._document(message), ensure_ascii=False).encode()
        retrying = AsyncRetrying(
            sleep=self._sleep, stop=stop_after_attempt(TRIES), retry=retry_if_exception_type(NoAnswerError),
            wait=wait_random_exponential(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS),
        )
        try:
            async for attempt in retrying:
                with attempt:
                    answer = await self._post(message, body)
        except RetryError as error:
            return Temporary(str(error.last_attempt.exception()))
        return self._outcome(answer)

    async def _post(self, message: Message, body: bytes) -> Answer:
        timestamp = str(int(self._utcnow().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message.key,
            "X-Hotline-Timestamp": timestamp,
            "X-Hotline-Signature": signature(self._secret, timestamp, body),
        }
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return await self._http.post(self._url, body, headers)

    async def _sleep(self, seconds: float) -> None:
        pause: Deferred[None] = Deferred()
        self._clock.callLater(seconds, pause.callback, None)
        await pause

    def _document(self, message: Message) -> dict[str, Any]:
        values = {
            "key": message.key, "to": message.to, "subject": message.subject,
            "text": clipped(message.text, self._longest * 4, self._longest),
            "urgent": "yes" if message.urgent else "no", "drill": "yes" if message.drill else "no",
        }
        document: dict[str, Any] = {name: text.format_map(values) for name, text in self._body.items()}
        if message.items:
            document["items"] = [item.key for item in message.items]
        return document

    def _outcome(self, answer: Answer) -> Outcome:
        by_status = outcome_of(answer, self._utcnow())
        if not self._field or not isinstance(by_status, Delivered):
            return by_status
        result = str(answer.document().get(self._field, ""))
        if result in self._ok:
            return by_status
        why = f"{self._field} {clipped(result, 40)}"
        return Temporary(why) if result in self._later else Permanent(why)
