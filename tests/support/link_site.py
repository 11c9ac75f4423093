"""The link pages over real HTTP, with a dispatch behind them, in a process of their own.

`python -m tests.support.link_site FOLDER PORT` prints the link's token and serves until it is killed.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dispatch.api import IssueLink, SqlStore
from hotline.paging.settings import Texts
from hotline.paging.tokens import hash_of, new_token
from hotline.service.links import LinkDesk
from hotline.web.link_pages import make_link_site
from tests.support.dispatch import SHANGHAI, Desk


def town(folder: Path) -> tuple[Desk, str]:
    """An emergency near crew A, whose link has been sent; the token."""
    desk = Desk(folder, SqlStore(f"sqlite:///{folder / 'd.db'}"), now=datetime.now(UTC))
    desk.start_call(caller="+8613900001111")
    desk.located(hazard="leak")
    page, token = desk.ringing("A"), new_token()
    desk.dispatch.tell(IssueLink(
        event_id="i", at=desk.now, link_id=hash_of(token), page=page.page_id, incident=page.incident,
        target_kind="crew", target="A", person=page.person, channel="sms",
        expires_at=desk.now + timedelta(hours=1)))
    return desk, token


def main() -> None:
    from twisted.internet import reactor

    running: Any = reactor
    desk, token = town(Path(sys.argv[1]))
    pages = LinkDesk(desk.dispatch, Texts(), SHANGHAI, lambda: desk.now)
    running.listenTCP(int(sys.argv[2]), make_link_site(pages, "962677", running), interface="127.0.0.1")

    def turn() -> None:
        desk.dispatch.run()
        running.callLater(0.1, turn)

    running.callWhenRunning(lambda: print(token, flush=True))
    turn()
    running.run()


if __name__ == "__main__":
    main()
