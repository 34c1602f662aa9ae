"""What tests stand on, made the way the product makes it: through the actions, never past them.

    house = make_house()                     # SVTAD v1.23, IOC and MOC, every organisation, a person a role
    sit = house.scope("SIT", "MOC")          # made when first asked for, Alpha and Beta take part
    issue = make_issue(sit, raised_by=house.alpha, severity="3", provider=house.beta, state="IN_FIX")
    change_state(issue=issue, to_state="FIXED", by=house.actor("test_manager"), at=at(days=3))

Every function takes what it needs and makes up the rest; numbers make names unique. Everything happens
on `DAY` unless `at` says otherwise. `house.actor(role)` is somebody of that role in the organisation
that usually has it, `house.actor(role, organisation)` in that one: real people with real memberships.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field

from issues import actions as issue_actions
from issues.models import IssueState, TestingIssue
from issues.policies import path_between
from svtad.devices import actions as device_actions
from svtad.devices.models import DeviceModelCombination
from svtad.governance import actions as governance_actions
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.governing import actions as governing_actions
from svtad.governing.models import DocumentVersion, EnteredCriterion
from svtad.parties import actions as party_actions
from svtad.parties.actors import Actor, actor_for, system_actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Organisation, OrganisationKind, Person
from svtad.rulebook.vocabulary import Body
from testphases import actions as phase_actions
from testphases.actions import PlanRow, RunRow
from testphases.models import CapabilityRelease, PlannedTest, Programme, TestRun, TestScope

#: The morning on which everything here begins.
DAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
#: Whoever made the world: no policy turns it away.
MAKER = system_actor("Test")
_numbers = itertools.count(1)


def at(*, days: float = 0, hours: float = 0, minutes: float = 0) -> dt.datetime:
    """Return a moment after DAY."""
    return DAY + dt.timedelta(days=days, hours=hours, minutes=minutes)


def make_organisation(kind: str = OrganisationKind.DCC_SERVICE_PROVIDER, code: str = "") -> Organisation:
    """Make an organisation of a kind."""
    code = code or f"org-{next(_numbers)}"
    return party_actions.create_organisation(kind=kind, code=code, name=f"{code.upper()} Ltd", by=MAKER, at=DAY)


def make_person(role: str, organisation: Organisation, *, password: str | None = None) -> Person:
    """Make somebody who holds `role` in `organisation` from DAY on; test tooling is a service account."""
    number = next(_numbers)
    person = party_actions.create_person(
        email=f"{role}.{number}@example.org",
        name=f"{role.replace('_', ' ').title()} {number}",
        password=password,
        is_service_account=role == "test_tooling",
        by=MAKER,
        at=DAY,
    )
    party_actions.add_membership(
        person=person, organisation=organisation, role=role, starts_on=DAY.date(), by=MAKER, at=DAY
    )
    return person


def make_actor(role: str, organisation: Organisation) -> Actor:
    """Make a person of that role and return who they are a day later."""
    return actor_for(make_person(role, organisation), at=at(days=1))


def make_document(version: str = "1.23") -> DocumentVersion:
    """Return a version of the SVTAD; of 1.23 an edition is held."""
    edition = "svtad_1_23" if version == "1.23" else ""
    return governing_actions.ensure_document_version(
        code="SVTAD", title="SMETS1 SVTAD", version=version, edition=edition, by=MAKER, at=DAY
    )


def make_approach(
    code: str, criteria: dict[str, list[str]] | None = None, *, version: str = "1.0", moment: dt.datetime = DAY
) -> tuple[DocumentVersion, list[EnteredCriterion]]:
    """Make an approach document that is approved and in effect from `moment`, with Exit Criteria by kind of phase."""
    made = governing_actions.ensure_document_version(
        code=code, title=f"{code} document", version=version, by=MAKER, at=moment
    )
    day = moment.date()
    governing_actions.record_standing(
        version=made, route="APPROVED", decided_on=day, effective_from=day, source="Letter.", by=MAKER, at=moment
    )
    entered = [
        governing_actions.enter_criterion(
            version=made, phase_kind=kind, gate="EXIT", clause=f"9.{place}", text=text, by=MAKER, at=moment
        )
        for kind, texts in (criteria or {}).items()
        for place, text in enumerate(texts, start=1)
    ]
    return made, entered


def make_dmc(reference: str = "") -> DeviceModelCombination:
    """Make a Device Model Combination."""
    reference = reference or f"DMC-{next(_numbers)}"
    return device_actions.create_dmc(reference=reference, name=f"Combination {reference}", by=MAKER, at=DAY)


def make_issue(
    scope: TestScope,
    *,
    raised_by: Organisation,
    title: str = "",
    severity: str = "",
    priority: str | None = None,
    provider: Organisation | None = None,
    cause: str = "",
    reasons: str = "",
    state: str = "",
    moment: dt.datetime = DAY,
    **more: object,
) -> TestingIssue:
    """Raise an issue and bring it to where it is wanted, by listed moves, all at `moment`.

    A provider without a cause means DCC_SYSTEM. `reasons` serve the attribution and a rejection.
    `more` goes to `raise_issue`.
    """
    issue = issue_actions.raise_issue(
        scope=scope,
        title=title or f"Issue {next(_numbers)}",
        raised_by=raised_by,
        by=MAKER,
        at=moment,
        **more,  # type: ignore[arg-type]
    )
    if severity:
        issue_actions.determine_severity(issue=issue, severity=severity, priority=priority, by=MAKER, at=moment)
    cause = cause or ("DCC_SYSTEM" if provider else "")
    if cause:
        issue_actions.attribute(issue=issue, cause=cause, provider=provider, reasons=reasons, by=MAKER, at=moment)
    if state and state != IssueState.RAISED:
        path = path_between(IssueState.RAISED, state)
        assert path is not None, state
        for step in path:
            issue_actions.change_state(issue=issue, to_state=step, reasons=reasons, by=MAKER, at=moment)
    return issue


def make_paper(name: str = "minutes.pdf", *, moment: dt.datetime = DAY) -> StoredFile:
    """Store a document of a decision. The test sets MEDIA_ROOT (`settings.MEDIA_ROOT = tmp_path`)."""
    return governance_actions.store_file(
        content=f"%PDF {name} {next(_numbers)}".encode(),
        name=name,
        media_type="application/pdf",
        purpose="decision",
        audience=audience_of(*GOVERNANCE),
        by=MAKER,
        at=moment,
    )


def decide(
    matter: Matter,
    body: str,
    outcome: str,
    *,
    moment: dt.datetime,
    notified: dt.datetime | None = None,
    recorded: dt.datetime | None = None,
    by: Actor = MAKER,
    document: StoredFile | None = None,
    rationale: str = "As discussed.",
    **data: object,
) -> Decision:
    """Record a decision taken at `moment`: notified (default: then) and recorded (default: when notified)."""
    notified = notified or moment
    if document is None and body == Body.SOS:
        document = make_paper("letter.pdf", moment=moment)
    return governance_actions.record_decision(
        matter=matter,
        body=body,
        outcome=outcome,
        decided_at=moment,
        notified_at=notified,
        rationale=rationale,
        document=document,
        data=data,
        by=by,
        at=recorded or notified,
    )


def heard(matter: Matter, *, moment: dt.datetime, by: Actor = MAKER) -> None:
    """Record a view of everybody who was asked for one on the matter and has not given it."""
    for request in matter.view_requests.exclude(views__is_remark=False):
        governance_actions.record_view(request=request, text="It was discussed.", given_at=moment, by=by, at=moment)


#: Which organisation usually has a role.
_HOME = {
    "test_manager": "dcc",
    "registrar": "dcc",
    "administrator": "dcc",
    "test_tooling": "dcc",
    "tab_member": "tab",
    "tab_chair": "tab",
    "tab_secretary": "tab",
    "tag_member": "tag",
    "tag_chair": "tag",
    "tag_secretary": "tag",
    "panel_member": "panel",
    "panel_chair": "panel",
    "panel_secretary": "panel",
    "sit_auditor": "auditor",
    "provider_tester": "alpha",
    "participant": "supplier",
}


@dataclass
class House:
    """A programme under SVTAD v1.23 and everybody in it.

    `alpha` and `beta` are DCC Service Providers that take part in its phases, `gamma` one that does
    not; `supplier` and `other_supplier` are Supplier Parties.
    """

    document: DocumentVersion
    programme: Programme
    releases: dict[str, CapabilityRelease]
    dcc: Organisation
    tab: Organisation
    tag: Organisation
    panel: Organisation
    auditor: Organisation
    alpha: Organisation
    beta: Organisation
    gamma: Organisation
    supplier: Organisation
    other_supplier: Organisation
    _scopes: dict[tuple[str, str], TestScope] = field(default_factory=dict, init=False)
    _actors: dict[tuple[str, int], Actor] = field(default_factory=dict, init=False)

    def scope(self, kind: str = "SIT", release: str = "MOC") -> TestScope:
        """Return the release's phase of that kind, making it with Alpha and Beta taking part."""
        if (kind, release) not in self._scopes:
            made = phase_actions.create_scope(
                release=self.releases[release], kind=kind, governed_by=self.document, by=MAKER, at=DAY
            )
            for organisation in (self.alpha, self.beta):
                phase_actions.add_participant(scope=made, organisation=organisation, by=MAKER, at=DAY)
            self._scopes[kind, release] = made
        return self._scopes[kind, release]

    def home_of(self, role: str) -> Organisation:
        """Return the organisation that usually has that role."""
        home: Organisation = getattr(self, _HOME[role])
        return home

    def actor(self, role: str, organisation: Organisation | None = None) -> Actor:
        """Return somebody of that role, the same one each time."""
        home = organisation or self.home_of(role)
        if (role, home.pk) not in self._actors:
            self._actors[role, home.pk] = make_actor(role, home)
        return self._actors[role, home.pk]

    def plan(self, scope: TestScope, *ids: str, dmc: DeviceModelCombination | None = None) -> list[PlannedTest]:
        """Plan tests of these ids for Alpha on one DMC or none, and return them in that order."""
        rows = [PlanRow(external_id=name, dmc=dmc.reference if dmc else "", provider=self.alpha.code) for name in ids]
        phase_actions.plan_tests(scope=scope, rows=rows, by=MAKER, at=DAY)
        planned = PlannedTest.objects.filter(scope=scope, dmc=dmc)
        return [planned.get(definition__external_id=name) for name in ids]

    def run(self, test: PlannedTest, outcome: str = "FAILED", *, moment: dt.datetime = DAY) -> TestRun:
        """Record one run of a planned test and return it."""
        number = next(_numbers)
        row = RunRow(position=number, names=(), outcome=outcome, occurred_at=moment, planned_test_id=test.pk)
        phase_actions.record_runs(
            scope=test.scope, rows=[row], source="test", run_id=f"run-{number}", by=MAKER, at=moment
        )
        return TestRun.objects.filter(planned_test=test).latest("id")


