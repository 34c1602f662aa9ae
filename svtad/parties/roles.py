"""Roles as classes that list permissions. A permission is a verb on a thing; policies ask for it."""

from __future__ import annotations

from typing import ClassVar

from svtad.parties.models import OrganisationKind as Kind
from svtad.rulebook.vocabulary import Body

#: Every permission in plain words: each finishes "may …".
PERMISSIONS: dict[str, str] = {
    "assess": "judge a phase",
    "attach_evidence": "attach evidence and keep documents",
    "attach_own_evidence": "attach evidence about its own provider",
    "confirm_deputy": "confirm deputies for members of its own organisation",
    "decide_as_panel": "record what the Panel decides",
    "decide_as_tab": "record what TAB decides",
    "decide_as_tag": "record what TAG decides",
    "determine_issue": "determine a Testing Issue's severity and priority",
    "dispute_severity": "dispute a severity",
    "file_audit_report": "file the SIT Audit Report",
    "generate_report": "have a report made",
    "give_view": "remark for itself where its body is consulted",
    "import_issues": "import Testing Issues",
    "import_results": "import test results",
    "manage_calendar": "correct the calendar of Working Days",
    "manage_devices": "keep Device Models and DMCs",
    "manage_people": "administer people, roles, tokens and access",
    "manage_phase": "set up phases and move them on",
    "open_matter": "put any matter before a body",
    "plan_tests": "plan tests",
    "propose": "put the DCC's own matters before a body and record the DCC's steps",
    "raise_issue": "raise a Testing Issue",
    "record_decision": "record what any body decided",
    "see_all_issues": "see every Testing Issue",
    "see_all_phases": "see every phase",
    "see_audit": "read the audit trail",
    "see_own_phases": "see the phases it takes part in",
    "see_reports": "read reports",
    "set_parameter": "set what the documents leave open",
    "work_issue": "move a Testing Issue on",
}

#: Besides `record_decision`, what lets somebody record a step of each body. The Secretary of State, the Authority,
#: a provider and a Supplier Party do not act in the product themselves: the registrar records their steps.
RECORDS_FOR: dict[Body, str] = {
    Body.TAB: "decide_as_tab",
    Body.TAG: "decide_as_tag",
    Body.PANEL: "decide_as_panel",
    Body.DCC: "propose",
    Body.PARTICIPANT: "dispute_severity",
}

#: Members of which kinds of organisation act for a body, where the permission alone does not say it. No Testing
#: Participant is the DCC: it is its severity that they dispute (14.2), and it sends on what they ask of the Secretary
#: of State (14.3).
ACT_FOR: dict[Body, frozenset[Kind]] = {
    Body.TAB: frozenset({Kind.TAB}),
    Body.TAG: frozenset({Kind.TAG}),
    Body.PANEL: frozenset({Kind.PANEL}),
    Body.PARTICIPANT: frozenset({Kind.SUPPLIER_PARTY, Kind.TESTING_PARTICIPANT, Kind.DCC_SERVICE_PROVIDER}),
}


def permissions_to_record(body: str) -> tuple[str, ...]:
    """Return the permissions any one of which lets somebody record a step of `body`."""
    own = RECORDS_FOR.get(Body(body)) if body in Body.__members__ else None
    return ("record_decision", own) if own else ("record_decision",)


class Role:
    """What a member of an organisation may do. `organisations` says which kinds may hold the role."""

    key: ClassVar[str]
    title: ClassVar[str]
    organisations: ClassVar[tuple[str, ...]]
    permissions: ClassVar[frozenset[str]]


_READ_PHASE = frozenset({"see_all_phases", "see_all_issues", "see_reports"})
_RAISE = frozenset({"raise_issue", "dispute_severity"})


class TestManager(Role):
    """The DCC test manager: plans, results, issues, evidence, assessments, reports."""

    key = "test_manager"
    title = "DCC test manager"
    organisations = (Kind.DCC,)
    permissions = (
        _READ_PHASE
        | _RAISE
        | frozenset(
            {
                "plan_tests",
                "import_results",
                "import_issues",
                "determine_issue",
                "work_issue",
                "attach_evidence",
                "assess",
                "generate_report",
                "propose",
                "manage_phase",
                "manage_devices",
            }
        )
    )


class Registrar(Role):
    """The DCC registrar: records what boards, the Panel and the Secretary of State decided."""

    key = "registrar"
    title = "DCC registrar"
    organisations = (Kind.DCC,)
    permissions = _READ_PHASE | frozenset({"record_decision", "open_matter", "attach_evidence", "see_audit"})


class Administrator(Role):
    """Administers people, parameters, the calendar and tokens; decides nothing."""

    key = "administrator"
    title = "Administrator"
    organisations = (Kind.DCC,)
    permissions = _READ_PHASE | frozenset({"manage_people", "set_parameter", "manage_calendar", "see_audit"})


