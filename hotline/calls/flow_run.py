"""One call's way through its flows: the flow set, the position, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from hotline.flow import FlowSet, Position, inputs, start, step
from hotline.flow.commands import Command


class FlowRun:
    """hotline.calls.conversation.FlowRunner over the real interpreter."""

    def __init__(self, flows: FlowSet, entry: str) -> None:
        """An unknown entry begins in the flow that brings a person."""
        self._flows = flows
        self._entry = entry
        self._position: Position | None = None
        self.version = flows.version
        flow = flows.flows.get(entry)
        self.emergencies = flow is None or flow.emergency is None

    def start(self, connected: inputs.Connected) -> Sequence[Command]:
        self._position, commands = start(self._flows, self._entry, connected)
        return commands

    def step(self, event: inputs.Input) -> Sequence[Command]:
        if self._position is None:
            return ()
        self._position, commands = step(self._flows, self._position, event)
        return commands
