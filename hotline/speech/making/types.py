"""Arrays and progress, as the making of a model passes them on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

Tell = Callable[[str], None]
"""Is told in a line how far a step has come."""
