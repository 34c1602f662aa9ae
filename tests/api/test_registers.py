"""Matters opened over REST, and the registers: matters, decisions, what waits for whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator

from svtad.governance.actions import Given, correct_decision, open_matter
from svtad.governance.api.opening import OPENED_AT
from svtad.governance.models import Matter
from svtad.governance.registry import RECORD_ONLY
from svtad.lib.clock import london_date, now
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.procedures import PROCEDURES
from tests.api.world import make_world
from tests.factories import MAKER, at, decide
from tests.opening import stated, wanted

pytestmark = pytest.mark.django_db

REASONS = "Because of what was found."


# --- opening -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(RECORD_ONLY))
def test_what_is_only_recorded_is_opened_here(house, caller, key):
    rules = PROCEDURES[key]
    body = {"procedure": key, "title": f"About {key}", "rationale": REASONS, "data": stated(key)}
    made_up = wanted(key, audience=audience_of(*GOVERNANCE), at=now())
    if attachment := made_up.get("attachment"):
        body["attachment"] = attachment.public_id
    if day := made_up.get("received_on"):
        body["received_on"] = day.isoformat()
    if rules.subject not in ("document_version", "dmc", "release"):
        kind = rules.phase_kinds[0] if rules.phase_kinds else "SIT"
        body["phase"] = house.scope(kind, "MOC").public_id
    if rules.proposer in ("PARTICIPANT", "SUPPLIER"):
        body["organisation"] = house.supplier.code
    answer = caller("registrar").post("/matters", body)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["procedure"], made["state"], made["proposer"]) == (key, rules.initial, rules.proposer)
    assert (made["data"], made["attachment"]) == (stated(key), body.get("attachment"))
    assert made["received_on"] == body.get("received_on")
    assert (made["phase"], made["title"]) == (body.get("phase"), f"About {key}")
    as_manager = caller("test_manager").post("/matters", body | {"title": "Again"})
    assert as_manager.status_code == (201 if rules.proposer == "DCC" else 403), as_manager.content


@pytest.mark.parametrize("key", sorted(set(PROCEDURES) - RECORD_ONLY))
def test_what_another_resource_opens_is_refused_with_where(caller, key):
    answer = caller("registrar").post("/matters", {"procedure": key, "title": "So", "rationale": REASONS})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["field"] == "procedure"
    assert OPENED_AT[key] in error["message"]
    assert not Matter.objects.exists()


def test_where_it_points_to_is_there():
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    served = {path.removeprefix("/api/v1").replace("{public_id}", "{id}") for path in paths if "post" in paths[path]}
    named = {where.removeprefix("POST ") for where in OPENED_AT.values() if where.startswith("POST ")}
    assert named <= served


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"), ({"rationale": ""}, "rationale"), ({"procedure": "SECRET"}, "procedure"),
        ({"phase": "x" * 22}, "phase"), ({"opened_at": "2096-01-01T00:00:00Z"}, "opened_at"), ({"by": "me"}, "by"),
    ],
)  # fmt: skip
def test_bad_input_names_the_field(caller, wrong, field):
    body = {"procedure": "DMC_SELECTION", "title": "Of DMC-A", "rationale": REASONS} | wrong
    answer = caller("registrar").post("/matters", body)
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == {field}


def test_a_phase_is_needed_seen_and_of_the_procedures_kind(house, caller):
    pit, sit = house.scope("PIT", "MOC"), house.scope("SIT", "MOC")
    registrar = caller("registrar")
    body = {"procedure": "END_OF_CYCLE_SIT", "title": "The cycle", "rationale": REASONS}
    for phase, status in ((None, 400), ("y" * 22, 400), (pit.public_id, 400), (sit.public_id, 201)):
        assert registrar.post("/matters", body | {"phase": phase}).status_code == status, phase


def test_who_brings_a_matter_is_named_where_that_is_not_the_dcc_and_sees_it(house, caller):
    registrar = caller("registrar")
    body = {"procedure": "DMCT_EQUIVALENCE", "title": "DMC-A is equivalent", "rationale": REASONS}
    for wrong in (None, "nobody", house.alpha.code, house.tag.code):
        answer = registrar.post("/matters", body | {"organisation": wrong})
        assert [error["field"] for error in answer.json()["errors"]] == ["organisation"], wrong
    made = registrar.post("/matters", body | {"organisation": house.supplier.code}).json()
    assert made["reference"].startswith(f"M-{house.supplier.code.upper()}")
    address = f"/matters/{made['id']}"
    seen = [caller("participant", who).get(address).status_code for who in (house.supplier, house.other_supplier)]
    assert seen == [200, 404]
    own = {"procedure": "DMCT_ROUTE", "title": "Its route", "organisation": house.supplier.code}
    assert registrar.post("/matters", own).status_code == 400


# --- registers -----------------------------------------------------------------------------------------


def opened(procedure: str = "INTERFACE_COUNT", title: str = "Count it", **more):
    values: dict[str, Any] = {"audience": audience_of(*GOVERNANCE), "by": MAKER, "at": at(days=1), "rationale": REASONS}
    given = wanted(procedure, audience=values["audience"], at=values["at"]) | values | more
    return open_matter(procedure=procedure, document="SVTAD", version="1.23", title=title, **given)


def test_matters_are_narrowed_by_state_and_by_words(caller):
    open_, closed = opened(title="An alert is lost"), opened("OTHER_DISPUTE", "A meter is slow")
    decide(closed, "PARTICIPANT", "WITHDRAW", moment=at(days=2))
    registrar = caller("registrar")

    def found(**params):
        return {row["id"] for row in registrar.all("/matters", **params)}

    assert found() == {open_.public_id, closed.public_id}
    assert found(open="true") == {open_.public_id}
    assert found(open="false") == {closed.public_id}
    assert found(q="ALERT") == found(q=open_.reference.lower()) == {open_.public_id}
    assert found(q="meter", open="true") == set()


def test_decisions_are_listed_and_narrowed(caller):
    matter, other = opened("OTHER_DISPUTE", "One"), opened("OTHER_DISPUTE", "Other")
    wrong = decide(matter, "DCC", "FORWARD", moment=at(days=2))
    decide(other, "PARTICIPANT", "WITHDRAW", moment=at(days=5))
    right = correct_decision(
        decision=wrong, outcome="FORWARD", reason="The day.", by=MAKER, at=at(days=6),
        given=Given(decided_at=at(days=3), rationale=REASONS, document=wrong.document, data=wrong.data),
    )  # fmt: skip
    registrar = caller("registrar")
    rows = {row["id"]: row for row in registrar.all("/decisions")}
    assert rows[wrong.public_id]["superseded_by"] == right.public_id
    assert rows[right.public_id]["supersedes"] == wrong.public_id
    assert rows[right.public_id]["reference"] == matter.reference
    day = (at() + dt.timedelta(days=5)).date().isoformat()
    for params, count in (
        ({"body": "DCC"}, 2), ({"body": "PANEL"}, 0), ({"outcome": "WITHDRAW"}, 1), ({"procedure": "OTHER_DISPUTE"}, 3),
        ({"procedure": "OVERLAP"}, 0), ({"matter": matter.public_id}, 2), ({"superseded": "true"}, 1),
        ({"superseded": "false"}, 2), ({"from": day}, 1), ({"to": day}, 3), ({"from": day, "to": day}, 1),
        ({"clause": wrong.clause, "outcome": "FORWARD"}, 2), ({"clause": "14"}, 0), ({"clause": "99.9"}, 0),
    ):  # fmt: skip
        assert len(registrar.all("/decisions", **params)) == count, params
    for bad in ({"from": "soon"}, {"body": "COURT"}, {"wanted": "all"}):
        assert registrar.get("/decisions", **bad).status_code == 400


def test_decisions_on_what_one_may_not_see_are_not_listed(caller):
    decide(opened("OTHER_DISPUTE", "QZXJ7Canary", audience=audience_of("dcc")), "DCC", "FORWARD", moment=at(days=2))
    assert len(caller("registrar").all("/decisions")) == 1
    assert caller("tag_member").all("/decisions") == []


def test_the_inbox_says_what_waits_for_others(caller):
    matter = opened()
    manager, member = caller("test_manager"), caller("tag_chair")

    def found(who, **params):
        answer = who.get("/inbox", **params)
        assert answer.status_code == 200
        return {row["matter"]["id"] for row in answer.json()}

    assert matter.public_id in found(manager, list="waits_for_others")
    assert matter.public_id in found(member)
    assert found(member, list="needs_you") == found(member)
    assert found(member, list="waits_for_others") == set()
    assert manager.get("/inbox", list="all").status_code == 400


# --- views ---------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "3.1", "4.2", "13.3", "20.7")
@pytest.mark.parametrize(
    ("procedure", "whose"),
    [
        ("TAD_APPROVAL", "PARTIES"), ("TAD_APPROVAL", "STAKEHOLDERS"), ("MODIFICATION_CONSULTED", "PARTIES"),
        ("DMC_SELECTION", "STAKEHOLDERS"), ("DMCT_ECONOMIC", "STAKEHOLDERS"),
    ],
)  # fmt: skip
def test_those_who_are_no_body_are_asked_by_a_day_and_recorded_as_having_given_no_view(
    caller, procedure, whose, monkeypatch
):
    matter = opened(procedure)
    if any(step.outcome == "CONSULT" for step in PROCEDURES[procedure].transitions_from(matter.state)):
        decide(matter, "DCC", "CONSULT", moment=at(days=2))
    registrar = caller("registrar")
    address = f"/matters/{matter.public_id}/views"
    today = london_date(now())
    asked = registrar.post(address, {"body": whose, "respond_by": today.isoformat()})
    assert asked.status_code == 201, asked.content
    none = {"is_none": True}
    early = registrar.post(f"{address}/{asked.json()['id']}", none)
    assert early.status_code == 409
    for module in ("svtad.governance.actions.consulting.now", "svtad.lib.clock.now"):
        monkeypatch.setattr(module, lambda: dt.datetime.now(dt.UTC) + dt.timedelta(days=2))
    late = registrar.post(f"{address}/{asked.json()['id']}", none)
    assert late.status_code == 201, late.content
    assert late.json()["views"][0]["is_none"] is True
    assert caller("tag_chair").post(f"{address}/{asked.json()['id']}", none).status_code == 403


def test_nobody_is_asked_whom_the_procedure_does_not_consult(house, caller):
    world = make_world(house)
    answer = caller("registrar").post(f"/matters/{world.matter.public_id}/views", {"body": "STAKEHOLDERS"})
    assert answer.status_code == 409
    answer = caller("registrar").post(f"/matters/{world.matter.public_id}/views", {"body": "PUBLIC"})
    assert answer.status_code == 400
