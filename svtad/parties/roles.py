"""Roles as classes that list permissions. A permission is a verb on a thing; policies ask for it."""

from __future__ import annotations

from typing import ClassVar

from svtad.parties.models import OrganisationKind as Kind


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


class TabMember(Role):
    """A member of the Test Assurance Board."""

    key = "tab_member"
    title = "TAB member"
    organisations = (Kind.TAB,)
    permissions = _READ_PHASE | frozenset({"assess"})


class TagMember(Role):
    """A member of the Testing Advisory Group."""

    key = "tag_member"
    title = "TAG member"
    organisations = (Kind.TAG,)
    permissions = _READ_PHASE


class PanelMember(Role):
    """A member of the Panel."""

    key = "panel_member"
    title = "Panel member"
    organisations = (Kind.PANEL,)
    permissions = _READ_PHASE


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
        TagMember,
        PanelMember,
        ProviderTester,
        SitAuditor,
        Participant,
        TestTooling,
    )
}
