"""Where the apps above register their handlers: see `svtad.governance.registry`."""

from __future__ import annotations

from svtad.governance.registry import RECORD_ONLY, Handler, handler_for, register

__all__ = ["RECORD_ONLY", "Handler", "handler_for", "register"]
