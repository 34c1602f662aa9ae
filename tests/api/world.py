"""One of everything, and how each operation of the API is called on it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from issues.actions import attach_file, link_issues, propose_exclusion
from issues.models import IssueAttachment, IssueLink, TestingIssue
from reports.actions import open_copies
from svtad.gates.actions import assess, attach_evidence, file_report
from svtad.gates.models import Assessment, EvidenceItem, FiledReport, PartyCopies
from svtad.governance.actions import (
    add_item,
    add_override,
    add_paper,
    attach_minutes,
    declare_interest,
    hold_meeting,
    open_matter,
    plan_meeting,
    put_on_agenda,
    set_notice_address,
)
from svtad.governance.models import (
    AgendaItem,
    Decision,
    Delivery,
    Interest,
    Job,
    Matter,
    Meeting,
    NonWorkingDayOverride,
    Notice,
    Paper,
    StoredFile,
    ViewRequest,
)
from svtad.intake.actions import receive_file
from svtad.intake.models import ImportBatch
from svtad.lib.clock import london_date, now
from svtad.parties.actions import issue_token, name_deputy
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Deputyship, Membership, Person
from testphases.models import PlannedTest, TestScope
from testphases.queries import participants
from tests.api.around import AROUND, Around, make_around
from tests.api.calls import Call
from tests.api.issue_calls import ISSUE_CALLS
from tests.factories import MAKER, House, at, decide, make_dmc, make_issue, make_paper
from tests.governance.mailing import give

MORNING = "2026-03-02T09:00:00Z"


@dataclass(frozen=True)
class World:
    """SIT of MOC with a planned test of Alpha's, an issue that a Supplier Party raised, and papers about them."""

    house: House
    sit: TestScope
    test: PlannedTest
    issue: TestingIssue
    matter: Matter
    meeting: Meeting
    asked: ViewRequest
    notice: Notice
    decision: Decision
    paper: StoredFile
    batch: ImportBatch
    job: Job
    assessment: Assessment
    report: FiledReport
    copies: PartyCopies
    person: Person
    token_key: str
    deputyship: Deputyship
    sitting: Meeting
    item: AgendaItem
    handout: Paper
    interest: Interest
    held: Meeting
    taken: AgendaItem
    delivery: Delivery
    override: NonWorkingDayOverride
    submitted: EvidenceItem
    assurance: EvidenceItem
    around: Around
    other_issue: TestingIssue
    link: IssueLink
    attachment: IssueAttachment