def make_house() -> House:
    """Make the programme, its releases IOC, MOC and FOC, and all its organisations."""
    programme = phase_actions.create_programme(code=f"smets1-{next(_numbers)}", name="SMETS1", by=MAKER, at=DAY)
    releases = {
        code: phase_actions.create_release(
            programme=programme, code=code, name=f"{code} release", position=position, by=MAKER, at=DAY
        )
        for position, code in enumerate(("IOC", "MOC", "FOC"), start=1)
    }
    kinds = {
        "dcc": OrganisationKind.DCC,
        "tab": OrganisationKind.TAB,
        "tag": OrganisationKind.TAG,
        "panel": OrganisationKind.PANEL,
        "auditor": OrganisationKind.SIT_AUDITOR,
        "alpha": OrganisationKind.DCC_SERVICE_PROVIDER,
        "beta": OrganisationKind.DCC_SERVICE_PROVIDER,
        "gamma": OrganisationKind.DCC_SERVICE_PROVIDER,
        "supplier": OrganisationKind.SUPPLIER_PARTY,
        "other_supplier": OrganisationKind.SUPPLIER_PARTY,
    }
    organisations = {code: make_organisation(kind, code) for code, kind in kinds.items()}
    return House(document=make_document(), programme=programme, releases=releases, **organisations)
