"""A telephone number spoken or keyed → E.164 or a short code, checked by the phone-number library."""

from __future__ import annotations

import re
from collections.abc import Sequence

import phonenumbers
from phonenumbers import shortnumberinfo

from hotline.triage.normal import normalise
from hotline.triage.numerals import DIGIT, figures

_REPEATED = re.compile(rf"([二两三四五六七八九2-9])个([{DIGIT}])")
_CORRECTED = re.compile(r"不对|不是|错了|说错|搞错|更正|重新说|再说一遍|应该是")
_RUN = re.compile(rf"[{DIGIT}十百千\-+，]*[{DIGIT}]+[{DIGIT}十百千\-，]*")
_SHORT = re.compile(r"1(1\d|2\d|22|20|10)|1[02]\d{3}|9[56]\d{3,4}|400\d{7}|800\d{7}")


_TAIL = re.compile(
    rf"(?:尾号|末尾|后面|后[两三四五六]位|最后[两三四]?位?)(?:数字?)?(?:是|为|，)*([{DIGIT}，]{{2,12}})"
)
"""Only the end of a number, said anew."""
_MOST_UTTERANCES = 4
"""A number is said in so many breaths at most; what was said before is another matter."""


def phone_across(utterances: Sequence[str], *, country: str = "CN", area_code: str = "") -> str:
    """The number said over several utterances, the newest last: 幺三八零零 … 幺三八 … 零零零.

    A whole number in fewer of the newest ones wins over one pieced together from more, and a
    whole number wins over a short code, which may be a piece of it.
    """
    short = ""
    for count in range(1, min(len(utterances), _MOST_UTTERANCES) + 1):
        found = phone_in("，".join(utterances[-count:]), country=country, area_code=area_code)
        if found.startswith("+"):
            return found
        short = short or (found if count == 1 else "")
    return short


def phone_in(text: str, *, country: str = "CN", area_code: str = "") -> str:
    """The number in these words: `+8613800138000`, `110`; empty when there is no valid one.

    A number given after "不对" wins. `area_code` (`0839`) completes a local number.
    """
    said = _REPEATED.sub(lambda m: m[2] * int(figures(m[1])), normalise(text).text)
    if corrected := _with_new_tail(said, country, area_code):
        return corrected
    for part in reversed(_CORRECTED.split(said)):
        for digits in _runs(part):
            number = _valid(digits, country, area_code)
            if number:
                return number
    return ""


def _with_new_tail(said: str, country: str, area_code: str) -> str:
    """…六七七八八，不对，尾号是七八八九: the end of the number is said anew."""
    tail = _TAIL.search(said)
    if not tail:
        return ""
    digits = figures(tail[1].replace("，", ""))
    whole = phone_in(said[: tail.start()], country=country, area_code=area_code)
    if not whole.startswith("+") or len(digits) > len(whole) - 4:
        return ""
    return _valid(whole[: -len(digits)] + digits, country, "")


def _runs(part: str) -> list[str]:
    """Digit strings of a text, the longest first; short pauses inside do not end one."""
    runs = []
    for match in _RUN.finditer(part):
        joined = figures(match[0].replace("，", "").replace("-", ""))
        runs.append(joined)
        runs.extend(figures(piece) for piece in match[0].split("，") if len(figures(piece)) < len(joined))
    return sorted(dict.fromkeys(run for run in runs if len(run) >= 3), key=len, reverse=True)


def _valid(digits: str, country: str, area_code: str) -> str:
    candidates = [digits]
    if area_code and not digits.startswith(("0", "1")) and 7 <= len(digits) <= 8:
        candidates.insert(0, area_code + digits)
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if shortnumberinfo.is_valid_short_number(number) or _SHORT.fullmatch(candidate):
            return candidate
    return ""
