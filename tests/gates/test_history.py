"""As at any past moment the facts are what was stored then, whatever has happened since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from svtad.gates.gathering import gather
from svtad.rulebook.difference import differences
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from tests.gates.history import History


@pytest.mark.clause("SVTAD 1.23", "12.6", "13.18", "13.20", "14.4")
@pytest.mark.parametrize(
    ("events", "moments"), [(150, 10), pytest.param(2000, 50, marks=pytest.mark.soak)], ids=["sample", "whole"]
)
def test_as_at_is_what_was_stored_then(phase, events, moments):
    history = History(phase, seed=events)
    chosen = set(history.chance.sample(range(events), moments))
    stored = {}
    for number in range(events):
        history.happen()
        if number in chosen:
            facts = gather(phase.scope, as_at=None, at=history.moment)
            stored[history.moment] = (facts, judge(facts, step=Step.PANEL))
    assert len(stored) == moments
    assert len(history.done) >= 15, (history.done, history.refused)
    for moment, (facts, judgement) in stored.items():
        again = gather(phase.scope, as_at=moment)
        assert differences(facts, again) == (), moment
        assert replace(again, as_at=facts.as_at) == facts
        assert judge(again, step=Step.PANEL).findings == judgement.findings
    print(f"{events} events ({dict(history.done)}), {moments} moments alike")
