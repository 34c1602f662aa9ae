"""Proposing that an issue should not count (13.20, 13.21), and what each answer does."""

from __future__ import annotations

import datetime as dt

import pytest

from issues.actions import change_state, propose_exclusion
from issues.models import ExclusionProposal, TestingIssue
from issues.queries import exclusions_at, issue_list
from svtad.audit.models import AuditEvent
from svtad.governance.actions import open_matter
from svtad.governance.handlers import handler_for
from svtad.governance.models import Matter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.rulebook.vocabulary import ExclusionState
from testphases.actions import create_scope
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide, make_document, make_issue

CLAUSE = "SVTAD 1.23"


@pytest.fixture
def issue(house, sit) -> TestingIssue:
    return make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")


def propose(issue, scope, *, day: float = 1, by=MAKER, rationale="One device only") -> ExclusionProposal:
    return propose_exclusion(issue=issue, scope=scope, rationale=rationale, by=by, at=at(days=day))


@pytest.mark.clause(CLAUSE, "13.20")
def test_a_proposal_states_its_rationale_and_is_open_to_tab_tag_and_panel(house, sit, issue):
    proposal = propose(issue, sit, by=house.actor("test_manager"))
    matter = proposal.matter
    assert (matter.procedure, matter.state, matter.rationale) == ("EXCLUSION", "PROPOSED", "One device only")
    assert (matter.document, matter.version, matter.scope_id) == ("SVTAD", "1.23", sit.public_id)
    for role in ("tab_member", "tag_member", "panel_member", "test_manager", "sit_auditor"):
        assert matter in Matter.objects.visible_to(house.actor(role)), role
    for outsider in ("participant", "provider_tester"):
        assert matter not in Matter.objects.visible_to(house.actor(outsider))
        assert proposal not in ExclusionProposal.objects.visible_to(house.actor(outsider))
    assert proposal in ExclusionProposal.objects.visible_to(house.actor("tag_member"))
    assert AuditEvent.objects.get(action="propose_exclusion").audience_id == matter.audience_id


@pytest.mark.clause(CLAUSE, "13.20")
@pytest.mark.parametrize("rationale", ["", "  \n "])
def test_a_proposal_without_rationale_is_not_taken(sit, issue, rationale):
    with pytest.raises(InvalidInput) as raised:
        propose(issue, sit, rationale=rationale)
    assert [error.field for error in raised.value.errors] == ["rationale"]
    assert Matter.objects.count() == 0


@pytest.mark.clause(CLAUSE, "13.20")
@pytest.mark.parametrize(("kind", "taken"), [("SIT", True), ("INTERFACE", True), ("PIT", False), ("SCT", False)])
def test_an_issue_can_be_excluded_in_sit_and_interface_testing_only(house, kind, taken):
    scope = house.scope(kind)
    issue = make_issue(scope, raised_by=house.dcc, severity="3", provider=house.alpha)
    if taken:
        assert propose(issue, scope).matter.state == "PROPOSED"
        return
    with pytest.raises(Refused) as refused:
        propose(issue, scope)
    assert refused.value.clause == "SVTAD 13.20"


def test_nothing_is_excluded_under_a_document_of_which_no_edition_is_held(house):
    scope = create_scope(release=house.releases["FOC"], kind="SIT", governed_by=make_document("1.5"), by=MAKER, at=at())
    with pytest.raises(Refused):
        propose(make_issue(scope, raised_by=house.dcc), scope)


@pytest.mark.clause(CLAUSE, "13.20", "13.18")
def test_an_issue_is_excluded_where_it_counts_and_nowhere_else(house, sit, issue):
    assert propose(issue, house.scope("SIT", "FOC")).scope.release.code == "FOC"  # carried over
    for stranger in (house.scope("SIT", "IOC"), house.scope("INTERFACE", "MOC")):
        with pytest.raises(Refused, match="does not count"):
            propose(issue, stranger)
    sct = make_issue(house.scope("SCT", "MOC"), raised_by=house.dcc, severity="3", provider=house.alpha)
    assert propose(sct, sit).scope == sit  # it may come to count there (13.22)


@pytest.mark.parametrize("state", ["CLOSED", "REJECTED"])
def test_a_closed_issue_is_not_proposed_for_exclusion(house, sit, state):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state=state, reasons="Why")
    with pytest.raises(Refused):
        propose(issue, sit)


