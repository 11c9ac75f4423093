"""Triage, address and number rules over one caller's words."""

from __future__ import annotations

from hotline.calls.ears import Emergency, Understood
from hotline.triage import (
    Assessment,
    Gazetteer,
    TriageSession,
    Update,
    assess,
    parse_address,
    phone_in,
    spoken_form,
)


class RuleUnderstanding:
    """Keeps the thread of one conversation (hotline.calls.ears.Understanding)."""

    def __init__(self, gazetteer: Gazetteer | None, country: str, area_code: str) -> None:
        """`area_code` completes local numbers: `0839`."""
        self._session = TriageSession()
        self._gazetteer = gazetteer
        self._country = country
        self._area_code = area_code

    def of(self, text: str, final: bool) -> Understood:
        """Emergency and label from partial and final transcripts; address and number from finals."""
        update = self._session.feed(text, final)
        label, confidence = update.label, update.confidence
        address: dict[str, str] = {}
        number, latitude, longitude = "", None, None
        if final:
            # What the caller wants next stands in this utterance alone: 没有了谢谢 is no second repair.
            alone = assess(text)
            label, confidence = alone.label, min(alone.confidence, alone.label_confidence)
            fields = parse_address(text, self._gazetteer)
            number = phone_in(text, country=self._country, area_code=self._area_code)
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
        )


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
