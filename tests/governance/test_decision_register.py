"""The register of decisions: searched, narrowed by day, clause and outcome, its marks, as CSV and in the search."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.test import Client
from django.utils.html import escape

from svtad.governance import actions
from svtad.governance.actions import Given
from svtad.governance.models import Decision, Matter
from svtad.governance.queries.decided import MARKS, decisions_for, narrowed, narrowed_by
from svtad.governance.queries.registers import decisions_in
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.rulebook.procedures import procedure
from tests.factories import MAKER, House, at, decide, make_house, make_paper
from tests.portal.boards import hold, plan, signed_in, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

REGISTER = "/governance/decisions/"


@pytest.fixture
def house(settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path / "files"
    return make_house()


def matter_of(key: str = "EXCLUSION", title: str = "About a device", *, audience=None) -> Matter:
    rules = procedure(key)
    return actions.open_matter(
        procedure=key, document=rules.document, version=rules.version, title=title, rationale="Said.",
        audience=audience or audience_of(*GOVERNANCE), by=MAKER, at=at(),
    )  # fmt: skip


@pytest.fixture
def decided(house) -> dict[str, Decision]:
    """Decisions of several bodies, days, clauses and marks."""
    made = {"agreed": decide(matter_of(title="Gas meter"), "TAG", "AGREE", moment=at(hours=1))}
    made["rejected"] = decide(
        matter_of(title="Clock"), "TAG", "REJECT", moment=at(days=1), rationale="It stops 100% of them."
    )
    wrong = decide(matter_of(title="Hub"), "TAG", "REJECT", moment=at(days=2))
    made["wrong"] = wrong
    made["right"] = actions.correct_decision(
        decision=wrong, outcome="AGREE", given=Given(decided_at=at(days=2), meeting="TAG 41"), reason="Minutes.",
        by=MAKER, at=at(days=3),
    )  # fmt: skip
    made["against"] = actions.record_decision(
        matter=matter_of("SIT_COMPLETION", "SIT of MOC"), body="PANEL", outcome="CONFIRM", decided_at=at(days=4),
        rationale="It heard the auditor.", against_computed=True, by=MAKER, at=at(days=4),
    )  # fmt: skip
    made["early"] = actions.record_decision(
        matter=matter_of(title="Aerial"), body="SOS", outcome="UPHOLD", decided_at=at(days=5), rationale="At once.",
        document=make_paper(), by=MAKER, at=at(days=5),
    )  # fmt: skip
    return made


def found(house: House, **given: str) -> set[int]:
    actor = house.actor("tag_member")
    return set(narrowed(decisions_for(actor), narrowed_by(given)).values_list("pk", flat=True))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["agreed", "rejected", "wrong", "right", "against", "early"]),
        ({"q": "gas"}, ["agreed"]),
        ({"q": "100%"}, ["rejected"]),
        ({"q": "tag 41"}, ["right"]),
        ({"from": "2026-03-03", "to": "2026-03-04"}, ["rejected", "wrong", "right"]),
        ({"to": "2026-03-02"}, ["agreed"]),
        ({"from": "2026-03-06"}, ["against", "early"]),
        ({"from": "0001-01-01", "to": "9999-12-31"}, ["agreed", "rejected", "wrong", "right", "against", "early"]),
        ({"from": "9999-12-31"}, []),
        ({"to": "0001-01-01"}, []),
        ({"outcome": "AGREE"}, ["agreed", "right"]),
        ({"body": "PANEL"}, ["against"]),
        ({"procedure": "SIT_COMPLETION"}, ["against"]),
        ({"clause": "13.16"}, ["against"]),
        ({"clause": "13.1"}, []),
        ({"clause": "13.20", "body": "TAG", "outcome": "AGREE"}, ["agreed", "right"]),
        ({"clause": "("}, []),
        ({"mark": "superseded"}, ["wrong"]),
        ({"mark": "correction"}, ["right"]),
        ({"mark": "against"}, ["against"]),
        ({"mark": "out_of_order"}, ["early"]),
        ({"mark": "missing"}, ["against"]),
        ({"mark": "without_quorum"}, []),
        ({"body": "NOBODY"}, ["agreed", "rejected", "wrong", "right", "against", "early"]),
    ],
    ids=str,
)
def test_what_is_found(house, decided, given, names):
    assert found(house, **given) == {decided[name].pk for name in names}


@pytest.mark.parametrize("last", [dt.date.max, dt.date.max - dt.timedelta(days=1)])
def test_the_last_days_that_there_are_narrow_the_register_as_any_other(house, decided, last):
    actor = house.actor("tag_member")
    everything = set(decisions_in(actor).values_list("pk", flat=True))
    assert set(decisions_in(actor, first=dt.date.min, last=last).values_list("pk", flat=True)) == everything
    assert not decisions_in(actor, first=last).exists()
    assert not decisions_in(actor, last=dt.date.min).exists()
    assert signed_in(house, "tag_member").get("/governance/decisions/?from=0001-01-01&to=9999-12-31").status_code == 200


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_is_a_day_of_london_on_both_sides_of_the_change_of_the_clocks(house, day):
    from svtad.lib.clock import LONDON

    for hour, minute in ((0, 0), (23, 59)):
        moment = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour, minute), tzinfo=LONDON)
        decide(matter_of(), "TAG", "AGREE", moment=moment)
    assert len(found(house, **{"from": day, "to": day})) == 2
    before = (dt.date.fromisoformat(day) - dt.timedelta(days=1)).isoformat()
    assert found(house, to=before) == set()
    assert found(house, **{"from": "9999-12-31", "to": "9999-12-31"}) == set()


def test_the_page_marks_what_the_record_is_and_the_csv_says_the_same(house, decided):
    client = signed_in(house, "tag_member")
    page = text(client.get(REGISTER))
    for label in ("superseded", "correction", "out of its listed order", "against the computed result"):
        assert page.count(f'<span class="label">{label}</span>') == 1, label
    missing = "; ".join(decided["against"].missing)
    assert f'<span class="label">missing before it</span> <span class="muted">{escape(missing)}</span>' in page
    for name in ("q", "from", "to", "clause", "body", "outcome", "procedure", "mark"):
        assert f'name="{name}"' in page
    answer = client.get(f"{REGISTER}?as=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    columns = ("Outcome", "Against the computed result", "Out of its listed order", "Superseded", "Correction")
    by_title: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        by_title.setdefault(row["Title"], []).append(tuple(row[column] for column in columns))
    yes, no = "yes", "no"
    assert sorted(by_title["Hub"]) == [("AGREE", no, no, no, yes), ("REJECT", no, no, yes, no)]
    assert by_title["SIT of MOC"] == [("CONFIRM", yes, no, no, no)]
    assert by_title["Aerial"] == [("UPHOLD", no, yes, no, no)]
    assert next(row["Missing before it"] for row in rows if row["Title"] == "SIT of MOC") == missing
    assert "The view of TAG (13.15(c))" in missing


def test_the_csv_is_of_the_view_and_what_cannot_be_read_is_said_and_left_out(house, decided):
    client = signed_in(house, "tag_member")
    answer = client.get(f"{REGISTER}?q=gas&as=csv")
    assert len(b"".join(answer).decode("utf-8-sig").strip().splitlines()) == 2
    page = text(client.get(f"{REGISTER}?from=yesterday&mark=pretty"))
    assert "“yesterday” is no day" in page
    assert "“pretty” is no mark" in page
    assert "6 decisions recorded" in page


def test_nothing_found_and_nothing_recorded_say_so(house):
    client = signed_in(house, "tag_member")
    assert "No decision that you may see is recorded yet." in text(client.get(REGISTER))
    page = text(client.get(f"{REGISTER}?q=gas&outcome=%3Cb%3E"))
    assert "0 decisions found" in page
    assert "No decision that you may see fits." in page
    assert f'<a href="{REGISTER}">Show all decisions</a>' in page


def test_the_register_and_the_search_hold_what_the_person_may_see_and_nothing_else(house, settings, tmp_path):
    own = audience_of(*GOVERNANCE, org_key(house.supplier))
    mine = decide(matter_of(title="QZX one", audience=own), "TAG", "AGREE", moment=at(hours=1))
    hidden = decide(matter_of(title="QZX two"), "TAG", "AGREE", moment=at(hours=1), rationale="QZX too")
    supplier = signed_in(house, "participant")
    for path in (f"{REGISTER}?q=QZX", "/search/?q=QZX", f"{REGISTER}?q=QZX&as=csv"):
        answer = supplier.get(path)
        content = (b"".join(answer) if answer.streaming else answer.content).decode()
        assert mine.matter.reference in content, path
        assert hidden.matter.reference not in content, path
    outsider = signed_in(house, "participant", house.other_supplier)
    assert "QZX one" not in text(outsider.get(f"{REGISTER}?q=QZX"))


def test_the_search_finds_decisions_by_their_reasons_and_marks_them(house, decided):
    page = text(signed_in(house, "tag_member").get("/search/?q=heard+the+auditor"))
    assert "<h2>Decisions</h2>" in page
    assert decided["against"].matter.reference in page
    assert '<span class="label">against the computed result</span>' in page


def test_the_register_takes_as_many_queries_for_many_as_for_few(house, decided, django_assert_max_num_queries):
    client: Client = signed_in(house, "tag_member")
    client.get(REGISTER)
    with django_assert_max_num_queries(14):
        client.get(REGISTER)
    assert set(MARKS) == {"against", "out_of_order", "missing", "superseded", "correction", "without_quorum"}


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_clause_13_16_against_the_computed_result_is_marked_on_the_phase_and_on_its_meeting(house):
    scope = house.scope("SIT", "MOC")
    matter = actions.open_matter(
        procedure="SIT_COMPLETION", document="SVTAD", version="1.23", title="SIT of MOC", scope_id=scope.public_id,
        audience=audience_of(*GOVERNANCE), by=MAKER, at=at(),
    )  # fmt: skip
    item = hold(plan(body="PANEL"), matter).items.get(matter=matter)
    taken = actions.Taken(
        item=item, outcome="CONFIRM",
        given=Given(decided_at=at(days=2), rationale="It heard the auditor.", against_computed=True),
    )  # fmt: skip
    (row,) = actions.preview_meeting_decisions(meeting=item.meeting, taken=[taken], by=MAKER, at=at(days=2, hours=3))
    assert row.against_computed
    actions.record_meeting_decisions(meeting=item.meeting, taken=[taken], by=MAKER, at=at(days=2, hours=3))
    label = '<span class="label">against the computed result</span>'
    panel = signed_in(house, "panel_member")
    for path in (
        f"/governance/meetings/{item.meeting.public_id}/", f"/phases/{scope.public_id}/", REGISTER,
        f"/governance/matters/{matter.public_id}/",
    ):  # fmt: skip
        assert label in text(panel.get(path)), path
    phase = text(panel.get(f"/phases/{scope.public_id}/"))
    assert matter.reference in phase
    assert matter.reference not in text(panel.get(f"/phases/{scope.public_id}/?as_at=2026-03-02T12:00")), "not yet"