@pytest.mark.clause(CLAUSE, "13.20", "13.21")
def test_one_proposal_at_a_time_and_none_once_it_is_final(house, sit, issue):
    first = propose(issue, sit)
    with pytest.raises(Refused, match=first.matter.reference):
        propose(issue, sit, day=2)
    decide(first.matter, "TAG", "REJECT", moment=at(days=2))
    second = propose(issue, sit, day=3)  # the text is silent on asking again
    with pytest.raises(Refused, match="proposed anew"):
        decide(first.matter, "DCC", "REFER", moment=at(days=4), material_impact="MOC slips")
    assert Matter.objects.get(pk=first.matter_id).state == "TAG_REJECTED"
    decide(second.matter, "TAG", "REJECT", moment=at(days=4))
    decide(second.matter, "DCC", "REFER", moment=at(days=4), material_impact="MOC slips")
    with pytest.raises(Refused, match="open"):
        propose(issue, sit, day=5)
    decide(second.matter, "SOS", "DISMISS", moment=at(days=6))
    with pytest.raises(Refused) as refused:
        propose(issue, sit, day=7)
    assert refused.value.clause == "SVTAD 13.21"


@pytest.mark.clause(CLAUSE, "13.20")
def test_an_excluded_issue_is_not_proposed_again_but_may_be_in_a_later_release(house, sit, issue):
    decide(propose(issue, sit).matter, "TAG", "AGREE", moment=at(days=2))
    with pytest.raises(Refused, match="excluded"):
        propose(issue, sit, day=3)
    propose(issue, house.scope("SIT", "FOC"), day=3)


@pytest.mark.clause(CLAUSE, "13.20", "13.21")
def test_an_exclusion_takes_effect_when_tag_agrees_and_not_before(house, sit, issue):
    proposal = propose(issue, sit)
    # TAG agreed on day 2; it was recorded on day 3.
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=2), recorded=at(days=3))

    def state(day: float) -> list[tuple[str, bool]]:
        return [(row.state.value, row.excludes) for row in exclusions_at(sit, at(days=day))]

    assert state(0.5) == []
    assert state(2.5) == [("PROPOSED", False)]
    assert state(3) == [("TAG_AGREED", True)]
    [row] = exclusions_at(sit, None)
    assert (row.issue_reference, row.rationale, row.matter_reference) == (
        issue.reference,
        "One device only",
        proposal.matter.reference,
    )
    assert exclusions_at(house.scope("SIT", "FOC"), None) == []


@pytest.mark.clause(CLAUSE, "13.21")
def test_the_way_to_the_secretary_of_state_is_read_back_at_every_moment(house, sit, issue):
    proposal = propose(issue, sit)
    decide(proposal.matter, "TAG", "REJECT", moment=at(days=1, hours=1))
    decide(proposal.matter, "DCC", "REFER", moment=at(days=2), material_impact="MOC slips")
    decide(proposal.matter, "SOS", "UPHOLD", moment=at(days=5))
    states = [exclusions_at(sit, at(days=day))[0].state for day in (1, 1.5, 3, 5)]
    assert states == ["PROPOSED", "TAG_REJECTED", "REFERRED", "SOS_UPHELD"]
    assert [state.excludes for state in states] == [False, False, False, True]


@pytest.mark.clause(CLAUSE, "13.21")
def test_the_last_day_of_referral_is_five_working_days_after_tags_decision(house, sit):
    # Thursday 18 April 2019, Easter: the last day is Monday 29 April.
    def rejected_and_referred(day: dt.datetime) -> None:
        issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha)
        proposal = propose(issue, sit)
        Matter.objects.filter(pk=proposal.matter_id).update(recorded_at=thursday, opened_at=thursday)
        decide(proposal.matter, "TAG", "REJECT", moment=thursday)
        decide(proposal.matter, "DCC", "REFER", moment=day, material_impact="MOC slips")

    thursday = dt.datetime(2019, 4, 18, 10, tzinfo=dt.UTC)
    rejected_and_referred(dt.datetime(2019, 4, 29, 16, tzinfo=dt.UTC))
    with pytest.raises(Refused, match="29 April 2019"):
        rejected_and_referred(dt.datetime(2019, 4, 30, 9, tzinfo=dt.UTC))


