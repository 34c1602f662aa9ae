"""Every procedure's decisions reach the app that owns their subject."""

from __future__ import annotations

import pytest

from svtad.governance import registry
from svtad.rulebook.procedures import PROCEDURES


@pytest.mark.parametrize("key", PROCEDURES)
def test_a_procedure_has_a_handler_or_is_listed_as_record_only(key):
    handler = registry.handler_for(key)
    if key in registry.RECORD_ONLY:
        assert handler is None, f"{key} has a handler now: take it off RECORD_ONLY"
        return
    assert handler is not None, f"no app acts on decisions under {key}"
    for name in ("describe", "url", "audience", "apply"):
        assert callable(getattr(handler, name)), name


def test_what_is_listed_as_record_only_is_a_procedure():
    assert set(PROCEDURES) >= registry.RECORD_ONLY
