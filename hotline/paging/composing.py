"""The words of a message, from the facts of an incident and the company's templates."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from dispatch.api import Facts
from hotline.paging.settings import Texts

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Also what turns the direction of writing: a caller's words must not rearrange a message."""


def plain(text: str) -> str:
    """One line without control characters."""
    return _CONTROL.sub(" ", text).strip()


class Composer:
    def __init__(self, texts: Texts, zone: ZoneInfo) -> None:
        self._texts, self._zone = texts, zone

    def page(self, facts: Facts, link: str, *, taking: bool = True) -> str:
        """`taking`: a crew shall go; else somebody is informed."""
        template = self._texts.page if taking else self._texts.inform
        return template.format_map(self._facts(facts) | {"link": self._link(link)})

    def notice(self, text: str, number: str, link: str, *, drill: bool) -> str:
        """`number`: of incident or ticket, so that a message that comes twice is seen to be the same."""
        values = {
            "text": plain(text), "number": f"单号{number}。" if number and number not in text else "",
            "drill": self._texts.drill if drill else "", "link": self._link(link),
        }
        return self._texts.notice.format_map(values)

    def _link(self, url: str) -> str:
        return self._texts.link.format(url=url) if url else ""

    def _facts(self, facts: Facts) -> dict[str, str]:
        texts = self._texts
        local = facts.target_at.astimezone(self._zone)
        return {
            "drill": texts.drill if facts.drill else "", "incident": facts.incident,
            "ticket": facts.ticket, "place": texts.places.get(facts.place, ""),
            "hazard": texts.hazards.get(facts.hazard, texts.hazards.get("other", "")),
            "address": plain(facts.address) or texts.no_address,
            "detail": f"（{plain(facts.address_detail)}）" if facts.address_detail else "",
            "unconfirmed": texts.unconfirmed if facts.address and not facts.address_confirmed else "",
            "phone": plain(facts.callback_number) or texts.no_phone, "time": f"{local:%H:%M}",
        }
