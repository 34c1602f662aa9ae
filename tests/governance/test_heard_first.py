"""Whom a clause wants heard before a step: until what they said is recorded, the step is refused with its clause."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import QueryDict
from django.test import Client

from svtad.governance import actions
from svtad.governance.forms import DecisionForm
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Person
from svtad.rulebook.procedures import procedure
from tests.factories import MAKER, at, heard, make_house, make_paper
from tests.governance.boards import fields

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

SVTAD = "SVTAD 1.23"


@pytest.fixture
def letter(db) -> StoredFile:
    return make_paper("letter.pdf")


def matter_of(key: str) -> Matter:
    rules = procedure(key)
    made: Matter = actions.open_matter(
        procedure=key, document=rules.document, version=rules.version, title=key, rationale="It is time.",
        audience=audience_of(*GOVERNANCE), by=MAKER, at=at(),
    )  # fmt: skip
    return made


def take(matter: Matter, body: str, outcome: str, moment: dt.datetime, letter: StoredFile, **data: Any) -> Decision:
    return actions.record_decision(
        matter=matter, body=body, outcome=outcome, decided_at=moment, rationale="As discussed.", document=letter,
        data=data, by=MAKER, at=moment,
    )  # fmt: skip


@pytest.mark.clause(SVTAD, "3.1", "3.2", "4.1", "4.2", "10.2", "13.3", "13.22", "20.19")
@pytest.mark.parametrize(
    ("key", "before", "outcome", "clause", "bodies"),
    [
        ("TAD_APPROVAL", [("DCC", "CONSULT")], "SUBMIT", "3.2", ["TAG", "PARTIES", "STAKEHOLDERS"]),
        ("MODIFICATION_DIRECTED", [("SOS", "DIRECT_CONSULTATION")], "CONCLUDE_CONSULTATION", "4.1", ["PARTIES"]),
        (
            "MODIFICATION_CONSULTED", [("DCC", "CONSULT")], "PRESENT", "4.2(a)",
            ["PARTIES", "STAKEHOLDERS", "TAG", "AUTHORITY", "SOS"],
        ),
        ("COMPLETION_REPORT", [], "PRESENT_TO_TAB", "19.5", ["TAG"]),
        ("DMC_SELECTION", [], "CONCLUDE_DISCUSSION", "13.3", ["STAKEHOLDERS"]),
        ("SCT_COUNT", [], "COUNT", "13.22", ["TAG"]),
        ("DMCT_ISSUE", [], "RECOMMEND_A", "20.19", ["STAKEHOLDERS"]),
    ],
)  # fmt: skip
def test_a_step_waits_until_each_of_whom_the_clause_names_was_heard_or_said_nothing_by_the_day(
    letter, key, before, outcome, clause, bodies
):
    matter = matter_of(key)
    for hour, (body, first) in enumerate(before, 1):
        take(matter, body, first, at(hours=hour), letter)
    state = matter.state
    asked = {each.body: each for each in matter.view_requests.all()}
    assert list(asked) == bodies
    *others, last = bodies
    for body in others:
        actions.record_view(request=asked[body], text="We say this.", by=MAKER, at=at(hours=3))
    with pytest.raises(Refused) as refused:
        take(matter, "DCC", outcome, at(hours=4), letter, tag_view="Said.")
    assert (refused.value.clause, f"The view of {last}" in refused.value.reason) == (clause, True)
    assert matter.decisions.count() == len(before)
    assert matter.state == state
    by_day = actions.ask_view(matter=matter, body=last, respond_by=at().date(), by=MAKER, at=at(hours=5))
    with pytest.raises(Refused, match="once the date set for it is past"):
        actions.record_view(request=by_day, is_none=True, by=MAKER, at=at(hours=6))
    actions.record_view(request=by_day, is_none=True, by=MAKER, at=at(days=2))
    assert take(matter, "DCC", outcome, at(days=3), letter, tag_view="Said.").missing == []


@pytest.mark.clause(SVTAD, "20.21")
def test_an_alternative_after_a_refusal_is_recommended_without_another_discussion(letter):
    matter = matter_of("DMCT_ISSUE")
    heard(matter, moment=at(hours=1))
    steps = [("DCC", "RECOMMEND_B"), ("DCC", "CONSULT_SOS"), ("SOS", "NOT_AGREE_TO_CONSULT"), ("DCC", "RECOMMEND_A")]
    for hour, (body, outcome) in enumerate(steps, 2):
        take(matter, body, outcome, at(hours=hour), letter)
    assert matter.state == "A_RECOMMENDED"


def returned(letter: StoredFile, *direction: str) -> Matter:
    """A draft that was consulted on, submitted and returned with that direction."""
    matter = matter_of("TAD_APPROVAL")
    take(matter, "DCC", "CONSULT", at(hours=1), letter)
    heard(matter, moment=at(hours=2))
    take(matter, "DCC", "SUBMIT", at(hours=3), letter)
    take(matter, "SOS", "RETURN", at(hours=4), letter, direction=list(direction))
    return matter


@pytest.mark.clause(SVTAD, "3.3")
@pytest.mark.parametrize("direction", [("RECONSIDER",), ("RESUBMIT",), ("RECONSIDER", "RESUBMIT")])
def test_clause_3_3_a_draft_that_is_only_to_be_reconsidered_is_submitted_anew_at_once(letter, direction):
    matter = returned(letter, *direction)
    assert take(matter, "DCC", "SUBMIT", at(hours=5), letter).missing == []


@pytest.mark.clause(SVTAD, "3.1", "3.3")
@pytest.mark.parametrize("direction", [("RECONSULT",), ("RECONSIDER", "RECONSULT", "RESUBMIT")])
def test_clause_3_3_a_direction_to_re_consult_is_followed_before_the_draft_is_submitted_anew(letter, direction):
    matter = returned(letter, *direction)
    with pytest.raises(Refused) as refused:
        take(matter, "DCC", "SUBMIT", at(hours=5), letter)
    assert (refused.value.clause, "The new consultation" in refused.value.reason) == ("3.3", True)
    take(matter, "DCC", "CONSULT", at(hours=6), letter)
    with pytest.raises(Refused, match="The view of TAG"):
        take(matter, "DCC", "SUBMIT", at(hours=7), letter)
    heard(matter, moment=at(hours=8))
    take(matter, "DCC", "SUBMIT", at(hours=9), letter)
    take(matter, "SOS", "RETURN", at(hours=10), letter, direction=["RESUBMIT"])
    assert take(matter, "DCC", "SUBMIT", at(hours=11), letter).missing == [], "what was directed first was done"


@pytest.mark.clause(SVTAD, "3.3", "3.4")
def test_rule_16_what_was_directed_and_not_done_stops_no_approval(letter):
    matter = returned(letter, "RECONSULT")
    approved = take(matter, "SOS", "APPROVE", at(hours=5), letter)
    assert (approved.out_of_order, approved.to_state) == (True, "APPROVED")


@pytest.mark.clause(SVTAD, "3.3")
@pytest.mark.parametrize("said", [{}, {"direction": []}, {"direction": "RECONSULT"}, {"direction": ["REPENT"]},
                                  {"direction": ["RESUBMIT", "RESUBMIT"]}, {"direction": [["RESUBMIT"]]}])  # fmt: skip
def test_clause_3_3_a_direction_says_what_is_directed(letter, said):
    matter = matter_of("TAD_APPROVAL")
    with pytest.raises(InvalidInput) as wrong:
        take(matter, "SOS", "RETURN", at(hours=4), letter, **said)
    assert fields(wrong) == {"direction"}


# --- pages, REST, the database -------------------------------------------------------------------------


def client_of(actor: Actor) -> Client:
    client = Client()
    person = Person.objects.get(public_id=actor.actor_id)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.mark.clause(SVTAD, "13.22")
def test_a_member_is_offered_a_remark_and_the_chair_the_view_on_pages_and_over_rest(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    house = make_house()
    matter = matter_of("SCT_COUNT")
    request = matter.view_requests.get()
    page, rest = f"/governance/matters/{matter.public_id}/", f"/api/v1/matters/{matter.public_id}"
    post, call = f"{page}views/{request.public_id}/", f"{rest}/views/{request.public_id}"
    member, chair = (client_of(house.actor(role)) for role in ("tag_member", "tag_chair"))
    shown = member.get(page).content.decode()
    assert "Add a remark of your own" in shown
    assert "Record the view of TAG" not in shown
    sent = {f"{request.public_id}-text": "I would count it.", f"{request.public_id}-whose": "view"}
    assert member.post(post, sent).status_code == 302
    assert "Record the view of TAG" in chair.get(page).content.decode()
    plain = member.post(call, {"text": "For TAG."}, content_type="application/json", headers={"Idempotency-Key": "k-1"})
    assert plain.status_code == 403
    with pytest.raises(Refused, match="The view of TAG"):
        take(matter, "DCC", "COUNT", now(), make_paper("letter.pdf"), tag_view="Said.")
    given = {f"{request.public_id}-text": "Count it.", f"{request.public_id}-given_by": "TAG 40"}
    assert chair.post(post, given).status_code == 302
    [asked] = chair.get(rest).json()["view_requests"]
    assert [(each["is_remark"], each["given_by"], each["text"]) for each in asked["views"]] == [
        (True, house.actor("tag_member").label, "I would count it."),
        (False, "TAG 40", "Count it."),
    ]
    shown = chair.get(page).content.decode()
    assert "a member&#x27;s remark" in shown or "a member's remark" in shown
    assert "Given by TAG 40" in shown
    assert take(matter, "DCC", "COUNT", now(), make_paper("letter.pdf"), tag_view="Said.").missing == []


@pytest.mark.clause(SVTAD, "3.3")
def test_clause_3_3_the_form_of_a_direction_offers_what_may_be_directed_and_the_page_says_it(letter):
    step = procedure("TAD_APPROVAL").transition("SUBMITTED", body="SOS", outcome="RETURN")
    form = DecisionForm(
        QueryDict("sos-return-direction=RECONSIDER&sos-return-direction=RECONSULT"), procedure="TAD_APPROVAL",
        step=step, severities=(),
    )  # fmt: skip
    form.is_valid()
    assert "direction" not in form.errors
    assert form.given == {"direction": ["RECONSIDER", "RECONSULT"]}
    assert DecisionForm(QueryDict(""), procedure="TAD_APPROVAL", step=step, severities=()).errors["direction"]
    page = client_of(make_house().actor("registrar")).get(
        f"/governance/matters/{returned(letter, 'RECONSIDER', 'RECONSULT').public_id}/"
    )
    assert "reconsider, reconsult" in page.content.decode()


@pytest.mark.parametrize("statement", ["UPDATE governance_view SET text = 'x'", "DELETE FROM governance_view"])
def test_the_database_itself_refuses_to_change_a_view(statement):
    heard(matter_of("SCT_COUNT"), moment=at(hours=1))
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.clause(SVTAD, "3.3", "4.3", "13.5")
def test_rest_tells_what_is_wanted_first_what_is_redacted_and_what_goes_with_a_notice(db):
    client = client_of(make_house().actor("registrar"))
    approval = client.get("/api/v1/procedures/TAD_APPROVAL").json()
    assert [each["needed"] for each in approval["acts_wanted"] + approval["consultations"]] == [True] * 4
    [choices] = [need["choices"] for step in approval["steps"] for need in step["needs"] if need["kind"] == "choices"]
    assert choices == ["RECONSIDER", "RECONSULT", "RESUBMIT"]
    deselection = client.get("/api/v1/procedures/DMC_DESELECTION").json()
    assert (approval["redacted_for"], deselection["redacted_for"]) == ([], ["TAG"])
    assert {str(need["given_to"]) for need in deselection["steps"][0]["needs"]} == {"[]", "['TAG']"}
    minor = client.get("/api/v1/procedures/MODIFICATION_MINOR").json()
    assert all(each["with_document"] for each in minor["notices"])
