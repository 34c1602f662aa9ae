"""What REST shows of a matter beyond its record, as its page does: what is missing, whose window is over."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape
from drf_spectacular.generators import SchemaGenerator

from svtad.governance.actions import record_decision, record_view
from svtad.governance.models import Matter
from svtad.governance.queries import lacks
from svtad.parties import sessions
from svtad.rulebook.procedures import PROCEDURES
from tests.api.conftest import Caller
from tests.factories import MAKER, House, at, decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world) -> House:
    return world.house


@pytest.fixture
def registrar(caller) -> Caller:
    return caller("registrar")


def page_of(caller: Caller, address: str) -> str:
    """What the page at that address says to the same person."""
    client = Client()
    assert caller.person is not None
    client.force_login(caller.person, backend=sessions.BACKEND)
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def whole(caller: Caller, matter: Matter) -> dict[str, Any]:
    answer = caller.get(f"/matters/{matter.public_id}")
    assert answer.status_code == 200, answer.content
    shown: dict[str, Any] = answer.json()
    return shown


def step_of(shown: dict[str, Any], outcome: str) -> dict[str, Any]:
    [step] = [each for each in shown["steps"] if each["outcome"] == outcome]
    found: dict[str, Any] = step
    return found


@pytest.mark.clause("SVTAD 1.23", "13.15(a)", "13.15(b)", "13.15(c)")
def test_the_acts_and_views_that_are_wanted_before_a_step_are_shown_until_they_are_there(registrar, world):
    matter = world.asked.matter
    assert matter.procedure == "SIT_COMPLETION"
    shown = whole(registrar, matter)
    missing = [each["what"] for each in step_of(shown, "CONFIRM")["missing"]]
    assert [clause for each in missing for clause in ("13.15(a)", "13.15(b)", "13.15(c)") if clause in each] == [
        "13.15(b)", "13.15(c)",
    ]  # fmt: skip
    assert not any(each["refuses"] for step in shown["steps"] for each in step["missing"]), "rule 16"
    record_view(request=world.asked, text="Each of them is met.", by=MAKER)
    unjudged = "A judgement of the Exit Criteria at the Panel's step: none was made"
    left = [each["what"] for each in step_of(whole(registrar, matter), "CONFIRM")["missing"]]
    assert left == [missing[0], unjudged]
    decide(matter, "DCC", "SEND_PACKAGE", moment=matter.opened_at, document=world.paper)
    assert [each["what"] for each in step_of(whole(registrar, matter), "CONFIRM")["missing"]] == [unjudged]


@pytest.mark.clause("SVTAD 1.23", "7.5")
def test_a_view_without_which_a_step_is_refused_says_so_and_so_it_is(registrar, house):
    opened = registrar.post("/matters", {
        "procedure": "REGRESSION_SCOPE", "title": "What is tested again", "phase": house.scope("SIT", "MOC").public_id,
        "rationale": "Firmware.", "data": _stated("REGRESSION_SCOPE"),
    })  # fmt: skip
    assert opened.status_code == 201, opened.content
    shown = opened.json()
    [missing] = step_of(shown, "SETTLE")["missing"]
    assert (missing["refuses"], "The view of TAG (7.5)" in missing["what"]) == (True, True)
    step = step_of(shown, "SETTLE")
    refused = registrar.post(
        f"/matters/{shown['id']}/decisions",
        {"body": step["body"], "outcome": "SETTLE", "decided_at": shown["opened_at"], "rationale": "Said.",
         "data": dict.fromkeys(step["needs"], "Stated.")},
    )  # fmt: skip
    assert refused.status_code == 409, refused.content
    assert missing["what"] in refused.json()["detail"]


def _stated(key: str) -> dict[str, str]:
    return {need.key: "Stated." for need in PROCEDURES[key].opens_with if need.kind == "text"}


def test_what_is_missing_is_on_the_page_and_over_rest_the_same(registrar, world):
    for matter in Matter.objects.all():
        page, shown = page_of(registrar, f"/governance/matters/{matter.public_id}/"), whole(registrar, matter)
        rules = PROCEDURES[matter.procedure]
        texts = [each["what"] for step in shown["steps"] for each in step["missing"]]
        lack = lacks(matter, rules)
        elsewhere = sum(len(lack(step)) for step in rules.determinations_elsewhere(matter.state))
        assert all(escape(text) in page for text in texts), matter.procedure
        said = page.count("Wanted before it, and not there: ") + page.count("Needed first: ")
        assert len(texts) <= said <= len(texts) + elsewhere, matter.procedure


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_a_step_whose_window_is_over_is_shown_so_and_the_matter_is_at_rest(registrar, world):
    matter = world.matter
    assert not whole(registrar, matter)["at_rest"]
    record_decision(
        matter=matter, body="TAG", outcome="REJECT", decided_at=at(days=1), document=world.paper, by=MAKER,
    )  # fmt: skip
    shown = whole(registrar, matter)
    step = step_of(shown, "REFER")
    [deadline] = [each for each in shown["deadlines"] if each["outcome"] == "REFER"]
    assert (step["last_day"], step["window_over"]) == (deadline["last_day"], deadline["is_over"])
    assert (step["window_over"], shown["window_over"], shown["at_rest"]) == (True, True, True)
    page = page_of(registrar, f"/governance/matters/{matter.public_id}/")
    assert "At rest: the window is over, and what was decided stands." in page


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_the_register_of_matters_is_narrowed_to_the_same_ones_on_the_page_and_over_rest(registrar, world):
    record_decision(
        matter=world.matter, body="TAG", outcome="REJECT", decided_at=at(days=1), document=world.paper, by=MAKER,
    )  # fmt: skip
    for word, wanted in (("yes", "true"), ("no", "false")):
        rows = registrar.all("/matters", open=wanted)
        page = page_of(registrar, f"/governance/matters/?open={word}")
        assert {row["reference"] for row in rows} == {
            each.reference for each in Matter.objects.all() if f">{each.reference}<" in page
        }
        assert all(row["at_rest"] is (wanted == "false") for row in rows)
    [row] = [each for each in registrar.all("/matters") if each["id"] == world.matter.public_id]
    assert (row["window_over"], row["at_rest"]) == (True, True)


def test_the_description_says_what_each_means():
    schemas = SchemaGenerator().get_schema(public=True)["components"]["schemas"]
    step = schemas["MatterStep"]["properties"]
    assert all(step[name]["description"] for name in ("missing", "last_day", "window_over"))
    assert "13.21" in schemas["MatterDetail"]["properties"]["window_over"]["description"]
    assert "13.16" in str(schemas["Decision"]["properties"]["contradicted"])
    assert "13.16" in str(schemas["Phase"]["properties"]["contradicted"])


def test_acts_that_a_procedure_wants_are_in_its_description(registrar):
    wanted = registrar.get("/procedures/SIT_COMPLETION").json()["acts_wanted"]
    assert [(each["clause"], each["before"]) for each in wanted] == [
        ("13.15(a)", ["CONFIRM", "NOT_MET"]), ("13.15(b)", ["CONFIRM", "NOT_MET"]),
    ]  # fmt: skip
