"""REST of deadlines: what a corrected calendar would move, and moving it once."""

from __future__ import annotations

import datetime as dt

import pytest

from svtad.governance.models import Deadline
from svtad.parties.audiences import audience_of, org_key
from tests.portal.deadlines import determined, proclaim, rejected

pytestmark = pytest.mark.django_db
MOVES = "/deadlines/moves"


@pytest.fixture
def corrected(house) -> tuple[Deadline, Deadline]:
    """One that the DCC may see and one that only a Supplier Party may, and a holiday within both."""
    seen, hidden = rejected(house), determined(house, house.supplier, audience_of(org_key(house.supplier)))
    proclaim(seen.last_day)
    return seen, hidden


def shown(answer) -> dict[str, str]:
    assert answer.status_code == 200, answer.content
    return {each["deadline"]["id"]: each["new_last_day"] for each in answer.json()["results"]}


@pytest.mark.clause("SVTAD 1.23", "13.4", "13.21")
def test_what_would_move_is_shown_to_who_may_see_it_and_counted_for_who_may_confirm(house, caller, corrected):
    seen, hidden = corrected
    administrator, supplier = caller("administrator").get(MOVES), caller("participant").get(MOVES)
    [row] = administrator.json()["results"]
    assert row["deadline"]["id"] == seen.public_id
    assert row["deadline"]["last_day"] == seen.last_day.isoformat() < row["new_last_day"]
    assert row["new_days_left"] == 5
    assert administrator.json()["unseen"] == 1
    assert shown(supplier).keys() == {hidden.public_id}
    assert supplier.json()["unseen"] is None
    other = caller("participant", house.other_supplier).get(MOVES)
    assert other.json() == {"unseen": None, "results": []}


def test_it_moves_what_is_named_as_it_was_shown_and_once_for_one_key(caller, corrected):
    seen, hidden = corrected
    administrator = caller("administrator")
    day = shown(administrator.get(MOVES))[seen.public_id]
    given = {"deadlines": [{"id": seen.public_id, "new_last_day": day}], "reason": "The royal wedding"}
    first, again = (administrator.post(MOVES, given, HTTP_IDEMPOTENCY_KEY="m-1") for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert [each["last_day"] for each in first.json()] == [day]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Deadline.objects.filter(end="MOVED").count() == 1
    assert administrator.post(MOVES, given | {"reason": "Other"}, HTTP_IDEMPOTENCY_KEY="m-1").status_code == 409
    assert administrator.post(MOVES, given).status_code == 409
    rest = administrator.post(MOVES, {"deadlines": [], "unseen": 1, "reason": "The royal wedding"})
    assert (rest.status_code, rest.json()) == (200, [])
    assert Deadline.objects.get(replaces=hidden).reason == "The royal wedding"


def test_what_changed_meanwhile_is_refused_and_nothing_moves(caller, corrected):
    seen, _ = corrected
    administrator = caller("administrator")
    day = dt.date.fromisoformat(shown(administrator.get(MOVES))[seen.public_id]) + dt.timedelta(days=1)
    named = {"id": seen.public_id, "new_last_day": day.isoformat()}
    for wrong in (
        {"deadlines": [named], "reason": "Wedding"},
        {"deadlines": [], "unseen": 2, "reason": "Wedding"},
        {"deadlines": [], "reason": "Wedding"},
        {"deadlines": [{"id": "A" * 22, "new_last_day": day.isoformat()}], "reason": "Wedding"},
    ):
        assert administrator.post(MOVES, wrong).status_code == 409, wrong
    assert administrator.post(MOVES, {"deadlines": [], "reason": ""}).status_code == 400
    assert caller("registrar").post(MOVES, {"deadlines": [], "reason": "Wedding"}).status_code == 403
    assert not Deadline.objects.filter(end="MOVED").exists()
