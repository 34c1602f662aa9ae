"""A made-up life of a SIT: events of every kind, one after the other in time, each by the action that people use."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction

from issues import actions as issue_actions
from issues.models import CountingQuestion, ExclusionProposal, IssueState, SeverityDispute, TestingIssue
from svtad.gates import actions
from svtad.gates.models import EvidenceItem, WorkOffPlan, WorkOffPlanItem
from svtad.governance.actions import add_override
from svtad.governance.models import Matter
from svtad.governing.actions import set_parameter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import EvidenceKind
from testphases import actions as phase_actions
from testphases.models import PlannedTest, TestRun
from tests.factories import MAKER, at, decide, heard, make_issue
from tests.gates.world import Phase

_SEVERITIES = ("1", "2", "3", "3", "3", "4", "4", "5")
_KINDS = (EvidenceKind.TEST_PLAN, EvidenceKind.PROVIDER_REPORT, EvidenceKind.TTM, EvidenceKind.TEST_HEATMAP)


class History:
    """Lives a phase from day 10 on: `happen` makes the next event at the next moment, minutes after the one before."""

    def __init__(self, phase: Phase, *, seed: int) -> None:
        self.phase = phase
        self.chance = random.Random(seed)
        self.moment = at(days=10)
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.kinds: list[tuple[str, Callable[[], Any]]] = [
            ("raise", self._raise), ("raise", self._raise), ("determine", self._determine), ("move", self._move),
            ("move", self._move), ("move", self._move), ("attribute", self._attribute), ("exclude", self._exclude),
            ("dispute", self._dispute), ("count", self._count), ("plan", self._plan), ("run", self._run),
            ("run", self._run), ("run", self._run), ("void", self._void), ("assure", self._assure),
            ("descope", self._descope), ("evidence", self._evidence), ("review", self._review),
            ("withdraw", self._withdraw), ("log", self._log), ("work off", self._work_off), ("item", self._item),
            ("step", self._step), ("step", self._step), ("step", self._step), ("parameter", self._parameter),
            ("holiday", self._holiday), ("take part", self._take_part),
        ]  # fmt: skip

    def happen(self) -> None:
        """Make one event that the product lets happen; what it refuses is tried no further, and another comes."""
        while True:
            self.moment += dt.timedelta(minutes=self.chance.randint(1, 40))
            name, act = self.chance.choice(self.kinds)
            try:
                with transaction.atomic():
                    act()
            except (Refused, InvalidInput, ActionDenied, IndexError) as turned:
                self.refused[f"{name}: {type(turned).__name__}"] += 1
                continue
            self.done[name] += 1
            return

    def _one(self, rows: Any) -> Any:
        """Return any one of the rows. Raises IndexError where there is none."""
        return self.chance.choice(list(rows.order_by("pk")))

    def _raise(self) -> None:
        house = self.phase.house
        scope = self.chance.choice((self.phase.scope, house.scope("SCT", "MOC"), house.scope("SIT", "IOC")))
        make_issue(
            scope, raised_by=house.alpha, severity=self.chance.choice(_SEVERITIES),
            provider=self.chance.choice((house.alpha, house.beta)), moment=self.moment,
        )  # fmt: skip

    def _determine(self) -> None:
        issue_actions.determine_severity(
            issue=self._one(TestingIssue.objects.open()), severity=self.chance.choice(_SEVERITIES), by=MAKER,
            reasons="Looked at again.", at=self.moment,
        )  # fmt: skip

    def _move(self) -> None:
        issue_actions.change_state(
            issue=self._one(TestingIssue.objects.all()), to_state=self.chance.choice(list(IssueState)).value, by=MAKER,
            reasons="So it is.", at=self.moment,
        )  # fmt: skip

    def _attribute(self) -> None:
        issue_actions.attribute(
            issue=self._one(TestingIssue.objects.open()), cause=self.chance.choice(("DCC_SYSTEM", "DEVICE", "DCC")),
            provider=self.chance.choice((self.phase.house.alpha, self.phase.house.beta, None)), by=MAKER,
            reasons="Found out.", at=self.moment,
        )  # fmt: skip

    def _exclude(self) -> None:
        issue_actions.propose_exclusion(
            issue=self._one(TestingIssue.objects.open()), scope=self.phase.scope, rationale="One meter.", by=MAKER,
            at=self.moment,
        )  # fmt: skip

    def _dispute(self) -> None:
        issue_actions.dispute_severity(
            issue=self._one(TestingIssue.objects.open()), participant_severity=self.chance.choice(_SEVERITIES),
            reasons="It is worse.", raised_by=self.phase.house.supplier, by=MAKER, raised_at=self.moment,
            at=self.moment,
        )  # fmt: skip

    def _count(self) -> None:
        issue_actions.ask_counting(
            issue=self._one(TestingIssue.objects.open()), scope=self.phase.scope, by=MAKER, at=self.moment
        )

    def _plan(self) -> None:
        self.phase.plan(
            f"h-{self.moment:%d%H%M%S}", kind=self.chance.choice(("FUNCTIONAL", "REGRESSION")), moment=self.moment
        )

    def _run(self) -> None:
        outcome = self.chance.choice(("PASSED", "PASSED", "FAILED", "SKIPPED", "ERROR"))
        self.phase.run(self._one(PlannedTest.objects.filter(scope=self.phase.scope)), outcome, moment=self.moment)

    def _void(self) -> None:
        runs = TestRun.objects.filter(scope=self.phase.scope, void=None)
        phase_actions.void_run(run=self._one(runs), reason="Wrong build.", by=MAKER, at=self.moment)

    def _assure(self) -> None:
        run = self._one(TestRun.objects.filter(scope=self.phase.scope, outcome="PASSED", void=None))
        phase_actions.assure_runs(scope=self.phase.scope, runs=[run], by=MAKER, at=self.moment)

    def _descope(self) -> None:
        phase_actions.propose_descope(
            scope=self.phase.scope, planned_tests=[self._one(PlannedTest.objects.filter(scope=self.phase.scope))],
            justification="The device is withdrawn.", by=MAKER, at=self.moment,
        )  # fmt: skip

    def _evidence(self) -> None:
        kind = self.chance.choice(_KINDS)
        own = kind in (EvidenceKind.TEST_PLAN, EvidenceKind.PROVIDER_REPORT)
        provider = self.chance.choice((self.phase.house.alpha, self.phase.house.beta)) if own else None
        self.phase.attach(kind, provider=provider, moment=self.moment)

    def _review(self) -> None:
        actions.review_evidence(
            item=self._one(EvidenceItem.objects.filter(scope=self.phase.scope)),
            state=self.chance.choice(("ACCEPTED", "RETURNED", "SIGNED_OFF")), reasons="Read.", by=MAKER, at=self.moment,
        )  # fmt: skip

    def _withdraw(self) -> None:
        items = EvidenceItem.objects.filter(scope=self.phase.scope, withdrawal=None)
        actions.withdraw_evidence(item=self._one(items), reason="Another was meant.", by=MAKER, at=self.moment)

    def _log(self) -> None:
        self.phase.log(moment=self.moment)

    def _work_off(self) -> None:
        provider = self.chance.choice((self.phase.house.alpha, self.phase.house.beta, None))
        actions.draw_up_work_off_plan(scope=self.phase.scope, provider=provider, by=MAKER, at=self.moment)

    def _item(self) -> None:
        items = WorkOffPlanItem.objects.filter(plan__scope=self.phase.scope)
        actions.change_plan_item(item=self._one(items), state="CLOSED", by=MAKER, at=self.moment)

    def _step(self) -> None:
        """Take any step that the procedure of some open matter lists: agree, reject, refer, decide, notify later."""
        held = [ExclusionProposal, SeverityDispute, CountingQuestion, WorkOffPlan]
        subject: Any = self.chance.choice(held)
        matters = Matter.objects.filter(pk__in=subject.objects.values("matter"))
        if self.chance.random() < 0.3:
            matters = Matter.objects.filter(procedure__in=("DESCOPE_SIT", "WORK_OFF_PLAN"))
        matter = self._one(matters)
        step = self.chance.choice(PROCEDURES[matter.procedure].transitions_from(matter.state))
        heard(matter, moment=self.moment)
        said: dict[str, Any] = {"severity": self.chance.choice(_SEVERITIES)}
        said |= {need.key: "Said." for need in step.requires if need.kind == "text" and need.key not in said}
        decide(matter, step.body, step.outcome, moment=self.moment, rationale="Said.", **said)

    def _parameter(self) -> None:
        set_parameter(
            version=self.phase.house.document, key="disputes.severities",
            value=self.chance.choice(("between", "either", "any")), source="Paper", approver="Head",
            effective_from=self.moment.date(), by=MAKER, at=self.moment,
        )  # fmt: skip

    def _holiday(self) -> None:
        day = self.moment.date() + dt.timedelta(days=self.chance.randint(10, 90))
        add_override(
            day=day, is_working_day=False, jurisdiction="ENG", reason="A jubilee", source="The Gazette", by=MAKER,
            audience=audience_of(*GOVERNANCE), at=self.moment,
        )  # fmt: skip

    def _take_part(self) -> None:
        phase_actions.add_participant(
            scope=self.phase.scope, organisation=self.phase.house.supplier, by=MAKER, at=self.moment
        )
