"""Triage, address and number rules over one caller's words."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.calls.ears import Emergency, Understood
from hotline.triage import (
    Assessment,
    Band,
    Gazetteer,
    TriageSession,
    Update,
    assess,
    denied,
    parse_address,
    phone_across,
    phone_in,
    question_due,
    spoken_form,
)
from hotline.triage.caller import Caller, caller_of

UTTERANCES = 4
"""How many of the last utterances a number may be spread over."""
DEFAULT_BAND = Band()


class RuleUnderstanding:
    """Keeps the thread of one conversation (hotline.calls.ears.Understanding)."""

    def __init__(
        self, gazetteer: Gazetteer | None, country: str, area_code: str, band: Band = DEFAULT_BAND
    ) -> None:
        """`area_code` completes local numbers: `0839`; `band`: when to ask about danger."""
        self._session = TriageSession()
        self._band = band
        self._gazetteer = gazetteer
        self._country = country
        self._area_code = area_code
        self._said: list[str] = []

    def know(self, facts: Mapping[str, str]) -> None:
        """Who is calling; what comes later adds to what was known before."""
        self._session.caller = caller_of({**_facts_of(self._session.caller), **facts})

    def of(self, text: str, final: bool, *, paused: bool = False) -> Understood:
        """Emergency and label from partial and final transcripts; address and number from finals."""
        update = self._session.feed(text, final, paused=paused)
        label, confidence = update.label, update.confidence
        address: dict[str, str] = {}
        number, latitude, longitude = "", None, None
        doubtful = sure = False
        if final:
            # What the caller wants next stands in this utterance alone: 没有了谢谢 is no second repair.
            alone = assess(text, caller=self._session.caller)
            doubtful = question_due(alone, self._band, self._session.caller)
            sure = denied(alone, self._band)
            label, confidence = alone.label, min(alone.confidence, alone.label_confidence)
            fields = parse_address(text, self._gazetteer)
            self._said = [*self._said, text][-UTTERANCES:]
            number = self._number(text)
            if not fields.empty():
                address = {key: value for key, value in fields.flat().items() if value}
                address["spoken"] = spoken_form(fields)
                match = self._gazetteer.match(fields) if self._gazetteer is not None else None
                if match is not None:
                    latitude, longitude = match.latitude, match.longitude
        return Understood(
            emergency=_news(update, text),
            label=label,
            confidence=confidence,
            address=address,
            number=number,
            latitude=latitude,
            longitude=longitude,
            doubtful=doubtful,
            denied=sure,
        )

    def _number(self, text: str) -> str:
        """The number of this utterance, or one that was said in pieces with pauses between them."""
        country, area_code = self._country, self._area_code
        alone = phone_in(text, country=country, area_code=area_code)
        if alone:
            return alone
        together = phone_across(self._said, country=country, area_code=area_code)
        before = phone_across(self._said[:-1], country=country, area_code=area_code)
        return together if together != before else ""


def _facts_of(caller: Caller) -> dict[str, str]:
    """The caller as facts, which later ones may replace."""
    return {
        name: ("yes" if value is True else str(value)) for name, value in caller.model_dump().items() if value
    }


def _news(update: Update, text: str) -> Emergency | None:
    """A new emergency, a graver hazard, or where it is, learned later."""
    found = update.emergency
    if found is None and (update.hazard_change or update.place_change):
        found = update.assessment
    return _emergency(found, update, text) if found is not None else None


def _emergency(found: Assessment, update: Update, text: str) -> Emergency:
    hazard = update.hazard_change or found.hazard or "other"
    place = update.place_change or found.place
    return Emergency(hazard, place, found.confidence, text, found.reasons)