def make_world(house: House) -> World:
    """Make one of everything."""
    sit = house.scope("SIT", "MOC")
    make_dmc("DMC-A")
    test, _ = house.plan(sit, "TC-1", "TC-2")
    house.run(test, "FAILED")
    issue = make_issue(
        sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX", external_id="X-1"
    )
    manager, tooling = house.actor("test_manager"), house.actor("test_tooling")
    other, twin = (make_issue(sit, raised_by=house.supplier, provider=house.alpha) for _ in range(2))
    matter = propose_exclusion(issue=issue, scope=sit, rationale="It concerns one device.", by=manager).matter
    completion = open_matter(
        procedure="SIT_COMPLETION",
        document="SVTAD",
        version="1.23",
        title="SIT of MOC",
        audience=matter.audience,
        scope_id=sit.public_id,
        by=manager,
    )
    decision = decide(completion, "DCC", "ANNOUNCE", moment=completion.opened_at, by=manager)
    batch = receive_file(
        importer_key="results",
        scope_id=sit.public_id,
        content=f"external_id,outcome,occurred_at\nTC-1,PASSED,{MORNING}\n".encode(),
        name="results.csv",
        source="jenkins",
        run_id="first",
        by=tooling,
    )
    submitted, assurance = _evidence(house, sit)
    set_notice_address(recipient="AUTHORITY", email="authority@example.org", source="Their letter.", by=MAKER)
    assessment, _ = assess(scope=sit, step="REPORTS", by=manager)
    paper = make_paper()
    report = file_report(
        assessment=assessment, kind="completion_report", file=paper, pages=3, job_id="j" * 22, by=manager
    )
    copies = open_copies(scope=sit, report=report, by=manager)
    job = batch.job
    assert job is not None
    registrar, member = _person(house, "registrar"), _person(house, "tag_member")
    token, _ = issue_token(person=registrar, by=MAKER)
    today = london_date(now())
    deputyship = name_deputy(
        membership=Membership.objects.get(person=member),
        deputy=_person(house, "tab_member"),
        starts_on=today,
        ends_on=today,
        reason="On leave.",
        by=MAKER,
    )
    sitting = plan_meeting(body="TAG", title="TAG 40", starts_at=at(days=7), by=MAKER)
    item = add_item(meeting=sitting, title="Any other business", by=MAKER)
    handout = add_paper(item=item, content=b"In so many words.", name="paper.pdf", by=MAKER)
    held = plan_meeting(body="TAG", title="TAG 39", starts_at=at(days=1), by=MAKER)
    [taken] = put_on_agenda(meeting=held, matters=[matter], by=MAKER)
    hold_meeting(meeting=held, by=MAKER)
    attach_minutes(meeting=held, content=b"It was agreed.", name="minutes.pdf", by=MAKER)
    notice = give(_person(house, "test_manager"))
    return World(
        house=house,
        sit=sit,
        test=test,
        issue=issue,
        matter=matter,
        meeting=plan_meeting(body="TAG", title="TAG 41", starts_at=at(days=14), by=MAKER),
        asked=ViewRequest.objects.get(matter=completion),
        notice=notice,
        decision=decision,
        paper=paper,
        batch=batch,
        job=job,
        assessment=assessment,
        report=report,
        copies=copies,
        person=registrar,
        token_key=token.token_key,
        deputyship=deputyship,
        sitting=sitting,
        item=item,
        handout=handout,
        interest=declare_interest(item=item, name="Ann Example", text="She sells the device.", by=MAKER),
        held=held,
        taken=taken,
        delivery=Delivery.objects.get(notice=notice),
        override=add_override(
            day=dt.date(2027, 3, 3),
            is_working_day=False,
            reason="A day of thanks",
            source="Proclamation",
            audience=audience_of(*GOVERNANCE),
            by=MAKER,
        ),
        submitted=submitted,
        assurance=assurance,
        around=make_around(house, sit),
        other_issue=other,
        link=link_issues(issue=issue, other=twin, kind="DUPLICATE_OF", reasons="The same.", by=MAKER),
        attachment=attach_file(issue=issue, content=b"12:00 no answer", name="bench.log", by=MAKER),
    )


def _evidence(house: House, sit: TestScope) -> tuple[EvidenceItem, EvidenceItem]:
    """A result of Alpha's that waits for the DCC's answer, and an assurance report that TAB has not seen (9.6)."""
    for provider in participants(sit).exclude(kind="DCC"):
        attach_evidence(
            scope=sit, kind="PROVIDER_REPORT", provider=provider, state="ACCEPTED", file=make_paper(), by=MAKER
        )
    report = attach_evidence(scope=sit, kind="ASSURANCE_REPORT", file=make_paper("assurance.pdf"), by=MAKER)
    result = attach_evidence(scope=sit, kind="TEST_RESULT", provider=house.alpha, file=make_paper("log.txt"), by=MAKER)
    return result, report


def _person(house: House, role: str) -> Person:
    return Person.objects.get(public_id=house.actor(role).actor_id)


def _deputy(world: World) -> dict[str, Any]:
    today = london_date(now()).isoformat()
    membership = Membership.objects.get(person=world.person)
    return {
        "membership": membership.public_id,
        "deputy": world.deputyship.deputy.email,
        "starts_on": today,
        "ends_on": today,
        "reason": "On leave.",
    }


