"""A decision is signed: whoever records it entered credentials of late, and loses nothing by being asked for them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from svtad.gates.actions import attach_evidence
from svtad.governance import actions
from svtad.governance.models import Decision, Matter
from svtad.lib import clock
from svtad.parties import actions as party_actions
from svtad.parties import sessions
from svtad.parties.actors import actor_for
from svtad.parties.models import Person
from tests.factories import MAKER, at, decide, make_house, make_person
from tests.gates.world import paper
from tests.opening import wanted
from tests.portal.boards import MEETINGS, hold, make_exclusions, plan, signed_in, text, written

PASSWORD = "correct-horse-battery"
MARK = r'name="reentry" value="([^"]+)"'


@pytest.fixture(autouse=True)
def here(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.DATA_DIR = tmp_path


@pytest.fixture
def house(db):
    return make_house()


@pytest.fixture
def matter(house) -> Matter:
    [made] = make_exclusions(house, 1)
    return made


@pytest.fixture
def registrar(house) -> Person:
    return make_person("registrar", house.dcc, password=PASSWORD)


@pytest.fixture
def later(registrar) -> Client:
    """A client in which the registrar signed in an hour ago."""
    client = Client()
    client.force_login(registrar, backend=sessions.BACKEND)
    session = client.session
    session[sessions.ENTERED] = (clock.now() - dt.timedelta(hours=1)).timestamp()
    session.save()
    return client


def agreement(**more: Any) -> dict[str, Any]:
    paper = SimpleUploadedFile("minutes.pdf", b"%PDF of the minutes", content_type="application/pdf")
    return {
        "tag-agree-expected_state": "PROPOSED",
        "tag-agree-decided_at": written(at(days=2)),
        "tag-agree-rationale": "Only one device — “agreed”.",
        "tag-agree-meeting": "TAG 41",
        "tag-agree-document": paper,
    } | more


def address(matter: Matter) -> str:
    return reverse("governance:decide", args=[matter.public_id, "TAG", "AGREE"])


def mark_of(answer: Any) -> str:
    assert answer.status_code == 403, answer.content.decode()
    page = answer.content.decode()
    assert "Confirm that it is you" in page
    assert "What you sent is kept and goes on by itself, files included." in page
    found = re.search(MARK, page)
    assert found, page
    return found[1]


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_a_decision_asks_for_credentials_and_goes_on_with_all_that_was_typed_and_the_file(later, matter):
    mark = mark_of(later.post(address(matter), agreement()))
    assert not Decision.objects.exists()
    wrong = later.post(address(matter), {"reentry": mark, "password": "no"})
    assert mark_of(wrong) == mark
    assert not Decision.objects.exists()
    assert later.post(address(matter), {"reentry": mark, "password": PASSWORD}).status_code == 302
    decision = Decision.objects.get()
    assert (decision.rationale, decision.meeting) == ("Only one device — “agreed”.", "TAG 41")
    assert decision.document is not None
    assert decision.document.name == "minutes.pdf"
    assert later.post(address(matter), {"reentry": mark, "password": PASSWORD}).status_code == 409, "held no longer"
    assert Decision.objects.count() == 1


def test_what_is_wrong_with_the_form_is_said_beside_its_fields_once_it_was_signed(later, matter):
    mark = mark_of(later.post(address(matter), agreement(**{"tag-agree-decided_at": ""})))
    answer = later.post(address(matter), {"reentry": mark, "password": PASSWORD})
    page = text(answer, 400)
    assert "This field is required." in page
    assert "Only one device — “agreed”." in page, "and what was typed stands there"
    assert later.post(address(matter), agreement()).status_code == 302, "they are not asked again so soon"


def test_who_may_not_record_it_is_told_so_and_not_asked_to_sign(house, matter, settings):
    settings.SIGNING_WINDOW = dt.timedelta(seconds=-1)
    answer = signed_in(house, "test_manager").post(address(matter), agreement())
    page = text(answer, 403)
    assert "You may not record a step of TAG" in page
    assert "Confirm that it is you" not in page


def test_who_put_it_forward_sees_why_they_may_not_and_who_may(house, registrar, later):
    [matter] = make_exclusions(house, 1)
    Matter.objects.filter(pk=matter.pk).update(put_forward_by=[registrar.public_id])
    page = text(later.get(f"/governance/matters/{matter.public_id}/"))
    assert "You put this forward: somebody else records the decision." in page
    asked = "/people/who/?body=TAG&amp;procedure=EXCLUSION&amp;outcome=AGREE"
    assert asked in page
    answer = text(later.get(asked.replace("&amp;", "&")))
    assert "Who put a matter forward does not record its decision" in answer
    own = text(later.get("/people/who/?body=DCC&procedure=EXCLUSION&outcome=REFER"))
    assert "Who put a matter forward may record this: it is a step of the body that proposes" in own
    assert "You put this forward" in text(later.post(address(matter), agreement()), 403)


def test_a_correction_is_signed_too(later, registrar, matter):
    decide(matter, "TAG", "REJECT", moment=at(days=2))
    page = f"/governance/matters/{matter.public_id}/correct/?outcome=AGREE"
    assert later.get(page).status_code == 200, "to look at it asks for nothing"
    form = {"decided_at": written(at(days=2)), "reason": "Misread.", "rationale": "It was agreed."}
    shown = later.get(page).content.decode()
    names = {name.rpartition("-")[2]: name for name in re.findall(r'name="([\w-]+)"', shown)}
    mark = mark_of(later.post(page, {names[key]: value for key, value in form.items()}))
    assert Decision.objects.count() == 1
    assert later.post(page, {"reentry": mark, "password": PASSWORD}).status_code == 302
    assert Decision.objects.get(supersedes__isnull=False).rationale == "It was agreed."


def test_what_a_meeting_decided_is_looked_at_freely_and_signed_once(house, later):
    held = hold(plan(), *make_exclusions(house, 2))
    page = f"{MEETINGS}{held.public_id}/decisions/"
    form = {"decided_at": written(held.starts_at), "notified_at": "", "act": "preview", "seen": ""}
    for item in held.items.all():
        form |= {
            f"{item.public_id}-expected_state": "PROPOSED",
            f"{item.public_id}-outcome": "AGREE",
            f"{item.public_id}-rationale": "As discussed.",
        }
    looked = text(later.post(page, form))
    [digest] = re.findall(r'name="seen" value="([0-9a-f]+)"', looked)
    mark = mark_of(later.post(page, form | {"act": "record", "seen": digest}))
    assert not Decision.objects.exists()
    assert later.post(page, {"reentry": mark, "password": PASSWORD}).status_code == 302
    assert [each.rationale for each in Decision.objects.all()] == ["As discussed."] * 2


def test_presenting_a_report_to_tab_is_a_step_of_its_matter_and_signed(house, settings):
    settings.SIGNING_WINDOW = dt.timedelta(seconds=-1)
    sit = house.scope("SIT", "MOC")
    for provider in (house.alpha, house.beta):
        attach_evidence(
            scope=sit, kind="PROVIDER_REPORT", file=paper(f"{provider}.pdf"), provider=provider, state="ACCEPTED",
            by=MAKER,
        )  # fmt: skip
    item = attach_evidence(scope=sit, kind="ASSURANCE_REPORT", file=paper("assurance.pdf"), by=MAKER)
    answer = signed_in(house, "test_manager").post(f"/phases/evidence/{item.public_id}/present/")
    assert "You are about to present this report to TAB." in text(answer, 403)
    assert not Decision.objects.exists()


# --- REST --------------------------------------------------------------------------------------------


def rest(person: Person, **more: Any) -> APIClient:
    """Return a client with a token of theirs, marked for signing with `signs_because`."""
    _, token = party_actions.issue_token(person=person, by=MAKER, **more)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_by_rest_a_decision_and_a_correction_need_a_token_that_is_marked_for_signing(registrar, matter):
    body = {"body": "TAG", "outcome": "AGREE", "decided_at": "2026-03-04T10:00:00Z"}
    path = f"/api/v1/matters/{matter.public_id}/decisions"
    plain = rest(registrar)
    refused = plain.post(path, body, format="json")
    assert refused.status_code == 403
    assert "This token may not sign" in refused.json()["detail"]
    assert not Decision.objects.exists()
    signing = rest(registrar, signs_because="For the minutes.")
    made = signing.post(path, body, format="json")
    assert made.status_code == 201, made.content
    again = {"outcome": "REJECT", "decided_at": "2026-03-04T10:00:00Z", "reason": "Misread."}
    path = f"/api/v1/decisions/{made.json()['id']}/correction"
    assert plain.post(path, again, format="json").status_code == 403
    assert Decision.objects.count() == 1
    assert signing.post(path, again, format="json").status_code == 201


def test_by_rest_who_opened_a_matter_is_refused_its_decision(registrar, house):
    sit = house.scope("SIT", "MOC")
    audience = make_exclusions(house, 1)[0].audience
    matter = actions.open_matter(
        procedure="WORK_OFF_PLAN", document="SVTAD", version="1.23", title="Plan", scope_id=sit.public_id,
        audience=audience, by=actor_for(registrar, at=clock.now()), **wanted("WORK_OFF_PLAN", audience=audience),
    )  # fmt: skip
    body = {"body": "TAB", "outcome": "APPROVE", "decided_at": clock.now().isoformat()}
    answer = rest(registrar, signs_because="For the minutes.").post(
        f"/api/v1/matters/{matter.public_id}/decisions", body, format="json"
    )
    assert answer.status_code == 403
    assert "You put this forward" in answer.json()["detail"]


def test_a_session_signs_by_rest_only_soon_after_credentials_were_entered(later, registrar, matter):
    body = {"body": "TAG", "outcome": "AGREE", "decided_at": "2026-03-04T10:00:00Z"}
    path = f"/api/v1/matters/{matter.public_id}/decisions"
    refused = later.post(path, body, content_type="application/json")
    assert refused.status_code == 403
    assert "Enter your credentials again first" in refused.json()["detail"]
    fresh = Client()
    fresh.force_login(registrar, backend=sessions.BACKEND)
    assert fresh.post(path, body, content_type="application/json").status_code == 201


def test_rest_says_of_a_step_whether_who_put_it_forward_may_record_it(registrar):
    client = rest(registrar)
    for outcome, good in (("AGREE", False), ("REFER", True)):
        body = "TAG" if outcome == "AGREE" else "DCC"
        told = client.get("/api/v1/who-may", {"body": body, "procedure": "EXCLUSION", "outcome": outcome}).json()
        assert told["reasons"][-1]["good"] is good
        assert "put a matter forward" in told["reasons"][-1]["text"]
