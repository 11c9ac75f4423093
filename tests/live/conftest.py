"""What the live tests share: one town for ordinary calls, a town of one's own for disasters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.harness.town import Town

NewTown = Callable[..., Town]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The line as shipped; tests leave it as they found it."""
    with Town(tmp_path_factory.mktemp("town")) as town:
        yield town


@pytest.fixture
def new_town(tmp_path: Path) -> Iterator[NewTown]:
    """`new_town({"agents.ring_seconds": 3})`: a line that may be hurt."""
    with ExitStack() as stack:

        def build(overrides: dict[str, object] | None = None, **options: object) -> Town:
            return stack.enter_context(Town(tmp_path / "town", overrides, **options))  # type: ignore[arg-type]  # passed on as they are

        yield build
