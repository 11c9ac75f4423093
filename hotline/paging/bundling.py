"""A storm of messages to one address becomes one message that lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol, TypeVar

from hotline.paging.channel import Message

MOST = 20
"""Messages in one bundle; the rest follows in the next."""
MOST_CHARACTERS = 600
"""WeCom takes 2048 bytes, which is some 680 Chinese characters."""


class Item(Protocol):
    message: Message
    not_before: float


Held = TypeVar("Held", bound=Item)


def together(first: Held, waiting: Sequence[Held], now: float) -> list[Held]:
    """Whatever goes out with `first`: of the same address and kind, as much as fits.

    An emergency never waits for a bundle; those that have piled up behind a limit go together.
    Ordinary ones that are still being gathered go along with the first whose time has come.
    """
    found, length = [first], len(first.message.text)
    for item in waiting:
        mine, his = first.message, item.message
        same = (mine.to, mine.urgent, mine.drill) == (his.to, his.urgent, his.drill)
        if item is first or not same or (his.urgent and item.not_before > now):
            continue
        if len(found) >= MOST or length + len(his.text) > MOST_CHARACTERS:
            continue
        found.append(item)
        length += len(his.text)
    return found


def bundle(messages: Sequence[Message]) -> Message:
    """One message of several; the same several always give the same key."""
    if len(messages) == 1:
        return messages[0]
    first = messages[0]
    digest = hashlib.sha256("\n".join(sorted(message.key for message in messages)).encode()).hexdigest()
    lines = [f"{number}. {message.text}" for number, message in enumerate(messages, 1)]
    return Message(
        key=f"bundle-{digest[:32]}", to=first.to, subject=f"{first.subject}（共{len(messages)}条）",
        text=f"共{len(messages)}条：\n" + "\n".join(lines), urgent=first.urgent, drill=first.drill,
        items=tuple(messages),
    )
