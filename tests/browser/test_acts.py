"""What can be done on pages, done as a form does it: each act takes effect and says so."""

from __future__ import annotations

import datetime as dt
import re
import time

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from issues.models import IssueLog, SeverityDispute, TestingIssue
from svtad.gates.models import EvidenceItem, WorkOffPlan, WorkOffPlanItemChange
from svtad.governance.models import Job, JobState, Matter, NonWorkingDayOverride
from svtad.intake.actions import import_file
from svtad.lib import clock
from svtad.parties.models import Membership, Organisation, Person
from svtad.rulebook.vocabulary import EvidenceKind
from testphases.actions import version_set
from testphases.models import DescopeRequest, RunAssurance, RunEvidence, RunVoid, StageExitVersions, UnmatchedResult
from tests.factories import MAKER, at

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(world):
    """`people("registrar")`: a client of somebody of that role."""
    made: dict[str, Client] = {}

    def get(role: str, organisation: Organisation | None = None) -> Client:
        key = f"{role} {organisation}"
        if key not in made:
            made[key] = Client()
            made[key].force_login(world.person(role, organisation))
        return made[key]

    return get


@pytest.fixture
def manager(people):
    return people("test_manager")


@pytest.fixture
def admin(people):
    return people("administrator")


def went(response, *, to: str = "") -> str:
    """Fail unless the form was taken; return what was said."""
    if response.status_code != 302:
        said = re.findall(
            r'class="(?:errorlist|note bad|prose)[^>]*>(.*?)</(?:ul|div|p)>', response.content.decode(), re.DOTALL
        )
        pytest.fail(f"{response.status_code}: {said}")
    assert to in response["Location"]
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def paper(name: str = "paper.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, b"%PDF-1.7 " + name.encode(), content_type="application/pdf")


def this_second() -> str:
    """Return the next full second as a form sends it, waiting for it: nothing may lie in the future."""
    moment = clock.now()
    time.sleep(1 - moment.microsecond / 1e6)
    return clock.now().astimezone(clock.LONDON).strftime("%Y-%m-%dT%H:%M:%S")


# --- Testing Issues ------------------------------------------------------------------------------------


def test_an_issue_is_raised_determined_moved_reworded_and_linked(world, manager):
    said = went(
        manager.post(
            "/issues/raise/",
            {
                "scope": world.sit.public_id,
                "raised_by": world.house.beta.public_id,
                "title": "Alert is late",
                "description": "By a minute.",
                "occurred_at": "2026-03-04T10:30",
                "dmc": "DMC-A",
            },
        )
    )
    issue = TestingIssue.objects.get(title="Alert is late")
    assert issue.reference in said
    assert issue.occurred_at == dt.datetime(2026, 3, 4, 10, 30, tzinfo=dt.UTC)

    def act(name, **fields):
        data = {f"{name}-{key}": value for key, value in fields.items()}
        return manager.post(reverse("issues:act", args=[issue.public_id, name]), data)

    went(act("determine", severity="4", cause="DCC_SYSTEM", provider=world.house.beta.public_id))
    went(act("move", to_state="IN_FIX", expected_state="DETERMINED"))
    went(act("reword", title="Alert is very late", description="By two minutes."))
    went(act("link", external_test_id="TC-2@DMC-A"))
    issue.refresh_from_db()
    assert (issue.severity, issue.state, issue.provider) == ("4", "IN_FIX", world.house.beta)
    assert issue.title == "Alert is very late"
    assert issue.run_links.count() == 1
    page = manager.get(reverse("issues:issue", args=[issue.public_id])).content.decode()
    assert "TC-2 on DMC-A" in page
    test_page = manager.get(reverse("issues:of-test", args=[world.tests[1].public_id])).content.decode()
    assert issue.reference in test_page
    assert (
        "<html"
        not in manager.get(
            reverse("issues:of-test", args=[world.tests[1].public_id]), headers={"HX-Request": "true"}
        ).content.decode()
    )


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_a_cause_outside_the_dcc_without_reasons_is_shown_beside_its_field(world, manager):
    response = manager.post(
        reverse("issues:act", args=[world.issue.public_id, "determine"]),
        {"determine-severity": "3", "determine-cause": "DEVICE"},
    )
    assert response.status_code == 400
    form = next(act.form for act in response.context["acts"] if act.name == "determine")
    assert form.errors["reasons"]


def test_somebody_else_who_moved_the_issue_meanwhile_is_noticed(world, manager):
    response = manager.post(
        reverse("issues:act", args=[world.issue.public_id, "move"]),
        {"move-to_state": "FIXED", "move-expected_state": "RAISED"},
    )
    assert response.status_code == 409


@pytest.mark.clause("SVTAD 1.23", "14.2")
def test_a_supplier_disputes_a_severity_and_finds_the_matter_at_home(world, people):
    supplier = people("participant")
    went(
        supplier.post(
            reverse("issues:act", args=[world.issue.public_id, "dispute"]),
            {
                "dispute-raised_by": world.house.supplier.public_id,
                "dispute-participant_severity": "2",
                "dispute-reasons": "Customers were cut off.",
            },
        ),
        to="/governance/matters/",
    )
    dispute = SeverityDispute.objects.get()
    assert dispute.matter.reference in supplier.get("/").content.decode()
    assert dispute.matter.reference not in people("participant", world.house.other_supplier).get("/").content.decode()


@pytest.mark.clause("SVTAD 1.23", "9.2", "12.6(e)")
def test_the_issue_log_is_produced_and_kept(world, manager):
    said = went(manager.post("/issues/produce-log/", {"scope": world.sit.public_id}))
    log = IssueLog.objects.get()
    assert f"{log.issue_count} Testing Issues" in said
    assert log.file.name in manager.get(reverse("gates:evidence", args=[world.sit.public_id])).content.decode()


# --- plans, runs and what no plan knows ---------------------------------------------------------------


def test_a_planned_test_is_edited_and_its_versions_stay(world, manager):
    test = world.tests[0]
    address = reverse("testphases:edit-test", args=[test.public_id])
    fields = {"title": "Read the meter", "functional_group": "Reads", "requirement": "R-1", "reason": "Clearer."}
    went(manager.post(address, fields))
    assert [version.title for version in test.versions.order_by("number")] == ["TC-1", "Read the meter"]
    assert manager.post(address, {**fields, "reason": ""}).status_code == 400


@pytest.mark.clause("SVTAD 1.23", "9.5(b)", "12.6(d)")
def test_a_run_is_assured_given_evidence_and_declared_void(world, manager):
    run = world.tests[0].runs.get()
    evidence = reverse("testphases:run-evidence", args=[run.run_key])
    neither = manager.post(evidence, {})
    assert neither.status_code == 400
    went(manager.post(evidence, {f"evidence-{run.pk}-file": paper("trace.log")}))
    assert RunEvidence.objects.get(file__name="trace.log").run == run
    went(manager.post(reverse("testphases:assure-run", args=[run.run_key])))
    assert RunAssurance.objects.filter(run=run).exists()
    went(manager.post(reverse("testphases:void-run", args=[run.run_key]), {f"void-{run.pk}-reason": "Wrong build."}))
    assert RunVoid.objects.get().reason == "Wrong build."
    assert (
        "Void: Wrong build."
        in manager.get(reverse("testphases:test", args=[world.tests[0].public_id])).content.decode()
    )


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_a_descoping_warns_of_what_ran_and_failed_and_opens_its_matter(world, manager):
    address = reverse("testphases:descope", args=[world.sit.public_id])
    chosen = [world.tests[1].public_id, world.tests[2].public_id]
    page = manager.get(address, {"test": chosen}).content.decode()
    assert "1 of them ran and failed." in page
    assert manager.post(address, {"test": chosen, "justification": ""}).status_code == 400
    went(manager.post(address, {"test": chosen, "justification": "The device was withdrawn."}), to="/matters/")
    request = DescopeRequest.objects.get()
    assert request.items.count() == 2
    assert request.matter.state == "PROPOSED"
    assert manager.get(address).status_code == 302, "nothing chosen leads back to the list"


def test_results_known_to_no_plan_are_tried_again_and_dismissed(world, manager):
    content = b"external_id,outcome,occurred_at\nTC-50,PASSED,2026-03-05T10:00:00Z\nTC-51,PASSED,2026-03-05T10:00:00Z\n"
    import_file(
        importer_key="results", scope_id=world.sit.public_id, content=content, name="r.csv", source="plan", by=MAKER
    )
    assert UnmatchedResult.objects.unresolved().count() == 2
    world.house.plan(world.sit, "TC-50")
    resolve = reverse("testphases:resolve", args=[world.sit.public_id])
    assert "1 recorded as runs" in went(manager.post(resolve))
    left = UnmatchedResult.objects.unresolved().get()
    dismiss = reverse("testphases:dismiss", args=[world.sit.public_id])
    assert manager.post(dismiss, {"reason": "Not ours."}).status_code == 400
    went(manager.post(dismiss, {"reason": "Not ours.", "result": left.public_id}))
    assert not UnmatchedResult.objects.unresolved().exists()


@pytest.mark.clause("SVTAD 1.23", "12.4", "12.5")
def test_a_phase_gets_stages_participants_and_exit_versions_and_moves_by_its_gates(world, manager):
    scope = world.sit

    def post(route, *more, **fields):
        return manager.post(reverse(f"testphases:{route}", args=[scope.public_id, *more]), fields)

    went(post("stages", name="Regression"))
    went(post("add-participant", organisation=world.house.gamma.pk))
    went(post("end-participation", world.house.gamma.public_id, reason="Withdrew."))
    frozen = version_set(components={"DSP": "5.2"}, at=at())
    assert post("freeze", version_set=frozen.pk).status_code == 400, "only versions that runs were on are offered"
    assert not StageExitVersions.objects.exists()
    went(post("move", to_state="ENTRY_ASSESSED", reason="Looked at."))
    refused = post("move", to_state="IN_PROGRESS")
    assert refused.status_code == 409
    assert "The Entry Criteria are not met" in refused.content.decode()


# --- evidence, certificates, plans -----------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "9.4", "9.6")
def test_evidence_is_attached_answered_presented_and_withdrawn(world, manager, people):
    address = reverse("gates:evidence", args=[world.sit.public_id])
    provider = people("provider_tester")
    kind = f"?kind={EvidenceKind.PROVIDER_REPORT}"
    went(
        provider.post(
            f"{address}{kind}",
            {"file": paper("alpha.pdf"), "provider": world.house.alpha.public_id, "state": "SUBMITTED"},
        )
    )
    item = EvidenceItem.objects.get()
    returned = reverse("gates:evidence-review", args=[item.public_id])
    assert manager.post(returned, {f"review-{item.pk}-state": "RETURNED"}).status_code == 400
    went(manager.post(returned, {f"review-{item.pk}-state": "ACCEPTED"}))
    went(
        manager.post(
            f"{address}{kind}", {"file": paper("beta.pdf"), "provider": world.house.beta.public_id, "state": "ACCEPTED"}
        )
    )
    went(manager.post(f"{address}?kind={EvidenceKind.ASSURANCE_REPORT}", {"file": paper("assurance.pdf")}))
    assurance = EvidenceItem.objects.get(kind=EvidenceKind.ASSURANCE_REPORT)
    tag = people("tag_member")
    file = reverse("gates:evidence-file", args=[assurance.public_id])
    assert tag.get(file).status_code == 404, "TAG reads it once TAB has approved it"
    went(manager.post(reverse("gates:evidence-present", args=[assurance.public_id])), to="/matters/")
    matter = Matter.objects.get(procedure="ASSURANCE_REPORT")
    went(
        people("registrar").post(
            reverse("governance:decide", args=[matter.public_id, "TAB", "APPROVE"]),
            {"tab-approve-expected_state": "PRESENTED", "tab-approve-decided_at": this_second()},
        )
    )
    assert b"".join(tag.get(file).streaming_content).startswith(b"%PDF")
    withdraw = reverse("gates:evidence-withdraw", args=[item.public_id])
    went(manager.post(withdraw, {f"withdraw-{item.pk}-reason": "Wrong file."}))
    assert "Wrong file." in manager.get(address).content.decode()


@pytest.mark.clause("SVTAD 1.23", "12.5(d)", "19.4")
def test_readiness_and_audit_statements_are_taken_item_by_item(world, manager, people):
    address = reverse("gates:evidence", args=[world.sit.public_id])
    page = manager.get(f"{address}?kind={EvidenceKind.READINESS}")
    resources = list(page.context["form"].resources)
    fields = {f"readiness-{key}": ["in_place", "secure", "ready"] for key in resources[1:]}
    went(manager.post(f"{address}?kind={EvidenceKind.READINESS}", {"file": paper(), "state": "ACCEPTED", **fields}))
    statements = EvidenceItem.objects.get(kind=EvidenceKind.READINESS).statements
    assert statements[resources[0]] == {"in_place": False, "secure": False, "ready": False}
    assert statements[resources[1]] == {"in_place": True, "secure": True, "ready": True}
    auditor = people("sit_auditor")
    audit = f"{address}?kind={EvidenceKind.SIT_AUDIT_REPORT}"
    answers = {f"audit-19.4({letter})": "yes" for letter in "abcde"}
    assert auditor.post(audit, {"file": paper("audit.pdf"), "state": "FINAL", **answers}).status_code == 400
    went(auditor.post(audit, {"file": paper("audit.pdf"), "state": "FINAL", **answers, "audit-19.4(f)": "no"}))
    assert EvidenceItem.objects.get(kind=EvidenceKind.SIT_AUDIT_REPORT).statements["19.4(f)"] is False


@pytest.mark.clause("SVTAD 1.23", "15.1", "12.6(h)")
def test_a_work_off_plan_is_drawn_up_and_its_items_are_worked_off(world, manager, people):
    went(manager.post(reverse("gates:draw-up", args=[world.sit.public_id]), {"provider": world.house.alpha.public_id}))
    plan = WorkOffPlan.objects.get()
    address = reverse("gates:plan", args=[plan.public_id])
    item = reverse("gates:plan-item", args=[plan.public_id, world.issue.public_id])
    row = plan.items.get()
    assert manager.get(address, {"item": world.issue.public_id}).context["form"] is not None
    still_open = manager.post(item, {f"item-{row.pk}-state": "CLOSED"})
    assert still_open.status_code == 409
    assert "close the Testing Issue first" in still_open.content.decode()
    for state in ("FIXED", "RETEST", "CLOSED"):
        went(manager.post(reverse("issues:act", args=[world.issue.public_id, "move"]), {"move-to_state": state}))
    went(manager.post(item, {f"item-{row.pk}-state": "CLOSED"}))
    assert WorkOffPlanItemChange.objects.get().state == "CLOSED"
    decide = reverse("governance:decide", args=[plan.matter.public_id, "TAB", "APPROVE"])
    moment = this_second()
    wrong = people("registrar").post(decide, {"tab-approve-decided_at": moment, "tab-approve-due": "no date here"})
    assert wrong.status_code == 400
    went(
        people("registrar").post(
            decide, {"tab-approve-decided_at": moment, "tab-approve-due": f"{world.issue.reference} 2026-12-18"}
        )
    )
    assert plan.matter.decisions.get().data == {"due": {world.issue.reference: "2026-12-18"}}


def test_a_provider_is_judged_for_its_certificate(world, manager):
    address = reverse("gates:judge-provider", args=[world.sit.public_id, world.house.alpha.public_id])
    went(manager.post(address), to="/phases/judgements/")


# --- the registrar's form -----------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "13.15")
def test_the_registrar_opens_a_matter_that_is_only_recorded(world, people):
    registrar = people("registrar")
    assert registrar.get("/register/").status_code == 200
    went(
        registrar.post("/register/SIT_COMPLETION/", {"scope": world.sit.public_id, "title": "", "rationale": ""}),
        to="/governance/matters/",
    )
    assert Matter.objects.get(procedure="SIT_COMPLETION").scope_id == world.sit.public_id


def test_the_registrar_is_led_to_the_form_of_what_the_matter_is_about(world, people):
    registrar = people("registrar")
    response = registrar.post("/register/EXCLUSION/", {"issue": world.issue.reference.lower()})
    assert response["Location"] == f"/issues/{world.issue.public_id}/?do=exclude#acts"
    assert registrar.post("/register/EXCLUSION/", {"issue": "NO-SUCH"}).status_code == 400
    response = registrar.post("/register/WORK_OFF_PLAN/", {"scope": world.sit.public_id})
    assert response["Location"] == reverse("gates:papers", args=[world.sit.public_id])
    assert registrar.get("/register/NONSENSE/").status_code == 404


# --- administration -----------------------------------------------------------------------------------------


def test_people_get_roles_and_tokens_and_lose_them(world, admin):
    went(admin.post("/people/", {"name": "Ada Quill", "email": "Ada@Example.org", "password": "a very long password"}))
    ada = Person.objects.get(email="ada@example.org")
    went(
        admin.post(f"/people/{ada.public_id}/memberships/", {"organisation": world.house.tab.pk, "role": "tab_member"})
    )
    wrong = admin.post(
        f"/people/{ada.public_id}/memberships/", {"organisation": world.house.tab.pk, "role": "registrar"}
    )
    assert wrong.status_code == 400
    issued = admin.post(f"/people/{ada.public_id}/tokens/", {"days": "30"})
    assert issued.status_code == 200
    token = AuthToken.objects.get(user=ada)
    assert token.token_key in issued.content.decode()
    went(admin.post(f"/people/{ada.public_id}/tokens/{token.token_key}/revoke/"))
    assert not AuthToken.objects.exists()
    went(admin.post(f"/people/memberships/{Membership.objects.get(person=ada).public_id}/end/"))
    assert admin.post(f"/people/{ada.public_id}/disable/", {"reason": ""}).status_code == 400
    went(admin.post(f"/people/{ada.public_id}/disable/", {"reason": "Has left."}))
    went(admin.post(f"/people/{ada.public_id}/enable/"))
    went(admin.post("/people/organisations/", {"kind": "SUPPLIER_PARTY", "code": "newco", "name": "Newco"}))
    assert Organisation.objects.filter(code="newco").exists()
    assert (
        admin.post("/people/organisations/", {"kind": "SUPPLIER_PARTY", "code": "newco", "name": "N"}).status_code
        == 400
    )
    for path in ("/people/?as=csv", f"/people/{ada.public_id}/", "/people/organisations/"):
        assert admin.get(path).status_code == 200


def test_a_person_has_tokens_of_their_own(world, manager):
    person = world.person("test_manager")
    issued = manager.post(f"/people/{person.public_id}/tokens/", {"days": "30"})
    assert "it is kept as a hash only" in issued.content.decode()
    went(manager.post(f"/people/{person.public_id}/tokens/", {"days": "0"}), to="/account/")
    token = AuthToken.objects.get(user=person)
    assert token.token_key in manager.get("/account/").content.decode()
    went(manager.post(f"/people/{person.public_id}/tokens/{token.token_key}/revoke/"), to="/account/")
    other = world.person("tab_member")
    assert manager.post(f"/people/{other.public_id}/tokens/", {"days": "30"}).status_code == 403


def test_the_calendar_is_corrected_and_the_correction_taken_away(world, admin, manager):
    fields = {
        "day": "2026-05-06",
        "is_working_day": "no",
        "jurisdiction": "ENG",
        "reason": "Proclaimed",
        "source": "Gazette",
    }
    went(admin.post("/governance/calendar/holidays/", fields))
    override = NonWorkingDayOverride.objects.get()
    assert override.is_working_day is False
    assert admin.post("/governance/calendar/holidays/", {**fields, "day": "2026-05-09"}).status_code == 400, (
        "a Saturday"
    )
    went(admin.post(f"/governance/calendar/{override.pk}/remove/"))
    assert not NonWorkingDayOverride.objects.current().exists()
    assert manager.post("/governance/calendar/holidays/", fields).status_code == 403
    assert "It is for: Administrator" in manager.get("/governance/calendar/holidays/").content.decode()


def test_a_parameter_is_emptied_with_a_reason(world, admin):
    version, key = world.house.document.public_id, "disputes.severities"
    setting = {
        f"{key}-value": "either",
        f"{key}-source": "Minute 9",
        f"{key}-approver": "TAG",
        f"{key}-effective_from": "2026-01-01",
    }
    went(admin.post(f"/governing/{version}/{key}/set/", setting))
    assert admin.post(f"/governing/{version}/{key}/clear/", {f"clear-{key}-reason": ""}).status_code == 400
    went(admin.post(f"/governing/{version}/{key}/clear/", {f"clear-{key}-reason": "Not agreed after all."}))
    assert "Earlier values" in admin.get(f"/governing/{version}/").content.decode()
    assert admin.post(f"/governing/{version}/nonsense/set/", {}).status_code == 404


def test_a_job_is_watched_in_part_and_taken_back(world, manager):
    upload = SimpleUploadedFile("plan.csv", b"external_id\nTC-9\n", content_type="text/csv")
    went(
        manager.post(f"/imports/?scope={world.sit.public_id}&kind=planned_tests", {"file": upload, "source": "plan"}),
        to="/imports/",
    )
    job = Job.objects.get(kind="import_preview")
    part = manager.get(f"/governance/jobs/{job.public_id}/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="load delay:1s"' in part
    assert job.title in manager.get("/governance/jobs/?state=QUEUED").content.decode()
    went(manager.post(f"/governance/jobs/{job.public_id}/cancel/"))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    ended = manager.get(f"/governance/jobs/{job.public_id}/", headers={"HX-Request": "true"}).content.decode()
    assert "data-reload" in ended
    assert manager.post(f"/governance/jobs/{job.public_id}/cancel/").status_code == 409