@pytest.mark.clause(CLAUSE, "13.20", "13.21")
def test_the_proposal_that_excludes_is_the_one_shown(house, sit, issue):
    first = propose(issue, sit)
    decide(first.matter, "TAG", "REJECT", moment=at(days=2))
    second = propose(issue, sit, day=3)
    assert exclusions_at(sit, None)[0].matter_pk == second.matter_id
    decide(second.matter, "TAG", "AGREE", moment=at(days=4))
    [row] = exclusions_at(sit, None)
    assert (row.matter_pk, row.state) == (second.matter_id, ExclusionState.TAG_AGREED)
    assert exclusions_at(sit, at(days=2.5))[0].matter_pk == first.matter_id


@pytest.mark.clause(CLAUSE, "13.18", "13.20")
def test_everything_that_counts_the_issue_is_told_of_each_step(house, sit, issue):
    foc, ioc, pit = house.scope("SIT", "FOC"), house.scope("SIT", "IOC"), house.scope("PIT", "MOC")
    FactsChanged.objects.all().delete()

    def told() -> set[str]:
        names = {row.scope.name for row in FactsChanged.objects.select_related("scope")}
        FactsChanged.objects.all().delete()
        return names

    proposal = propose(issue, sit)
    assert told() == {sit.name, foc.name}
    decide(proposal.matter, "TAG", "AGREE", moment=at(days=2))
    assert told() == {sit.name, foc.name}
    change_state(issue=issue, to_state="FIXED", by=MAKER, at=at(days=3))
    assert told() == {sit.name, foc.name}
    assert {ioc.name, pit.name} & told() == set()


@pytest.mark.clause(CLAUSE, "13.22")
def test_sit_is_told_of_what_happens_to_an_sct_issue(house, sit):
    sct = house.scope("SCT", "MOC")
    house.scope("SIT", "FOC")
    FactsChanged.objects.all().delete()
    make_issue(sct, raised_by=house.dcc)
    assert {row.scope.name for row in FactsChanged.objects.select_related("scope")} == {sct.name, sit.name}


@pytest.mark.parametrize(
    "role", ["administrator", "tab_member", "tag_member", "panel_member", "sit_auditor",
             "provider_tester", "participant", "test_tooling"]
)  # fmt: skip
@pytest.mark.clause(CLAUSE, "13.20")
def test_only_the_dcc_proposes(house, sit, issue, role):
    with pytest.raises(ActionDenied):
        propose(issue, sit, by=house.actor(role))
    assert Matter.objects.count() == 0


def test_the_registrar_opens_a_proposal_for_the_dcc(house, sit, issue):
    assert propose(issue, sit, by=house.actor("registrar")).matter.state == "PROPOSED"


def test_the_list_shows_what_is_excluded(house, sit, issue):
    other = make_issue(sit, raised_by=house.dcc)
    decide(propose(issue, sit).matter, "TAG", "AGREE", moment=at(days=2))
    propose(other, sit)
    assert list(issue_list({"excluded": "yes"}, actor=MAKER)) == [issue]
    assert list(issue_list({"excluded": "no"}, actor=MAKER)) == [other]
    elsewhere = house.scope("SIT", "FOC").public_id
    assert list(issue_list({"excluded": "yes", "scope": [sit.public_id, elsewhere]}, actor=MAKER)) == [issue]
    assert list(issue_list({"excluded": "yes", "scope": elsewhere}, actor=MAKER)) == []


def test_a_matter_names_its_issue_and_one_without_an_issue_is_not_decided(house, sit, issue):
    proposal = propose(issue, sit)
    handler = handler_for("EXCLUSION")
    assert handler is not None
    assert issue.reference in handler.describe(proposal.matter)
    assert issue.public_id in handler.url(proposal.matter)
    loose = open_matter(
        procedure="EXCLUSION", document="SVTAD", version="1.23", title="Some issue", rationale="x",
        audience=proposal.matter.audience, by=MAKER, at=at(days=1),
    )  # fmt: skip
    assert (handler.describe(loose), handler.url(loose)) == ("Some issue", "")
    with pytest.raises(Refused, match="names no Testing Issue"):
        decide(loose, "TAG", "AGREE", moment=at(days=2))
    assert Matter.objects.get(pk=loose.pk).state == "PROPOSED"
