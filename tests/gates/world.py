"""A SIT that is ready for its reports, and the steps from there, each by ordinary use of the product."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

from issues.actions import produce_issue_log
from svtad.devices.models import DeviceModelCombination
from svtad.gates import actions
from svtad.gates.models import Assessment, EvidenceItem, TestCompletionCertificate, WorkOffPlan
from svtad.gates.queries import findings_of, latest_assessment
from svtad.governance.actions import open_matter, store_file
from svtad.governance.models import Matter, StoredFile
from svtad.intake.models import ImportBatch
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Organisation
from svtad.rulebook.facts import Facts
from svtad.rulebook.findings import Finding, Judgement
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import Step
from testphases import actions as phase_actions
from testphases.actions import PlanRow, RunRow
from testphases.models import PlannedTest, TestRun, TestScope
from tests.factories import MAKER, House, at, decide, make_dmc, make_issue

BUILD = {"S1SP": "5.2"}
READY = {"in_place": True, "secure": True, "ready": True}
READINESS = {name: dict(READY) for name in ("laboratories", "devices", "tools", "stubs", "environments", "data")}
AUDIT = {f"19.4({letter})": True for letter in "abcdef"}
_numbers = itertools.count(1)


def paper(name: str = "paper.pdf", *, moment: dt.datetime | None = None) -> StoredFile:
    """Store a document that nobody has stored before."""
    return store_file(
        content=f"%PDF {name} {next(_numbers)}".encode(),
        name=name,
        media_type="application/pdf",
        purpose="evidence",
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=moment or at(days=5),
    )


@dataclass
class Phase:
    """SIT of MOC after PIT of MOC, with Alpha and Beta taking part."""

    house: House
    scope: TestScope
    pit: TestScope
    dmc: DeviceModelCombination
    batch: ImportBatch

    def plan(self, *ids: str, kind: str = "FUNCTIONAL", provider: str = "alpha", moment: dt.datetime | None = None):
        """Plan tests on the phase's DMC and return them."""
        rows = [
            PlanRow(external_id=name, kind=kind, dmc=self.dmc.reference, provider=provider, functional_group="Join")
            for name in ids
        ]
        phase_actions.plan_tests(scope=self.scope, rows=rows, by=MAKER, at=moment or at(days=1))
        return [PlannedTest.objects.get(scope=self.scope, definition__external_id=name) for name in ids]

    def run(self, test: PlannedTest, outcome: str = "PASSED", *, moment: dt.datetime | None = None) -> TestRun:
        """Record a run on the stage exit build, with the statement that it needs no file."""
        number = next(_numbers)
        row = RunRow(
            position=number,
            names=(),
            outcome=outcome,
            occurred_at=moment or at(days=2),
            planned_test_id=test.pk,
            components=BUILD,
            no_file_needed="The log line is the result.",
        )
        phase_actions.record_runs(
            scope=test.scope,
            rows=[row],
            source="test",
            run_id=f"r{number}",
            batch=self.batch,
            by=MAKER,
            at=moment or at(days=2),
        )
        return TestRun.objects.filter(planned_test=test).latest("id")

    def log(self, *, moment: dt.datetime | None = None) -> None:
        """Produce the Testing Issue log."""
        produce_issue_log(scope=self.scope, by=MAKER, at=moment or at(days=4))

    def attach(self, kind: str, *, provider: Organisation | None = None, scope: TestScope | None = None, **more):
        """Attach a new document as evidence."""
        moment = more.pop("moment", at(days=6))
        return actions.attach_evidence(
            scope=scope or self.scope,
            kind=kind,
            file=more.pop("file", None) or paper(f"{kind.lower()}.pdf", moment=moment),
            provider=provider,
            by=more.pop("by", MAKER),
            at=moment,
            **more,
        )

    def reports(self, *, moment: dt.datetime | None = None) -> EvidenceItem:
        """Attach the accepted 9.4 reports and the assurance report, approved by TAB; return the latter."""
        moment = moment or at(days=6)
        for provider in (self.house.alpha, self.house.beta):
            self.attach("PROVIDER_REPORT", provider=provider, state="ACCEPTED", moment=moment)
        item = self.attach("ASSURANCE_REPORT", moment=moment)
        actions.present_assurance_report(item=item, by=MAKER, at=moment)
        decide(item.matter, "TAB", "APPROVE", moment=moment)
        return item

    def assess(self, step: str = "PANEL", *, provider: Organisation | None = None, **more) -> Assessment:
        """Judge the phase at a step now."""
        assessment, _ = actions.assess(scope=self.scope, step=step, provider=provider, by=MAKER, **more)
        return assessment

    def certify(self, provider: Organisation) -> TestCompletionCertificate:
        """Judge a provider for its certificate, draft it, have TAB approve it and the DCC issue it."""
        self.assess("CERTIFICATES", provider=provider)
        certificate = actions.draft_certificate(scope=self.scope, provider=provider, by=MAKER, at=at(days=7))
        decide(certificate.matter, "TAB", "APPROVE", moment=at(days=7))
        decide(certificate.matter, "DCC", "ISSUE", moment=at(days=7), document=paper("tcc.pdf"))
        return certificate

    def plan_work(self, provider: Organisation | None = None, *, approve: bool = True, **data) -> WorkOffPlan:
        """Draw up a Work Off Plan and have TAB approve it."""
        plan = actions.draw_up_work_off_plan(scope=self.scope, provider=provider, by=MAKER)
        if approve:
            decide(plan.matter, "TAB", "APPROVE", moment=plan.recorded_at, **data)
        return plan

    def completion_matter(self) -> Matter:
        """Open the Panel's matter (13.15)."""
        return open_matter(
            procedure="SIT_COMPLETION",
            document="SVTAD",
            version="1.23",
            title="SIT of MOC is complete",
            scope_id=self.scope.public_id,
            audience=audience_of(*GOVERNANCE),
            by=MAKER,
            at=at(days=8),
        )


