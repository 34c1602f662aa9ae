"""The last day of a step is the one that was set and shown: no corrected calendar moves it by itself (rule 18)."""

from __future__ import annotations

import datetime as dt

import pytest

from svtad.governance import actions
from svtad.governance.actions import Given
from svtad.governance.models import Deadline
from svtad.lib.errors import Refused
from tests.governance.boards import SYSTEM, TAG_DAY

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_handlers"),
    pytest.mark.clause("SVTAD 1.23", "13.21"),
]

SHOWN = dt.date(2019, 4, 29)  # five Working Days after Maundy Thursday
PROCLAIMED = TAG_DAY + dt.timedelta(hours=4)


def noon(day: int) -> dt.datetime:
    return dt.datetime(2019, 4, day, 11, tzinfo=dt.UTC)


@pytest.fixture
def rejected(open_matter, registrar):
    """An exclusion that TAG rejected on Maundy Thursday, recorded at once."""
    matter = open_matter()
    actions.record_decision(matter=matter, body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar, at=TAG_DAY)
    return matter


@pytest.fixture
def corrected(audience):
    """Correct the calendar after the deadline was set: a day becomes a Working Day, or is none any more."""

    def make(day: int, *, is_working_day: bool) -> None:
        actions.add_override(
            day=dt.date(2019, 4, day), is_working_day=is_working_day, reason="Proclaimed", source="Proclamation",
            audience=audience, by=SYSTEM, at=PROCLAIMED,
        )  # fmt: skip

    return make


def refer(matter, by, day: int):
    return actions.record_decision(
        matter=matter, body="DCC", outcome="REFER", decided_at=noon(day), data={"material_impact": "MOC is late."},
        by=by, at=noon(day) + dt.timedelta(days=2),
    )  # fmt: skip


def test_a_holiday_that_becomes_a_working_day_refuses_nobody_on_the_day_that_was_shown(rejected, registrar, corrected):
    corrected(22, is_working_day=True)  # Easter Monday: reckoned anew the window would end on Friday 26 April
    assert refer(rejected, registrar, 29).to_state == "REFERRED"


def test_a_holiday_proclaimed_later_prolongs_no_window_until_somebody_confirms_it(rejected, registrar, corrected):
    corrected(26, is_working_day=False)  # reckoned anew the window would end on Tuesday 30 April
    with pytest.raises(Refused, match="ended on 29 April 2019"):
        refer(rejected, registrar, 30)
    [moved] = actions.move_deadlines(
        deadlines=list(Deadline.objects.filter(matter=rejected)), reason="Proclaimed.", by=SYSTEM, at=PROCLAIMED
    )
    assert moved.last_day == dt.date(2019, 4, 30)
    assert refer(rejected, registrar, 30).to_state == "REFERRED"


def test_a_day_taken_from_the_window_counts_once_it_is_confirmed(rejected, registrar, corrected):
    corrected(22, is_working_day=True)
    actions.move_deadlines(
        deadlines=list(Deadline.objects.filter(matter=rejected)), reason="Proclaimed.", by=SYSTEM, at=PROCLAIMED
    )
    with pytest.raises(Refused, match="ended on 26 April 2019"):
        refer(rejected, registrar, 29)


@pytest.mark.parametrize(("day", "is_working_day"), [(22, True), (26, False)])
def test_a_corrected_referral_is_held_to_the_last_day_that_its_window_had(
    rejected, registrar, corrected, day, is_working_day
):
    wrong = refer(rejected, registrar, 29)
    corrected(day, is_working_day=is_working_day)
    for later in (30, 29):  # the second time it is the correction that is corrected, with another state's windows since
        given = Given(decided_at=noon(later), data={"material_impact": "FOC is late."})
        act = {"outcome": "REFER", "given": given, "reason": "FOC.", "by": registrar}
        if later == 30:
            with pytest.raises(Refused, match="ended on 29 April 2019"):
                actions.correct_decision(decision=wrong, **act)
            act["given"] = Given(decided_at=noon(26), data={"material_impact": "FOC is late."})
        wrong = actions.correct_decision(decision=wrong, **act)
    assert wrong.decided_at == noon(29)


def test_a_corrected_reason_moves_no_window_and_a_corrected_day_does(rejected, registrar, corrected):
    corrected(26, is_working_day=False)
    wrong = rejected.decisions.get()
    shown = Deadline.objects.get(matter=rejected)
    act = {"outcome": "REJECT", "reason": "The minutes.", "by": registrar}
    better = actions.correct_decision(
        decision=wrong, given=Given(decided_at=TAG_DAY, rationale="Two issues."), at=noon(19), **act
    )
    assert Deadline.objects.get(matter=rejected, ended_at=None) == shown
    actions.correct_decision(
        decision=better, given=Given(decided_at=TAG_DAY - dt.timedelta(days=1)), at=noon(20), **act
    )
    renewed = Deadline.objects.get(matter=rejected, ended_at=None)
    assert (renewed.trigger_on, renewed.last_day) == (dt.date(2019, 4, 17), SHOWN)
    shown.refresh_from_db()
    assert shown.end == "OVERTAKEN"
