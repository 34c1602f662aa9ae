"""The inbox and the pages of a matter: what needs whom, views asked and given, records corrected."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.test import Client

from issues.actions import propose_exclusion
from svtad.governance.actions import ask_view, open_matter
from svtad.governance.models import View, ViewRequest
from svtad.lib.clock import now
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Person
from tests.factories import MAKER, House, at, decide, make_house, make_issue


@pytest.fixture(scope="class")
def lent_house(lend) -> House:
    return lend(make_house)


@pytest.fixture
def house(lent_house, db, files_of_this_test) -> House:
    return lent_house


@pytest.fixture
def sit(house):
    return house.scope("SIT", "MOC")


@pytest.fixture
def exclusion(house, sit):
    """An exclusion that waits for TAG."""
    issue = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")
    return propose_exclusion(issue=issue, scope=sit, rationale="One device.", by=MAKER, at=at(days=1)).matter


@pytest.fixture
def completion(sit):
    """SIT's completion, on which TAG was asked for its view."""
    return open_matter(
        procedure="SIT_COMPLETION", document="SVTAD", version="1.23", title="SIT of MOC",
        audience=audience_of(*GOVERNANCE), scope_id=sit.public_id, by=MAKER, at=at(days=1),
    )  # fmt: skip


def signed_in(house, role, organisation=None) -> Client:
    client = Client()
    client.force_login(Person.objects.get(public_id=house.actor(role, organisation).actor_id))
    return client


def text(response) -> str:
    assert response.status_code == 200, response.content.decode()[:400]
    return response.content.decode()


def test_each_body_finds_what_waits_for_it_and_nobody_else_s(house, exclusion, completion):
    tag = text(signed_in(house, "tag_member").get("/inbox/"))
    assert exclusion.reference in tag
    assert "2 matters need you" in tag
    panel = text(signed_in(house, "panel_member").get("/inbox/"))
    assert exclusion.reference not in panel
    assert completion.reference in panel
    supplier = text(signed_in(house, "participant", house.other_supplier).get("/inbox/"))
    assert exclusion.reference not in supplier
    assert "Nothing needs you" in supplier
    manager = text(signed_in(house, "test_manager").get("/inbox/"))
    assert "Waits for others" in manager


def test_a_referral_shows_its_last_day_and_the_working_days_left(house, exclusion):
    decide(exclusion, "TAG", "REJECT", moment=now() - dt.timedelta(minutes=5))
    assert "5 WD" in text(signed_in(house, "test_manager").get("/inbox/"))


def test_the_inbox_as_csv_is_what_the_page_shows(house, exclusion):
    response = signed_in(house, "tag_member").get("/inbox/?as=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode("utf-8-sig"))))
    assert {(row["List"], row["Matter"], row["What"], row["Body"]) for row in rows} == {
        ("Needs you", exclusion.reference, "AGREE", "TAG"),
        ("Needs you", exclusion.reference, "REJECT", "TAG"),
    }


def test_a_view_is_asked_and_recorded_on_the_matters_page(house, completion):
    manager, registrar = signed_in(house, "test_manager"), signed_in(house, "registrar")
    address = f"/governance/matters/{completion.public_id}/"
    past = manager.post(f"{address}ask/", {"ask-body": "TAG", "ask-respond_by": "2019-04-01"})
    assert past.status_code == 400
    assert "This day is past" in past.content.decode()
    assert manager.post(f"{address}ask/", {"ask-body": "TAG", "ask-respond_by": "2099-04-01"}).status_code == 302
    asked = ViewRequest.objects.latest("pk")
    answer = f"{address}views/{asked.public_id}/"
    assert registrar.post(answer, {f"{asked.public_id}-text": ""}).status_code == 400
    assert registrar.post(answer, {f"{asked.public_id}-is_none": "on"}).status_code == 409
    assert registrar.post(answer, {f"{asked.public_id}-text": "Two criteria are short."}).status_code == 302
    assert View.objects.get().text == "Two criteria are short."
    assert "Two criteria are short." in text(manager.get(address))
    assert manager.post(answer, {f"{asked.public_id}-text": "No."}).status_code == 403


def test_a_body_cannot_be_asked_that_the_procedure_does_not_consult(house, exclusion):
    manager = signed_in(house, "test_manager")
    response = manager.post(f"/governance/matters/{exclusion.public_id}/ask/", {"ask-body": "TAB"})
    assert response.status_code == 400


def test_a_wrong_record_is_corrected_and_both_stay_on_the_page(house, exclusion):
    decide(exclusion, "TAG", "REJECT", moment=at(days=2))
    registrar = signed_in(house, "registrar")
    address = f"/governance/matters/{exclusion.public_id}/"
    assert "Correct this record" in text(registrar.get(address))
    assert "Correct this record" not in text(signed_in(house, "tag_member").get(address))
    form = text(registrar.get(f"{address}correct/?outcome=AGREE"))
    assert "Record it rightly" in form
    given = {"correction-decided_at": at(days=2).strftime("%Y-%m-%dT%H:%M:%S"), "correction-reason": ""}
    assert registrar.post(f"{address}correct/?outcome=AGREE", given).status_code == 400
    given["correction-reason"] = "The minutes say agreed."
    assert registrar.post(f"{address}correct/?outcome=AGREE", given).status_code == 302
    page = text(registrar.get(address))
    assert "superseded" in page
    assert "correction" in page
    exclusion.refresh_from_db()
    assert exclusion.state == "TAG_AGREED"
    assert signed_in(house, "tag_member").get(f"{address}correct/").status_code == 404


def test_a_past_date_without_a_view_is_recorded_as_none(house, completion):
    asked = ask_view(matter=completion, body="TAG", respond_by=at(days=3).date(), by=MAKER, at=at(days=1))
    registrar = signed_in(house, "registrar")
    address = f"/governance/matters/{completion.public_id}/"
    assert registrar.post(f"{address}views/{asked.public_id}/", {f"{asked.public_id}-is_none": "on"}).status_code == 302
    assert "No view was given by the date" in text(registrar.get(address))