def make_phase(house: House) -> Phase:
    """Make it: two functional tests of Alpha, one of Beta and a regression test, all passed; the log produced."""
    pit = house.scope("PIT", "MOC")
    scope = house.scope("SIT", "MOC")
    TestScope.objects.filter(pk=scope.pk).update(state="IN_PROGRESS")
    scope.refresh_from_db()
    batch = ImportBatch.objects.create(
        importer="hand",
        scope_id=scope.public_id,
        file=paper("results.xml", moment=at(days=1)),
        source="test",
        audience=audience_of(*GOVERNANCE),
        recorded_at=at(days=1),
        recorded_by="Test",
    )
    phase = Phase(house=house, scope=scope, pit=pit, dmc=make_dmc("D1"), batch=batch)
    tests = [
        *phase.plan("a-1", "a-2"),
        *phase.plan("b-1", provider="beta"),
        *phase.plan("r-1", kind="REGRESSION"),
    ]
    frozen = phase_actions.version_set(components=BUILD, label="5.2", at=at(days=1))
    phase_actions.freeze_stage_exit_versions(scope=scope, version_set=frozen, by=MAKER, at=at(days=1))
    for test in tests:
        phase.run(test)
    phase.log()
    return phase


def fill_up(phase: Phase) -> Phase:
    """Bring Alpha to its limit at severity 3: fifteen open issues, and one more is too many."""
    for _ in range(15):
        make_issue(
            phase.scope, raised_by=phase.house.alpha, severity="3", provider=phase.house.alpha, moment=at(days=3)
        )
    return phase


def verdicts(judged: Assessment | Judgement) -> dict[str, str]:
    """Return {criterion: verdict} of a judgement."""
    if isinstance(judged, Assessment):
        return {row.criterion: row.verdict for row in judged.findings.all()}
    return {finding.key: finding.verdict.value for finding in judged.findings}


def judged(facts: Facts, step: Step = Step.PANEL) -> Judgement:
    """Judge facts at a step."""
    return judge(facts, step=step)


def last(scope: TestScope, step: str) -> Assessment:
    """Return the last judgement of the present; there must be one."""
    assessment = latest_assessment(scope, step)
    assert assessment is not None
    return assessment


def finding(assessment: Assessment, key: str) -> Finding:
    """Return one finding of a stored judgement."""
    return next(row for row in findings_of(assessment) if row.key == key)
