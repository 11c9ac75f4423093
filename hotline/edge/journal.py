"""The edge's own journal: calls that arrived, and those that never reached a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from hotline.appending import NEWEST, AppendFile
from hotline.events import CallArrived, CallbackRequested, CallEnded, Event
from hotline.segments import current, following


class EdgeJournal:
    """Appends records of many calls to `edge.jsonl` and its successors, each before it is acted on.

    Event ids are `<call_id>/edge/<number>`, so that they never meet those of the call's worker.
    """

    def __init__(
        self, directory: Path, utcnow: Callable[[], datetime], grew: Callable[[], None] = lambda: None,
        *, most_bytes: int = 16_000_000,
    ) -> None:  # fmt: skip
        """A file of `most_bytes` is full, and the next one is begun (hotline.segments)."""
        self.directory, self.path = directory, current(directory)
        self._utcnow, self._grew, self._most_bytes = utcnow, grew, most_bytes
        self._numbers: Counter[str] = Counter()
        self._file = AppendFile(self.path)

    def unwritten(self, newest: int = NEWEST) -> tuple[str, ...]:
        """Records that a full or broken disk does not take; they wait and go with the next append."""
        return self._file.unwritten(newest)

    def retry(self) -> None:
        """Write what waits, if anything does and the disk has room again."""
        if self._file.unwritten(1) and self._file.flush():
            self._grew()

    def arrived(self, call_id: str, **fields: Any) -> None:
        self._append(CallArrived, call_id, direction="inbound", purpose="inbound", **fields)

    def callback(self, call_id: str, number: str, reason: str, within_seconds: int) -> None:
        self._append(
            CallbackRequested, call_id, number=number, reason=reason, within_seconds=within_seconds
        )

    def ended(self, call_id: str, by: str, sip_status: int) -> None:
        self._append(CallEnded, call_id, by=by, sip_status=sip_status)
        self.forget(call_id)

    def resume(self, call_id: str, records: int) -> None:
        """Go on with a call of which a former edge wrote so many records."""
        self._numbers[call_id] = records

    def forget(self, call_id: str) -> None:
        """No more records of this call will come."""
        self._numbers.pop(call_id, None)

    def _append(self, event_type: type[Event], call_id: str, **fields: Any) -> None:
        self._numbers[call_id] += 1
        event = event_type(
            event_id=f"{call_id}/edge/{self._numbers[call_id]}", call_id=call_id, at=self._utcnow(), **fields
        )
        written = self._file.append(event.model_dump_json().encode() + b"\n")
        if written and self._file.size_bytes >= self._most_bytes:
            self._begin_next()
        self._grew()

    def _begin_next(self) -> None:
        """When that fails the full file is written on: calls come first."""
        file = AppendFile(following(self.directory))
        if file.flush():
            self._file.close()
            self._file, self.path = file, file.path

    def close(self) -> None:
        self._file.close()
