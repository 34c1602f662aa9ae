"""The pages of the procedures, the referral matrix, and the opening of every procedure from the register."""

from __future__ import annotations

import csv
import io
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from svtad.governance.actions import record_decision, record_view
from svtad.governance.models import Matter
from svtad.governance.queries.recipients import NAMES
from svtad.governance.registry import RECORD_ONLY
from svtad.lib.clock import london_date, now
from svtad.parties.models import Person
from svtad.rulebook.procedures import PROCEDURES, Recipient, wording
from svtad.rulebook.procedures.listing import directed_otherwise, referrals
from svtad.rulebook.vocabulary import Body
from tests.factories import MAKER, House, make_house, make_paper
from tests.opening import on_form


@pytest.fixture
def house(db, settings, tmp_path) -> House:
    settings.MEDIA_ROOT = tmp_path / "files"
    house = make_house()
    for kind in ("PIT", "SIT", "INTERFACE"):
        house.scope(kind, "MOC")
    return house


def signed_in(house: House, role: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(public_id=house.actor(role).actor_id))
    return client


def text(response) -> str:
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


@pytest.mark.clause("SVTAD 1.23", "13.21", "14.2", "20.22")
def test_every_procedure_has_a_page_with_its_clause_its_steps_its_readings_and_its_diagram(house):
    client = signed_in(house, "tag_member")
    for rules in PROCEDURES.values():
        page = text(client.get(f"/governance/procedures/{rules.key}/"))
        for words in (rules.title, rules.citation, rules.summary, rules.effect_while_pending, *rules.notes):
            assert escape(words) in page, (rules.key, words)
        for step in rules.transitions:
            assert f">{wording.capital(wording.outcome_words(step.outcome))}</th>" in page
            for need in step.requires:
                assert escape(need.title) in page
        for due in rules.notices:
            assert escape(wording.notice(due)) in page
        for row in rules.referrals:
            assert escape(row.while_pending) in page
        final = "The text makes final and binding" in page
        assert final == rules.decision_is_final
        drawing = page[page.index("<svg") : page.index("</svg>") + len("</svg>")]
        assert ElementTree.fromstring(drawing).get("role") == "img"


def test_the_list_of_procedures_leads_to_each_by_its_subject(house):
    client = signed_in(house, "participant")
    page = text(client.get("/governance/procedures/"))
    assert f"<h1>{len(PROCEDURES)} procedures</h1>" in page
    for rules in PROCEDURES.values():
        assert f'<a href="/governance/procedures/{rules.key}/">{escape(rules.title)}</a>' in page
    assert all(f">{escape(name)}</h2>" in page for name in wording.GROUPS.values())
    assert page.count("recorded only") == len(RECORD_ONLY)
    with CaptureQueriesContext(connection) as asked:
        client.get("/governance/procedures/")
    assert len(asked) <= 8


@pytest.mark.clause("SVTAD 1.23", "7.5", "13.21", "20.20(b)")
def test_the_referral_matrix_shows_every_referral_and_its_csv_the_same(house):
    client = signed_in(house, "panel_member")
    page = text(client.get("/governance/procedures/referrals/"))
    held = referrals(PROCEDURES.values())
    assert f"<h1>{len(held)} ways to refer a matter</h1>" in page
    for rules, step, _ in directed_otherwise(PROCEDURES.values()):
        assert escape(rules.cite(step.clause)) in page
    rows = list(
        csv.DictReader(
            io.StringIO(b"".join(client.get("/governance/procedures/referrals/?as=csv")).decode("utf-8-sig"))
        )
    )
    assert [(row["Clause"], row["Procedure"], row["Duty"], row["Said to be final"]) for row in rows] == [
        (rules.cite(each.clause), rules.title, each.duty, "yes" if each.said_final else "no") for rules, each in held
    ]
    [exclusion] = [row for row in rows if row["Clause"] == "SVTAD v1.23, 13.21"]
    assert (exclusion["Who"], exclusion["To"]) == ("The DCC", "The Secretary of State")
    assert exclusion["Window"] == "Within 5 Working Days of the TAG's decision"
    assert exclusion["Needs"].startswith("How the decision materially affects")
    for row in rows:
        assert all(
            escape(row[name]) in page for name in ("Clause", "Procedure", "Who", "To", "Window", "While pending")
        )


def test_a_procedure_that_is_not_there_is_not_found_and_nobody_reads_them_without_signing_in(house):
    assert signed_in(house, "test_manager").get("/governance/procedures/NONE/").status_code == 404
    for address in ("", "referrals/", "EXCLUSION/"):
        response = Client().get(f"/governance/procedures/{address}")
        assert response.status_code == 302
        assert "/sign-in/" in response.headers["Location"]


def given(requires: Any) -> dict[str, str]:
    """Something for every statement that a step requires."""
    return {need.key: "3" if need.kind == "severity" else "Stated." for need in requires if need.kind != "file"}


