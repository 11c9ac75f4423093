"""What people order from the command line or a desk, carried out by the running controller.

Nothing bypasses the engine: the answer says what was refused and why, and then nothing was changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from dispatch.api import Dispatch, DispatchError, TicketRequest, command_of
from hotline.ipc import Order, Ordered

log = structlog.get_logger()


class Orders:
    """Each order once, however often it is given."""

    def __init__(self, dispatch: Dispatch, utcnow: Callable[[], datetime]) -> None:
        self._dispatch = dispatch
        self._utcnow = utcnow

    def carry_out(self, order: Order) -> Ordered:
        """Do it, or say why not."""
        try:
            command = command_of(order.command, order.fields, f"order/{order.order_id}", self._utcnow())
            new = self._dispatch.tell(command)
        except DispatchError as error:
            log.info("order refused", command=order.command, why=str(error), words=str(order.fields))
            return Ordered(order_id=order.order_id, done=False, why=str(error))
        log.info("order carried out", command=order.command, new=new)
        return Ordered(order_id=order.order_id, done=True, values=self._values(command))

    def _values(self, command: object) -> dict[str, str]:
        if not isinstance(command, TicketRequest):
            return {}
        opened = self._dispatch.tickets_of_call(command.call_id)
        return {"ticket": opened[-1].number} if opened else {}
