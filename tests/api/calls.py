"""How an operation of the API is called on the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """How to call an operation: the path below /api/v1, and a query (GET) or a body."""

    path: Callable[[Any], str]
    data: Callable[[Any], Any] | None = None
    upload: bool = False