def _file(name: str = "results.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, f"external_id,outcome,occurred_at\nTC-2,PASSED,{MORNING}\n".encode())


def _phase(world: World) -> dict[str, str]:
    return {"phase": world.sit.public_id}


def _plan(world: World) -> dict[str, Any]:
    row = {"external_id": "TC-9", "title": "New", "functional_group": "G", "provider": "alpha"}
    return _phase(world) | {"source": "plan", "rows": [row]}


def _taken(world: World) -> dict[str, Any]:
    row = {"item": world.taken.public_id, "outcome": "AGREE", "rationale": "As discussed."}
    return {"decided_at": "2026-03-16T11:00:00Z", "decisions": [row]}


#: Every operation of the API, by its id in the description.
CALLS: dict[str, Call] = {
    "me": Call(lambda w: "/me"),
    "organisations_list": Call(lambda w: "/organisations"),
    "people_list": Call(lambda w: "/people"),
    "people_get": Call(lambda w: f"/people/{w.person.public_id}"),
    "tokens_let_sign": Call(
        lambda w: f"/people/{w.person.public_id}/tokens/{w.token_key}/signing", lambda w: {"reason": "For the minutes."}
    ),
    "deputyships_list": Call(lambda w: "/deputyships"),
    "deputyships_name": Call(lambda w: "/deputyships", _deputy),
    "deputyships_answer": Call(lambda w: f"/deputyships/{w.deputyship.public_id}/answer", lambda w: {"confirm": True}),
    "deputyships_end": Call(lambda w: f"/deputyships/{w.deputyship.public_id}/end", lambda w: {}),
    "access_rules_list": Call(lambda w: "/access-rules"),
    "access_rules_set": Call(
        lambda w: "/access-rules",
        lambda w: {"kind": "OWN_DECISION", "key": "EXCLUSION", "value": True, "reason": "One person is on duty."},
    ),
    "who_may": Call(lambda w: "/who-may", lambda w: {"body": "TAG", "procedure": "EXCLUSION"}),
    "importers_list": Call(lambda w: "/importers"),
    "dmcs_list": Call(lambda w: "/dmcs"),
    "programmes_list": Call(lambda w: "/programmes"),
    "releases_list": Call(lambda w: "/releases"),
    "phases_list": Call(lambda w: "/phases"),
    "phases_get": Call(lambda w: f"/phases/{w.sit.public_id}"),
    "phases_counts": Call(lambda w: f"/phases/{w.sit.public_id}/counts"),
    "phases_open_matter": Call(
        lambda w: f"/phases/{w.sit.public_id}/matters", lambda w: {"procedure": "SIT_COMPLETION"}
    ),
    "phases_dmcs": Call(lambda w: f"/phases/{w.sit.public_id}/dmcs"),
    "deselections_propose": Call(
        lambda w: f"/phases/{w.house.scope('PIT', 'MOC').public_id}/deselections", lambda w: {"dmc": "DMC-A"}
    ),
    "descopings_propose": Call(
        lambda w: f"/phases/{w.sit.public_id}/descopings",
        lambda w: {"planned_tests": [w.test.public_id], "justification": "The device is withdrawn."},
    ),
    "planned_tests_list": Call(lambda w: "/planned-tests", _phase),
    "planned_tests_plan": Call(lambda w: "/planned-tests", _plan),
    "planned_tests_create": Call(lambda w: "/planned-tests", _plan),
    "results_list": Call(lambda w: "/results", _phase),
    "results_create": Call(
        lambda w: "/results",
        lambda w: (
            _phase(w)
            | {
                "source": "jenkins",
                "run_id": "r",
                "rows": [{"external_id": "TC-1", "outcome": "PASSED", "occurred_at": MORNING}],
            }
        ),
    ),
    "unmatched_results_list": Call(lambda w: "/unmatched-results", _phase),
    "imports_list": Call(lambda w: "/imports"),
    "imports_create": Call(
        lambda w: "/imports",
        lambda w: _phase(w) | {"file": _file(), "importer": "results", "source": "jenkins", "run_id": "second"},
        upload=True,
    ),
    "imports_get": Call(lambda w: f"/imports/{w.batch.public_id}"),
    "imports_errors": Call(lambda w: f"/imports/{w.batch.public_id}/errors"),
    "imports_commit": Call(lambda w: f"/imports/{w.batch.public_id}/commit", lambda w: {}),
    "imports_cancel": Call(lambda w: f"/imports/{w.batch.public_id}/cancel", lambda w: {}),
    "issues_list": Call(lambda w: "/issues"),
    "issues_raise": Call(lambda w: "/issues", lambda w: _phase(w) | {"title": "It fails", "raised_by": "supplier"}),
    "issues_get": Call(lambda w: f"/issues/{w.issue.public_id}"),
    "issues_edit": Call(lambda w: f"/issues/{w.issue.public_id}", lambda w: {"title": "It fails at night"}),
    "issues_determine": Call(
        lambda w: f"/issues/{w.issue.public_id}/determination", lambda w: {"severity": "4", "reasons": "Milder."}
    ),
    "issues_move": Call(lambda w: f"/issues/{w.issue.public_id}/state", lambda w: {"state": "FIXED"}),
    "issues_propose_exclusion": Call(
        lambda w: f"/issues/{w.issue.public_id}/exclusions", lambda w: _phase(w) | {"rationale": "Again."}
    ),
    "issues_dispute": Call(
        lambda w: f"/issues/{w.issue.public_id}/disputes",
        lambda w: {"raised_by": "supplier", "severity": "2", "reasons": "It is worse."},
    ),
    "issues_ask_counting": Call(lambda w: f"/issues/{w.issue.public_id}/counting", _phase),
    **ISSUE_CALLS,
    **AROUND,
    "matters_list": Call(lambda w: "/matters"),
    "matters_open": Call(
        lambda w: "/matters", lambda w: {"procedure": "DMCT_ROUTE", "title": "DMC-A: the route of its first entry"}
    ),
    "matters_get": Call(lambda w: f"/matters/{w.matter.public_id}"),
    "decisions_list": Call(lambda w: "/decisions"),
    "decisions_record": Call(
        lambda w: f"/matters/{w.matter.public_id}/decisions",
        lambda w: {"body": "TAG", "outcome": "AGREE", "decided_at": MORNING, "document": w.paper.public_id},
    ),
    "decisions_correct": Call(
        lambda w: f"/decisions/{w.decision.public_id}/correction",
        lambda w: {"outcome": "ANNOUNCE", "decided_at": MORNING, "reason": "The date was wrong."},
    ),
    "views_ask": Call(lambda w: f"/matters/{w.asked.matter.public_id}/views", lambda w: {"body": "TAG"}),
    "views_record": Call(
        lambda w: f"/matters/{w.asked.matter.public_id}/views/{w.asked.public_id}",
        lambda w: {"text": "Each of them is met."},
    ),
    "inbox_list": Call(lambda w: "/inbox"),
    "deadlines_list": Call(lambda w: "/deadlines"),
    "deadlines_would_move": Call(lambda w: "/deadlines/moves"),
    "deadlines_move": Call(lambda w: "/deadlines/moves", lambda w: {"deadlines": [], "reason": "Proclaimed."}),
    "meetings_list": Call(lambda w: "/meetings"),
    "meetings_create": Call(
        lambda w: "/meetings", lambda w: {"body": "TAG", "title": "TAG 42", "starts_at": "2026-03-16T10:00:00Z"}
    ),
    "meetings_get": Call(lambda w: f"/meetings/{w.meeting.public_id}"),
    "meetings_agenda": Call(lambda w: f"/meetings/{w.meeting.public_id}/agenda"),
    "meetings_put": Call(
        lambda w: f"/meetings/{w.meeting.public_id}/agenda", lambda w: {"matters": [w.matter.public_id]}
    ),
    "meetings_change": Call(
        lambda w: f"/meetings/{w.sitting.public_id}/change",
        lambda w: {"title": "TAG 40", "starts_at": "2026-03-16T11:00:00Z"},
    ),
    "meetings_cancel": Call(lambda w: f"/meetings/{w.sitting.public_id}/cancellation", lambda w: {"reason": "Snow."}),
    "meetings_hold": Call(lambda w: f"/meetings/{w.sitting.public_id}/held", lambda w: {}),
    "meetings_members": Call(lambda w: f"/meetings/{w.sitting.public_id}/members"),
    "meetings_record_attendance": Call(
        lambda w: f"/meetings/{w.sitting.public_id}/attendance",
        lambda w: {"attendees": [{"name": "Ann Example", "presence": "PRESENT"}]},
    ),
    "agenda_add": Call(lambda w: f"/meetings/{w.sitting.public_id}/agenda/items", lambda w: {"title": "Dates"}),
    "agenda_order": Call(
        lambda w: f"/meetings/{w.sitting.public_id}/agenda/order", lambda w: {"items": [w.item.public_id]}
    ),
    "agenda_take_off": Call(
        lambda w: f"/meetings/{w.sitting.public_id}/agenda/{w.item.public_id}/removal", lambda w: {"reason": "Later."}
    ),
    "papers_add": Call(
        lambda w: f"/meetings/{w.sitting.public_id}/agenda/{w.item.public_id}/papers",
        lambda w: {"file": _file("paper.pdf")},
        upload=True,
    ),
    "papers_take_back": Call(
        lambda w: f"/meetings/{w.sitting.public_id}/papers/{w.handout.public_id}/removal",
        lambda w: {"reason": "A later one follows."},
    ),
    "minutes_attach": Call(
        lambda w: f"/meetings/{w.held.public_id}/minutes", lambda w: {"file": _file("minutes.pdf")}, upload=True
    ),
    "minutes_approve": Call(
        lambda w: f"/meetings/{w.held.public_id}/minutes/approval", lambda w: {"approved_at": "2026-03-16T11:00:00Z"}
    ),
    "meetings_preview_decisions": Call(lambda w: f"/meetings/{w.held.public_id}/decisions/preview", _taken),
    "meetings_record_decisions": Call(lambda w: f"/meetings/{w.held.public_id}/decisions", _taken),
    "body_rules_list": Call(lambda w: "/body-rules"),
    "body_rules_set": Call(
        lambda w: "/body-rules", lambda w: {"body": "TAG", "quorum": 4, "source": "Terms of reference."}
    ),
    "interests_list": Call(lambda w: "/interests", lambda w: {"item": w.item.public_id}),
    "interests_declare": Call(
        lambda w: "/interests", lambda w: {"matter": w.matter.public_id, "text": "We sell the device."}
    ),
    "interests_withdraw": Call(
        lambda w: f"/interests/{w.interest.public_id}/withdrawal", lambda w: {"reason": "She sold it."}
    ),
    "procedures_list": Call(lambda w: "/procedures"),
    "procedures_referrals": Call(lambda w: "/procedures/referrals"),
    "procedures_get": Call(lambda w: "/procedures/EXCLUSION"),
    "holidays_list": Call(lambda w: "/holidays", lambda w: {"year": "2027"}),
    "overrides_list": Call(lambda w: "/holidays/overrides"),
    "overrides_add": Call(
        lambda w: "/holidays/overrides",
        lambda w: {"day": "2027-03-04", "is_working_day": False, "reason": "Another", "source": "Proclamation"},
    ),
    "overrides_remove": Call(
        lambda w: "/holidays/overrides/removal", lambda w: {"day": w.override.day.isoformat(), "jurisdiction": "ENG"}
    ),
    "calendar_month": Call(lambda w: "/calendar", lambda w: {"month": "2026-03"}),
    "outbox_state": Call(lambda w: "/outbox"),
    "outbox_list": Call(lambda w: "/deliveries"),
    "deliveries_by_hand": Call(
        lambda w: f"/deliveries/{w.delivery.public_id}/by-hand",
        lambda w: {"how": "By letter.", "sent_at": MORNING, "document": w.paper.public_id},
    ),
    "deliveries_retry": Call(lambda w: f"/deliveries/{w.delivery.public_id}/retry", lambda w: {}),
    "deliveries_withdraw": Call(
        lambda w: f"/deliveries/{w.delivery.public_id}/withdrawal", lambda w: {"reason": "A slip."}
    ),
    "notices_withdraw": Call(lambda w: f"/notices/{w.notice.public_id}/withdrawal", lambda w: {"reason": "A slip."}),
    "notice_timing_get": Call(lambda w: "/notice-timing"),
    "notice_timing_set": Call(lambda w: "/notice-timing", lambda w: {"timing": "DAILY"}),
    "notice_addresses_list": Call(lambda w: "/notice-addresses"),
    "notice_addresses_set": Call(
        lambda w: "/notice-addresses", lambda w: {"recipient": "SOS", "email": "sos@example.org", "source": "Letter."}
    ),
    "notice_addresses_end": Call(
        lambda w: "/notice-addresses/end", lambda w: {"recipient": "AUTHORITY", "source": "They asked."}
    ),
    "notices_list": Call(lambda w: "/notices"),
    "notices_get": Call(lambda w: f"/notices/{w.notice.public_id}"),
    "notices_read": Call(lambda w: f"/notices/{w.notice.public_id}/read", lambda w: {}),
    "files_create": Call(lambda w: "/files", lambda w: {"file": _file("minutes.pdf")}, upload=True),
    "files_get": Call(lambda w: f"/files/{w.paper.public_id}"),
    "files_content": Call(lambda w: f"/files/{w.paper.public_id}/content"),
    "jobs_list": Call(lambda w: "/jobs"),
    "jobs_get": Call(lambda w: f"/jobs/{w.job.public_id}"),
    "jobs_cancel": Call(lambda w: f"/jobs/{w.job.public_id}"),
    "assessments_list": Call(lambda w: "/assessments", _phase),
    "assessments_make": Call(lambda w: "/assessments", lambda w: _phase(w) | {"step": "REPORTS"}),
    "assessments_latest": Call(lambda w: "/assessments/latest", lambda w: _phase(w) | {"step": "REPORTS"}),
    "assessments_get": Call(lambda w: f"/assessments/{w.assessment.public_id}"),
    "assessments_facts": Call(lambda w: f"/assessments/{w.assessment.public_id}/facts"),
    "assessments_what_if": Call(lambda w: f"/assessments/{w.assessment.public_id}/what-if", lambda w: {"changes": []}),
    "assessments_fewest": Call(lambda w: f"/assessments/{w.assessment.public_id}/fewest"),
    "assessments_pending": Call(lambda w: f"/assessments/{w.assessment.public_id}/pending"),
    "evidence_list": Call(lambda w: f"/phases/{w.sit.public_id}/evidence"),
    "evidence_attach": Call(
        lambda w: f"/phases/{w.sit.public_id}/evidence",
        lambda w: {"file": _file("log.txt"), "kind": "TEST_RESULT", "provider": "alpha"},
        upload=True,
    ),
    "evidence_get": Call(lambda w: f"/evidence/{w.submitted.public_id}"),
    "evidence_content": Call(lambda w: f"/evidence/{w.submitted.public_id}/content"),
    "evidence_review": Call(lambda w: f"/evidence/{w.submitted.public_id}/review", lambda w: {"state": "ACCEPTED"}),
    "evidence_withdraw": Call(
        lambda w: f"/evidence/{w.submitted.public_id}/withdrawal", lambda w: {"reason": "Another was meant."}
    ),
    "evidence_present": Call(lambda w: f"/evidence/{w.assurance.public_id}/presentation", lambda w: {}),
    "rulebook_judge": Call(
        lambda w: "/rulebook/judge", lambda w: {"facts": json.loads(w.assessment.facts), "step": "REPORTS"}
    ),
    "rulebook_schema": Call(lambda w: "/rulebook/schema"),
    "packs_list": Call(lambda w: "/packs"),
    "packs_request": Call(lambda w: "/packs", lambda w: {"assessment": w.assessment.public_id}),
    "copies_given": Call(lambda w: "/copies"),
    "copies_lists": Call(lambda w: f"/phases/{w.sit.public_id}/copies"),
    "copies_begin": Call(lambda w: f"/phases/{w.sit.public_id}/copies", lambda w: {}),
    "copies_share": Call(lambda w: f"/copies/{w.copies.public_id}/share"),
    "copies_bring": Call(
        lambda w: f"/copies/{w.copies.public_id}/brought",
        lambda w: {"report": "SIT_AUDIT_REPORT", "file": w.paper.public_id},
    ),
    "copies_make": Call(lambda w: f"/copies/{w.copies.public_id}/making"),
    "reports_list": Call(lambda w: "/reports"),
    "reports_request": Call(lambda w: "/reports", lambda w: {"assessment": w.assessment.public_id}),
    "reports_get": Call(lambda w: f"/reports/{w.report.public_id}"),
    "reports_content": Call(lambda w: f"/reports/{w.report.public_id}/content"),
}
