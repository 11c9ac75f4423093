"""One caller's whole conversation: an emergency, once heard, is never taken back by words."""

from __future__ import annotations

from hotline.events import Hazard, Label, Place
from hotline.triage.assess import assess
from hotline.triage.caller import NOBODY, Caller
from hotline.triage.model import Assessment, Update, graver

_REMEMBERED_CHARACTERS = 160
"""How much of what was said before is weighed with a new utterance."""


class TriageSession:
    """Takes transcripts as they come and says what each one changed."""

    def __init__(self, caller: Caller = NOBODY) -> None:
        self.caller = caller
        """Who is calling; may become known while he speaks."""
        self.declared: Assessment | None = None
        """The assessment that declared the emergency; stays."""
        self.hazard: Hazard | None = None
        """The gravest heard so far."""
        self.place: Place = "unknown"
        self.label: Label = "consult_other"
        self._before = ""
        self._ordinary: Assessment | None = None

    def feed(self, text: str, final: bool, *, paused: bool = False) -> Update:
        """One partial or final transcript of the current utterance.

        `paused`: the caller has stopped after this partial; it is weighed as it stands, without
        waiting for words that might turn it round.

        Each partial replaces the one before; a final ends the utterance. An emergency is
        declared by the utterance itself or, once it is final, by it and what was said before together.
        """
        found = assess(text, partial=not (final or paused), caller=self.caller)
        if final and not found.emergency and self._before and text:
            found = self._with_before(text, found)
        update = self._heard_danger(found) if found.emergency else self._heard(found)
        if final and text:
            self._before = f"{self._before}，{text}"[-_REMEMBERED_CHARACTERS:]
            self._ordinary = found if found.label != "consult_other" else self._ordinary
        return update

    def _with_before(self, text: str, alone: Assessment) -> Assessment:
        joined = assess(text, context=self._before, caller=self.caller)
        if self.declared is None and joined.emergency:
            return joined
        return alone

    def _heard_danger(self, found: Assessment) -> Update:
        newly = found if self.declared is None else None
        if newly:
            self.declared = found
        worse = newly is None and self.hazard is not None and found.hazard is not None and graver(
            found.hazard, self.hazard)
        if newly or worse:
            self.hazard = found.hazard
        moved = self._place_from(found)
        self.label = "leak_emergency"
        return Update(
            label=self.label, confidence=found.confidence, assessment=found, emergency=newly,
            hazard_change=found.hazard if worse else None, place_change=moved if newly is None else None,
        )

    def _heard(self, found: Assessment) -> Update:
        moved = None
        if self.declared is not None:
            moved = self._place_from(found)
            return Update(label="leak_emergency", confidence=self.declared.confidence, assessment=found,
                          place_change=moved)
        best = found
        if self._ordinary is not None and (found.label == "consult_other" or not found.reasons):
            best = self._ordinary
        self.label = best.label
        return Update(label=best.label, confidence=best.confidence, assessment=found)

    def _place_from(self, found: Assessment) -> Place | None:
        """The first place that was said; later ones do not move it."""
        if self.place != "unknown" or found.place == "unknown":
            return None
        self.place = found.place
        return found.place
