"""Which orders to ring somebody still wait for their receipt, by page: kept at hand, nothing is searched."""

from __future__ import annotations

from dispatch.model import Put
from dispatch.outbound import OutboxItem, PageEffect
from dispatch.state import State
from dispatch.work import Work


class PageItems:
    """Watches a state. Derived from the records alone."""

    def __init__(self, state: State) -> None:
        self._of_page: dict[str, set[str]] = {}
        for item in state.live(OutboxItem):
            self._note(item)
        state.watchers.append(self._note)

    def _note(self, record: Put) -> None:
        if not isinstance(record, OutboxItem) or not isinstance(record.effect, PageEffect):
            return
        page = record.effect.page_id
        if record.receipted_at is None:
            self._of_page.setdefault(page, set()).add(record.key)
        elif (left := self._of_page.get(page)) is not None:
            left.discard(record.key)
            if not left:
                del self._of_page[page]

    def keys(self, page_id: str) -> list[str]:
        return sorted(self._of_page.get(page_id, ()))


def orders_of(work: Work, page_id: str) -> list[OutboxItem]:
    """The page's orders without a receipt, as after this work."""
    found = work.state.derived.get(PageItems)
    if not isinstance(found, PageItems):
        found = work.state.derived[PageItems] = PageItems(work.state)
    before = (work.get(OutboxItem, key) for key in found.keys(page_id))
    items = {item.key: item for item in before if item is not None}
    for item in work.changed(OutboxItem):
        if isinstance(item.effect, PageEffect) and item.effect.page_id == page_id:
            items[item.key] = item
    return [item for item in items.values() if item.receipted_at is None]
