"""Who hears whom: the connections of one conversation in the conference bridge.

Every re-INVITE replaces a leg's stream, and its connections with it; what is wanted is kept
here, and made anew whenever a leg has sound again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pjsua2 as pj

if TYPE_CHECKING:
    from hotline.sip.leg import PjLeg

SETTLING_TURNS = 2
"""Turns of the bridge until a new connection in it really carries sound."""


class Wiring:
    """Legs with their voices, and legs with each other."""

    def __init__(self) -> None:
        self._bridges: list[tuple[PjLeg, PjLeg]] = []

    @property
    def bridged(self) -> bool:
        return bool(self._bridges)

    def bridge(self, first: PjLeg, second: PjLeg) -> None:
        """Both hear each other, now or as soon as both have sound."""
        if not self._known(first, second):
            self._bridges.append((first, second))
            _join(first, second)

    def unbridge(self, first: PjLeg, second: PjLeg) -> None:
        for pair in self._known(first, second):
            self._bridges.remove(pair)
            one, other = first.audio(), second.audio()
            if one is not None and other is not None:
                _disconnect(one, other)

    def partners(self, leg: PjLeg | None) -> list[PjLeg]:
        """The legs that are bridged with this one."""
        return [pair[1] if pair[0] is leg else pair[0] for pair in self._bridges if leg in pair]

    def wire(self, leg: PjLeg) -> bool:
        """Connect a leg that has sound; False when there is nothing to connect (yet)."""
        far = leg.audio() if leg.state == "up" and leg.has_media and not leg.wired else None
        if far is None:
            return False
        far.startTransmit(leg.voice.media)
        leg.voice.media.startTransmit(far)
        leg.wired, leg.settling = True, SETTLING_TURNS
        for partner in self.partners(leg):
            _join(leg, partner)
        return True

    def unwire(self, leg: PjLeg) -> None:
        """Take a leg out of the bridge; harmless when its stream is gone already."""
        if not leg.wired:
            return
        leg.wired = False
        far = leg.audio()
        if far is None:
            return
        _disconnect(far, leg.voice.media)
        for partner in self.partners(leg):
            other = partner.audio()
            if other is not None:
                _disconnect(far, other)

    def forget(self, leg: PjLeg) -> None:
        self._bridges = [pair for pair in self._bridges if leg not in pair]

    def _known(self, first: PjLeg, second: PjLeg) -> list[tuple[PjLeg, PjLeg]]:
        return [pair for pair in self._bridges if first in pair and second in pair]


def _join(first: PjLeg, second: PjLeg) -> None:
    if not (first.wired and second.wired):
        return
    one, other = first.audio(), second.audio()
    if one is not None and other is not None:
        one.startTransmit(other)
        other.startTransmit(one)


def _disconnect(one: pj.AudioMedia, other: pj.AudioMedia) -> None:
    for source, sink in ((one, other), (other, one)):
        try:
            source.stopTransmit(sink)
        except pj.Error:
            continue
