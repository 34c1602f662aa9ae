"""Two boards act on the same assessment in the same moment: one wins, the other is told."""

from __future__ import annotations

from functools import partial

import pytest

from svtad.governance.actions import record_decision
from svtad.governance.models import Decision, Matter
from svtad.lib.errors import Refused
from tests.at_once import at_once
from tests.factories import MAKER, at, decide, make_house
from tests.gates.test_completion import complete_it, determine
from tests.gates.world import Phase, make_phase

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("postgres_only", "transactional_db")]


@pytest.fixture
def judged(transactional_db) -> Phase:
    """SIT with all criteria met, and judged so for the Panel."""
    phase = complete_it(make_phase(make_house()))
    assert phase.assess("PANEL").verdict == "MET"
    return phase


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_of_a_confirmation_and_a_not_met_at_once_one_is_recorded_and_the_other_told(judged):
    matter = judged.completion_matter()

    def act(number: int) -> Decision:
        return record_decision(
            matter=Matter.objects.get(pk=matter.pk), body="PANEL", outcome=("CONFIRM", "NOT_MET")[number],
            decided_at=at(days=10), rationale="As minuted.", data={"criteria": ["12.6(a)"]} if number else None,
            against_computed=bool(number), expected_state="NOT_STARTED", by=MAKER, at=at(days=10),
        )  # fmt: skip

    came = at_once(2, act)
    assert sorted(type(each).__name__ for each in came) == ["Decision", "Refused"], came
    [told] = [each for each in came if isinstance(each, Refused)]
    assert "was decided meanwhile" in told.reason


@pytest.mark.clause("SVTAD 1.23", "13.16", "15.2-revoke")
def test_a_panel_that_confirms_while_tab_revokes_confirms_what_stood_or_is_told(judged):
    matter = judged.completion_matter()
    held = Matter.objects.filter(procedure="TEST_COMPLETION_CERTIFICATE", scope_id=judged.scope.public_id).first()
    assert held is not None
    revoke = partial(decide, held, "TAB", "REVOKE", moment=at(days=10))
    confirm = partial(determine, matter, "CONFIRM")
    revoked, confirmed = at_once(2, lambda number: (revoke, confirm)[number]())
    assert isinstance(revoked, Decision), revoked
    if isinstance(confirmed, Refused):
        assert "computed result is not met" in confirmed.reason
    else:
        assert isinstance(confirmed, Decision), confirmed
        assert not any("stale" in text for text in confirmed.missing)
