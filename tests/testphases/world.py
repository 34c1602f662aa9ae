"""A small SIT with two DCC Service Providers, for tests: everything made through the actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from svtad.devices import actions as device_actions
from svtad.devices.models import DeviceModelCombination
from svtad.governance.actions import record_decision
from svtad.governance.files import store_file
from svtad.governing.models import DocumentVersion, GoverningDocument
from svtad.parties.actors import BODY_KEYS, Actor, system_actor
from svtad.parties.models import Organisation, OrganisationKind
from svtad.parties.roles import ROLES
from testphases import actions
from testphases.actions import PlanRow, RunRow
from testphases.models import CapabilityRelease, DescopeRequest, PlannedTest, TestRun, TestScope

#: The morning on which everything here begins.
DAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def at(*, days: float = 0, hours: float = 0, minutes: float = 0) -> dt.datetime:
    """Return a moment after DAY."""
    return DAY + dt.timedelta(days=days, hours=hours, minutes=minutes)


def actor(role: str, organisation: Organisation) -> Actor:
    """Return somebody who holds `role` in `organisation`."""
    kind = OrganisationKind(organisation.kind)
    keys = {"public", f"org:{organisation.public_id}"} | ({BODY_KEYS[kind]} if kind in BODY_KEYS else set())
    return Actor(
        kind="PERSON",
        actor_id=f"{role}-{organisation.code}"[:22],
        label=f"{role} of {organisation.code}",
        organisation_pks=frozenset({organisation.pk}),
        organisation_kinds=frozenset({organisation.kind}),
        audience_keys=frozenset(keys),
        permissions=ROLES[role].permissions,
        roles=frozenset({role}),
    )


@dataclass
class World:
    """What the tests of plans and runs stand on."""

    scope: TestScope
    release: CapabilityRelease
    document: DocumentVersion
    dcc: Organisation
    alpha: Organisation
    beta: Organisation
    dmcs: dict[str, DeviceModelCombination]
    system: Actor = field(default_factory=lambda: system_actor("Test"))
    _position: int = 0

    @property
    def manager(self) -> Actor:
        """The DCC test manager."""
        return actor("test_manager", self.dcc)

    def tester(self, organisation: Organisation) -> Actor:
        """A tester of a DCC Service Provider."""
        return actor("provider_tester", organisation)

    def plan(
        self, *ids: str, dmc: str = "D1", provider: str = "alpha", moment: dt.datetime = DAY, **more: Any
    ) -> list[PlannedTest]:
        """Plan tests of these ids and return them in that order."""
        rows = [PlanRow(external_id=name, dmc=dmc, provider=provider, **more) for name in ids]
        actions.plan_tests(scope=self.scope, rows=rows, by=self.system, at=moment)
        found = PlannedTest.objects.filter(scope=self.scope, dmc=self.dmcs[dmc] if dmc else None)
        return [found.filter(definition__external_id=name).latest("pk") for name in ids]

    def plan_one(self, name: str, **more: Any) -> PlannedTest:
        """Plan one test and return the newest planned test of that name."""
        rows = [PlanRow(external_id=name, **({"dmc": "D1", "provider": "alpha"} | more))]
        actions.plan_tests(scope=self.scope, rows=rows, by=self.system, at=DAY)
        return PlannedTest.objects.filter(scope=self.scope, definition__external_id=name).latest("pk")

    def test(self, name: str, *, dmc: str = "D1") -> PlannedTest:
        """Return the planned test of that id on that DMC ("" for none)."""
        return PlannedTest.objects.get(
            scope=self.scope, definition__external_id=name, dmc=self.dmcs[dmc] if dmc else None
        )

    def run(
        self,
        test: PlannedTest,
        outcome: str = "PASSED",
        *,
        occurred: dt.datetime | None = None,
        recorded: dt.datetime | None = None,
        components: dict[str, str] | None = None,
        no_file_needed: str = "",
    ) -> TestRun:
        """Record one run of a planned test and return it."""
        self._position += 1
        moment = recorded or occurred or at(hours=1)
        row = RunRow(
            position=self._position,
            names=(),
            outcome=outcome,
            occurred_at=occurred or moment,
            planned_test_id=test.pk,
            components=components,
            no_file_needed=no_file_needed,
        )
        result = actions.record_runs(
            scope=test.scope, rows=[row], source="hand", run_id="runs", by=self.system, at=moment
        )
        assert result.recorded == 1
        return TestRun.objects.filter(scope=test.scope).latest("id")

    def approve_descoping(
        self, test: PlannedTest, *, now: dt.datetime, effective: dt.datetime | None = None
    ) -> DescopeRequest:
        """Propose that a test be de-scoped and record every decision up to the Secretary of State's approval."""
        request = actions.propose_descope(
            scope=self.scope, planned_tests=[test], justification="No such device left.", by=self.system, at=now
        )
        letter = store_file(
            content=b"letter", name="letter.txt", media_type="text/plain", purpose="decision",
            audience=actions.scope_audience(scope=self.scope), by=self.system, at=now,
        )  # fmt: skip
        for body, outcome in (("TAB", "APPROVE"), ("DCC", "REFER"), ("SOS", "APPROVE")):
            record_decision(
                matter=request.matter, body=body, outcome=outcome, decided_at=now, document=letter,
                effective_at=effective or now, by=self.system, at=now,
            )  # fmt: skip
        return request


def make_organisation(code: str, kind: str) -> Organisation:
    """Make an organisation of a kind."""
    return Organisation.objects.create(code=code, name=f"{code.title()} Ltd", kind=kind, recorded_at=DAY)


def make_document() -> DocumentVersion:
    """Make SVTAD v1.23."""
    document, _ = GoverningDocument.objects.get_or_create(code="SVTAD", defaults={"title": "SVTAD", "recorded_at": DAY})
    version, _ = DocumentVersion.objects.get_or_create(
        document=document, version="1.23", defaults={"edition": "svtad_1_23", "recorded_at": DAY}
    )
    return version


def make_dmcs(references: Iterable[str]) -> dict[str, DeviceModelCombination]:
    """Make DMCs of these references."""
    return {
        reference: device_actions.create_dmc(reference=reference, name=f"DMC {reference}", by=system_actor(), at=DAY)
        for reference in references
    }


def make_world(*, kind: str = "SIT", state: str = "IN_PROGRESS") -> World:
    """Make a phase of IOC under SVTAD v1.23 in which Alpha and Beta take part."""
    by = system_actor("Test")
    document = make_document()
    programme = actions.create_programme(code="smets1", name="SMETS1", by=by, at=DAY)
    release = actions.create_release(
        programme=programme, code="IOC", name="Initial Operating Capability", position=1, by=by, at=DAY
    )
    scope = actions.create_scope(release=release, kind=kind, governed_by=document, by=by, at=DAY)
    alpha = make_organisation("alpha", OrganisationKind.DCC_SERVICE_PROVIDER)
    beta = make_organisation("beta", OrganisationKind.DCC_SERVICE_PROVIDER)
    for organisation in (alpha, beta):
        actions.add_participant(scope=scope, organisation=organisation, by=by, at=DAY)
    # Entry is the gates app's to judge; here the phase simply stands where the test wants it.
    TestScope.objects.filter(pk=scope.pk).update(state=state)
    scope.refresh_from_db()
    return World(
        scope=scope,
        release=release,
        document=document,
        dcc=make_organisation("dcc", OrganisationKind.DCC),
        alpha=alpha,
        beta=beta,
        dmcs=make_dmcs(("D1", "D2")),
    )