_TAB = _READ_PHASE | frozenset({"assess", "give_view"})
_TAG = _READ_PHASE | frozenset({"give_view"})
_PANEL = _READ_PHASE | frozenset({"give_view"})
#: What a chair has besides: members of the board may name deputies, and the chair confirms them.
_CHAIR = frozenset({"confirm_deputy"})


class TabMember(Role):
    """A member of the Test Assurance Board: gives views."""

    key = "tab_member"
    title = "TAB member"
    organisations = (Kind.TAB,)
    permissions = _TAB


class TabChair(Role):
    """The chair of the Test Assurance Board: decides and records for it."""

    key = "tab_chair"
    title = "TAB chair"
    organisations = (Kind.TAB,)
    permissions = _TAB | _CHAIR | frozenset({"decide_as_tab"})


class TabSecretary(Role):
    """The secretary of the Test Assurance Board: records what it decides."""

    key = "tab_secretary"
    title = "TAB secretary"
    organisations = (Kind.TAB,)
    permissions = _TAB | frozenset({"decide_as_tab"})


class TagMember(Role):
    """A member of the Testing Advisory Group: gives views."""

    key = "tag_member"
    title = "TAG member"
    organisations = (Kind.TAG,)
    permissions = _TAG


class TagChair(Role):
    """The chair of the Testing Advisory Group: decides and records for it."""

    key = "tag_chair"
    title = "TAG chair"
    organisations = (Kind.TAG,)
    permissions = _TAG | _CHAIR | frozenset({"decide_as_tag"})


class TagSecretary(Role):
    """The secretary of the Testing Advisory Group: records what it decides."""

    key = "tag_secretary"
    title = "TAG secretary"
    organisations = (Kind.TAG,)
    permissions = _TAG | frozenset({"decide_as_tag"})


class PanelMember(Role):
    """A member of the Panel: gives views."""

    key = "panel_member"
    title = "Panel member"
    organisations = (Kind.PANEL,)
    permissions = _PANEL


class PanelChair(Role):
    """The chair of the Panel: decides and records for it."""

    key = "panel_chair"
    title = "Panel chair"
    organisations = (Kind.PANEL,)
    permissions = _PANEL | _CHAIR | frozenset({"decide_as_panel"})


class PanelSecretary(Role):
    """The secretary of the Panel: records what it decides."""

    key = "panel_secretary"
    title = "Panel secretary"
    organisations = (Kind.PANEL,)
    permissions = _PANEL | frozenset({"decide_as_panel"})


class ProviderTester(Role):
    """A tester of one DCC Service Provider: its own tests, results and issues."""

    key = "provider_tester"
    title = "DCC Service Provider tester"
    organisations = (Kind.DCC_SERVICE_PROVIDER,)
    permissions = _RAISE | frozenset({"import_results", "see_own_phases", "attach_own_evidence"})


class SitAuditor(Role):
    """The SIT Auditor (clause 19): reads everything of SIT, files the SIT Audit Report."""

    key = "sit_auditor"
    title = "SIT Auditor"
    organisations = (Kind.SIT_AUDITOR,)
    permissions = _READ_PHASE | frozenset({"file_audit_report"})


class Participant(Role):
    """A Testing Participant, a Supplier Party among them: its own Testing Issues and what is published."""

    key = "participant"
    title = "Testing Participant"
    organisations = (Kind.SUPPLIER_PARTY, Kind.TESTING_PARTICIPANT)
    permissions = _RAISE


class TestTooling(Role):
    """A service account of test tooling: posts results, plans and issues over REST."""

    key = "test_tooling"
    title = "Test tooling"
    organisations = (Kind.DCC, Kind.DCC_SERVICE_PROVIDER)
    permissions = frozenset(
        {"import_results", "import_issues", "plan_tests", "raise_issue", "see_own_phases", "assess"}
    )


ROLES: dict[str, type[Role]] = {
    role.key: role
    for role in (
        TestManager,
        Registrar,
        Administrator,
        TabMember,
        TabChair,
        TabSecretary,
        TagMember,
        TagChair,
        TagSecretary,
        PanelMember,
        PanelChair,
        PanelSecretary,
        ProviderTester,
        SitAuditor,
        Participant,
        TestTooling,
    )
}

#: What makes a role one that decides or administers: such a role needs a second factor unless administrators say not.
DECIDING = frozenset({"record_decision", "decide_as_tab", "decide_as_tag", "decide_as_panel"})
ADMINISTERING = frozenset({"manage_people", "set_parameter", "manage_calendar"})


def decides_or_administers(role: type[Role]) -> bool:
    """Return whether who holds `role` records decisions of bodies or administers the product."""
    return bool(role.permissions & (DECIDING | ADMINISTERING))