@pytest.mark.clause(
    "SVTAD 1.23", "4.1", "4.2", "4.3", "7.3", "7.5", "9.7", "9.10", "13.4", "13.7", "13.17", "13.23", "13.24", "14.3",
    "15.2", "20.7", "20.12(a)", "20.12(b)", "20.14", "20.16", "20.17", "20.19", "20.31",
)  # fmt: skip
@pytest.mark.clause("SVTAD 1.5", "20.30", "20.35", "Table 13.1")
@pytest.mark.clause("MTAD", "3", "7", "Table 9.3 row 2A")
@pytest.mark.clause("November 2020 SEC Release", "4")
def test_every_procedure_that_is_only_recorded_is_opened_and_walked_to_rest(house):
    client = signed_in(house, "registrar")
    paper = make_paper()
    for key in sorted(RECORD_ONLY):
        rules = PROCEDURES[key]
        form = text(client.get(f"/register/{key}/"))
        assert escape(rules.citation) in form
        scopes = [house.scope(kind, "MOC").public_id for kind in (rules.phase_kinds or ("SIT",))]
        answer = {"title": f"About {key}"} | on_form(key, day=london_date(now()))
        answer |= {"scope": scopes[0]} if 'name="scope"' in form else {}
        answer |= {"organisation": house.supplier.public_id} if 'name="organisation"' in form else {}
        response = client.post(f"/register/{key}/", answer)
        assert response.status_code == 302, (key, response.content.decode()[:3000])
        matter = Matter.objects.get(procedure=key)
        assert (matter.document, matter.version, matter.state) == (rules.document, rules.version, rules.initial)
        assert (matter.proposer, bool(matter.scope_id)) == (rules.proposer, "scope" in answer)
        page = text(client.get(response.headers["Location"]))
        assert f'<a href="/governance/procedures/{key}/">' in page
        assert escape(rules.citation) in page
        been = {matter.state}
        while steps := [step for step in rules.transitions_from(matter.state) if step.target not in been]:
            for request in matter.view_requests.filter(views=None):
                record_view(request=request, text="A view.", by=MAKER)
            step = steps[0]
            record_decision(
                matter=matter, body=step.body, outcome=step.outcome, decided_at=matter.opened_at, rationale="Said.",
                document=paper, data=given(step.requires), by=MAKER,
            )  # fmt: skip
            assert matter.state == step.target
            been.add(matter.state)
        assert rules.is_final(matter.state), key
        assert "At rest." in text(client.get(response.headers["Location"]))


def test_a_title_is_asked_for_where_the_phase_does_not_say_what_it_is_about(house):
    client = signed_in(house, "registrar")
    response = client.post("/register/DMCT_TIMING/", {"title": "", "rationale": ""})
    assert response.status_code == 400
    assert "This field is required" in response.content.decode()
    assert not Matter.objects.filter(procedure="DMCT_TIMING").exists()
    page = text(client.get("/register/DMCT_APPEAL/"))
    assert "How the result of testing would change if the view were upheld" in page
    assert 'name="scope"' not in page


def test_the_register_groups_the_procedures_and_says_who_may_not_open_which(house):
    page = text(signed_in(house, "registrar").get("/register/"))
    for rules in PROCEDURES.values():
        assert f'href="/register/{rules.key}/"' in page
        assert f'href="/governance/procedures/{rules.key}/"' in page
    manager = text(signed_in(house, "test_manager").get("/register/"))
    shut = {rules.key for rules in PROCEDURES.values() if f'href="/register/{rules.key}/"' not in manager}
    assert shut == {"MODIFICATION_DIRECTED", "DMCT_EQUIVALENCE", "DMCT_TIMING", "DMCT_APPEAL", "OTHER_DISPUTE"}
    participant = signed_in(house, "participant")
    shown = text(participant.get("/register/"))
    assert {key for key in PROCEDURES if f'href="/register/{key}/"' in shown} == {"SEVERITY_DISPUTE"}
    assert participant.get("/register/OTHER_DISPUTE/").status_code == 403


def test_who_has_matters_under_a_procedure_is_counted_for_those_who_may_see_them(house):
    registrar = signed_in(house, "registrar")
    registrar.post("/register/DMC_SELECTION/", {"title": "DMCs of MOC", "rationale": "They are many."})
    assert "1 that you may see" in text(registrar.get("/governance/procedures/DMC_SELECTION/"))
    assert "None that you may see" in text(signed_in(house, "participant").get("/governance/procedures/DMC_SELECTION/"))


@pytest.mark.clause("SVTAD 1.23", "13.4", "20.19")
def test_everybody_whom_a_procedure_tells_or_asks_has_a_name():
    assert set(NAMES) >= set(Recipient)
    assert all(wording.who(body) for body in (*Body, *Recipient))
