"""What pages say where it was once said badly: whose judgement, whose turn, which file, how many."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from issues.actions import dispute_severity
from svtad.gates.actions import assess, attach_evidence, present_assurance_report
from svtad.governance.models import Job, JobState, Matter
from svtad.governance.queries import waiting_in
from svtad.intake.actions import preview_batch, receive_file
from svtad.lib.text import counted
from svtad.parties.models import Person
from testphases.actions import add_participant, attach_run_evidence
from tests.factories import DAY, MAKER, House, at, decide, make_dmc, make_house, make_issue, make_paper


@pytest.fixture(scope="class")
def lent_house(lend) -> House:
    return lend(make_house)


@pytest.fixture
def house(lent_house, db, files_of_this_test) -> House:
    return lent_house


@pytest.fixture
def sit(house):
    return house.scope("SIT", "MOC")


def signed_in(house, role, organisation=None) -> Client:
    client = Client()
    client.force_login(Person.objects.get(public_id=house.actor(role, organisation).actor_id))
    return client


def text(response) -> str:
    assert response.status_code == 200, response.content.decode()[:400]
    return response.content.decode()


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_the_judgement_for_one_certificate_names_the_provider(house, sit):
    add_participant(scope=sit, organisation=house.alpha, by=MAKER, at=DAY)
    made, _ = assess(scope=sit, step="CERTIFICATES", provider=house.alpha, by=MAKER)
    manager = signed_in(house, "test_manager")
    page = text(manager.get(reverse("gates:assessment", args=[made.public_id])))
    assert f"for the certificate of {house.alpha.name}" in page
    listed = reverse("gates:assessments", args=[sit.public_id])
    assert f'<span class="label">{house.alpha.name}</span>' in text(manager.get(listed))
    assert house.alpha.name in b"".join(manager.get(f"{listed}?as=csv")).decode()


@pytest.mark.clause("SVTAD 1.23", "14.2")
def test_a_dispute_waits_for_tag_and_not_for_the_participant_that_may_only_withdraw_it(house, sit):
    issue = make_issue(sit, raised_by=house.supplier, severity="4", provider=house.alpha)
    dispute_severity(
        issue=issue, participant_severity="3", reasons="Customers.", raised_by=house.supplier,
        by=house.actor("participant", house.supplier),
    )  # fmt: skip
    response = signed_in(house, "participant", house.supplier).get("/inbox/")
    lists = {name: [each.matter for each in found] for name, found, _ in response.context["lists"]}
    assert lists["Needs you"] == []
    assert lists["Waits for others"] == [Matter.objects.get()]
    needs = {name: found for name, found, _ in signed_in(house, "tag_member").get("/inbox/").context["lists"]}
    assert [each.matter for each in needs["Needs you"]] == [Matter.objects.get()]


@pytest.mark.clause("SVTAD 1.23", "9.6")
def test_a_report_that_was_approved_waits_until_it_is_shared_with_tag(house, sit):
    for provider in (house.alpha, house.beta):
        attach_evidence(
            scope=sit, kind="PROVIDER_REPORT", provider=provider, state="ACCEPTED", file=make_paper(), by=MAKER, at=DAY
        )
    item = attach_evidence(scope=sit, kind="ASSURANCE_REPORT", file=make_paper(), by=MAKER, at=DAY)
    matter = present_assurance_report(item=item, by=MAKER, at=DAY)
    decide(matter, "TAB", "APPROVE", moment=at(days=1))
    found = waiting_in(house.actor("test_manager"), scope_ids=[sit.public_id], moment=at(days=2))
    assert [(each.matter, [step.outcome for step in each.steps]) for each in found] == [(matter, ["SHARE"])]


def test_a_file_of_several_providers_is_no_dead_link_to_one_of_them(house, sit):
    [planned] = house.plan(sit, "TC-1", dmc=make_dmc())
    run = house.run(planned, "PASSED")
    paper = make_paper("everybody.xml")
    attach_run_evidence(runs=[run], file=paper, by=MAKER)
    add_participant(scope=sit, organisation=house.alpha, by=MAKER, at=DAY)
    address, link = reverse("testphases:test", args=[planned.public_id]), f"/governance/files/{paper.public_id}/"
    page = text(signed_in(house, "provider_tester", house.alpha).get(address))
    assert link not in page
    assert "Kept, and not for you to see" in page
    assert link in text(signed_in(house, "test_manager").get(address))


def test_an_import_counts_in_words_that_fit_the_number(house, sit):
    rows = b"external_id,title,kind,functional_group\nT-1,One,FUNCTIONAL,G\nT-2,,FUNCTIONAL,G\n"
    batch = receive_file(
        importer_key="planned_tests", scope_id=sit.public_id, content=rows, name="plan.csv", source="bench", by=MAKER
    )
    preview_batch(batch=batch, by=MAKER)
    Job.objects.update(state=JobState.CANCELLED)  # so that the page shows the preview, and not a wait for the worker
    page = text(signed_in(house, "test_manager").get(reverse("portal:import", args=[batch.public_id])))
    assert "1 error: nothing of this file is imported until all of it is right." in page
    assert [counted(number, "test") for number in (0, 1, 2)] == ["0 tests", "1 test", "2 tests"]
    assert counted(2, "failure or error", "failures and errors") == "2 failures and errors"


def test_an_empty_installation_names_the_first_steps_to_the_administrator(house):
    page = text(signed_in(house, "administrator").get("/"))
    assert "The first steps" in page
    for address in ("governing:documents", "parties:organisations", "parties:people"):
        assert f'<a href="{reverse(address)}">' in page
    assert "The first steps" not in text(signed_in(house, "test_manager").get("/"))


def test_how_many_notices_wait_is_told_to_those_who_look_after_them(house):
    telling = "to be sent by hand"
    assert telling in text(signed_in(house, "administrator").get("/administration/"))
    assert telling in text(signed_in(house, "registrar").get("/administration/"))
    assert telling not in text(signed_in(house, "participant", house.supplier).get("/administration/"))
