"""A telephone number spoken or keyed → E.164 or a short code, checked by the phone-number library."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import shortnumberinfo

from hotline.triage.normal import normalise
from hotline.triage.numerals import DIGIT, figures

_REPEATED = re.compile(rf"([二两三四五六七八九2-9])个([{DIGIT}])")
_CORRECTED = re.compile(r"不对|不是|错了|说错|搞错|更正|重新说|再说一遍|应该是")
_RUN = re.compile(rf"[{DIGIT}十百千\-+，]*[{DIGIT}]+[{DIGIT}十百千\-，]*")
_SHORT = re.compile(r"1(1\d|2\d|22|20|10)|1[02]\d{3}|9[56]\d{3,4}|400\d{7}|800\d{7}")


def phone_in(text: str, *, country: str = "CN", area_code: str = "") -> str:
    """The number in these words: `+8613800138000`, `110`; empty when there is no valid one.

    A number given after "不对" wins. `area_code` (`0839`) completes a local number.
    """
    said = _REPEATED.sub(lambda m: m[2] * int(figures(m[1])), normalise(text).text)
    for part in reversed(_CORRECTED.split(said)):
        for digits in _runs(part):
            number = _valid(digits, country, area_code)
            if number:
                return number
    return ""


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
