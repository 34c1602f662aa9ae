"""Who is told by which clause: the procedure's words become people and organisations, and nobody else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from svtad.governance import actions
from svtad.governance.models import Channel, Delivery, DeliveryState, Matter, Notice
from svtad.governance.models.notices import NO_ADDRESS, NOBODY_HERE
from svtad.governance.queries import recipients
from svtad.governance.queries.notices import due_notices
from svtad.governance.queries.recipients import ANOTHERS_OWN, UNKNOWN_HERE, register_finder
from svtad.parties import actions as party_actions
from svtad.parties.actors import ANONYMOUS
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import OrganisationKind, Person
from svtad.rulebook.deadlines import Basis, Window
from svtad.rulebook.procedures import PROCEDURES, NoticeDue, Recipient
from tests.factories import DAY, MAKER, House, at, decide, make_house, make_organisation, make_person
from tests.opening import wanted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

SVTAD = "SVTAD 1.23"


@pytest.fixture
def house() -> House:
    """Everybody, with somebody in each board and in both Supplier Parties."""
    made = make_house()
    for role in ("tab_member", "tag_member", "panel_member", "registrar", "test_manager", "administrator"):
        made.actor(role)
    made.actor("test_tooling")
    made.actor("participant")
    made.actor("participant", made.other_supplier)
    return made


def person(house: House, role: str, organisation=None) -> Person:
    return Person.objects.get(public_id=house.actor(role, organisation).actor_id)


def matter_of(procedure: str = "EXCLUSION", *, audience=None, **more) -> Matter:
    values: dict[str, Any] = {
        "procedure": procedure,
        "document": "SVTAD",
        "version": "1.23",
        "title": "About one device",
        "rationale": "Because of the rain.",
        "audience": audience or audience_of(*GOVERNANCE),
        "by": MAKER,
        "at": at(),
    }
    given = values | more
    made_up = wanted(given["procedure"], audience=given["audience"], at=given["at"])
    return actions.open_matter(**(made_up | given))


def queue(matter: Matter, on: str = "OPEN", decision=None) -> list[Notice]:
    moment = decision.recorded_at if decision is not None else at()
    return actions.queue_due_notices(matter=matter, on=on, decision=decision, by=MAKER, at=moment)


def keys_of(notice: Notice) -> set[str]:
    return set(notice.deliveries.values_list("recipient", flat=True))


def keys(*people: Person) -> set[str]:
    return {f"person:{each.public_id}" for each in people}


@pytest.mark.clause(SVTAD, "13.20")
def test_clause_13_20_a_proposed_exclusion_is_told_to_tab_tag_and_the_panel_with_its_rationale(house):
    (notice,) = queue(matter_of())
    assert keys_of(notice) == keys(*(person(house, role) for role in ("tab_member", "tag_member", "panel_member")))
    assert (notice.clause, notice.to, notice.is_required) == ("13.20", ["TAB", "TAG", "PANEL"], True)
    assert "Because of the rain." in notice.text
    assert set(notice.deliveries.values_list("channel", "state")) == {(Channel.EMAIL, DeliveryState.QUEUED)}


@pytest.mark.clause(SVTAD, "9.6")
def test_clause_9_6_an_approved_assurance_report_is_told_to_tag_when_tab_approves_it(house):
    matter = matter_of("ASSURANCE_REPORT")
    assert queue(matter) == []
    decide(matter, "DCC", "PRESENT", moment=at(hours=1), document=paper())
    approved = decide(matter, "TAB", "APPROVE", moment=at(hours=2))
    found = [notice for notice in queue(matter, "APPROVE", approved) if notice.clause == "9.6"]
    assert [keys_of(notice) for notice in found] == [keys(person(house, "tag_member"))]
    assert found[0].decision == approved


def paper():
    from tests.factories import make_paper

    return make_paper()


@pytest.mark.clause(SVTAD, "13.15(a)")
def test_clause_13_15_a_that_sit_is_held_complete_is_told_to_sos_authority_panel_and_every_party(house):
    matter = matter_of("SIT_COMPLETION", title="SIT of MOC")
    announced = decide(matter, "DCC", "ANNOUNCE", moment=at(hours=1), rationale="For the Panel's eyes.")
    notice = next(each for each in queue(matter, "ANNOUNCE", announced) if each.clause == "13.15(a)")
    people = keys(
        person(house, "panel_member"),
        person(house, "participant"),
        person(house, "participant", house.other_supplier),
    )
    assert keys_of(notice) == people | {"SOS", "AUTHORITY", "PARTIES"}
    by_hand = notice.deliveries.exclude(by_hand="")
    assert set(by_hand.values_list("recipient", "by_hand")) == {
        (key, NO_ADDRESS) for key in ("SOS", "AUTHORITY", "PARTIES")
    }
    assert "SIT of MOC" in notice.text
    assert "For the Panel's eyes." not in notice.text, "Parties do not see the matter"
    for organisation in (house.supplier, house.other_supplier):
        assert notice in Notice.objects.visible_to(house.actor("participant", organisation))
        assert matter not in Matter.objects.visible_to(house.actor("participant", organisation))


def test_asking_twice_writes_nothing_more(house):
    matter = matter_of()
    first = queue(matter)
    before = Delivery.objects.count()
    assert queue(matter) == first
    assert (Notice.objects.count(), Delivery.objects.count()) == (1, before)


def test_a_decision_taken_again_is_told_again(house):
    matter = matter_of("SIT_COMPLETION")
    first = decide(matter, "DCC", "ANNOUNCE", moment=at(hours=1))
    made = queue(matter, "ANNOUNCE", first)
    second = decide(matter, "PANEL", "NOT_MET", moment=at(hours=2), criteria=["12.6(a)"])
    assert queue(matter, "ANNOUNCE", first) == made
    assert second.pk != first.pk
    assert Notice.objects.filter(decision=first).count() == len(made)


def with_notice(monkeypatch, procedure: str = "SEVERITY_DISPUTE", **more) -> NoticeDue:
    """Let the procedure demand one more notice, so that a rule can be looked at by itself."""
    rule = NoticeDue(**{"on": "OPEN", "clause": "99.9", "what": "What was opened"} | more)
    monkeypatch.setitem(PROCEDURES, procedure, replace(PROCEDURES[procedure], notices=(rule,)))
    return rule


def dispute_of(organisation) -> Matter:
    return matter_of(
        "SEVERITY_DISPUTE",
        audience=audience_of(*GOVERNANCE, org_key(organisation)),
        raised_by=organisation.code,
        proposer="PARTICIPANT",
        title="QZX title",
        rationale="QZX reasons",
    )


@pytest.mark.parametrize(
    "to", [Recipient.PARTIES, Recipient.SUPPLIERS, Recipient.USERS, Recipient.SUPPLIERS_OF_DMC], ids=str
)
def test_a_suppliers_own_matter_never_reaches_another_supplier(house, monkeypatch, to):
    with_notice(monkeypatch, to=(Recipient.TAG, to))
    if to is Recipient.SUPPLIERS_OF_DMC:
        monkeypatch.setitem(recipients._finders, to, lambda matter, moment: [house.supplier, house.other_supplier])
    (notice,) = queue(dispute_of(house.supplier))
    assert keys_of(notice) == keys(person(house, "tag_member"), person(house, "participant")) | {str(to)}
    held = notice.deliveries.get(recipient=to)
    assert (held.by_hand, held.waits_for_hand) == (ANOTHERS_OWN, True)
    foreign = house.actor("participant", house.other_supplier)
    assert notice not in Notice.objects.visible_to(foreign)
    assert not Delivery.objects.visible_to(foreign).exists()
    assert notice in Notice.objects.visible_to(house.actor("participant"))
    # Nor does an address that is set for the others later.
    if to in (Recipient.PARTIES, Recipient.USERS):
        actions.set_notice_address(recipient=to, email="all@example.org", source="SECAS", by=MAKER, at=at())
        held.refresh_from_db()
        assert (held.by_hand, held.address) == (ANOTHERS_OWN, "")


def test_a_suppliers_own_matter_is_not_published(house, monkeypatch):
    with_notice(monkeypatch, to=(Recipient.TAG, Recipient.PUBLIC))
    (notice,) = queue(dispute_of(house.supplier))
    assert not notice.is_published
    assert not Notice.objects.visible_to(ANONYMOUS).exists()
    assert notice.deliveries.get(recipient="PUBLIC").by_hand == ANOTHERS_OWN


def test_what_is_for_the_public_is_published_without_the_reasons(house, monkeypatch):
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.TAG, Recipient.PUBLIC))
    (notice,) = queue(matter_of("TAD_APPROVAL"))
    assert (notice.is_published, notice.published_at) == (True, at())
    assert list(Notice.objects.visible_to(ANONYMOUS)) == [notice]
    assert "rain" not in notice.text


def test_the_title_of_a_matter_about_an_issue_is_not_told_to_those_who_may_not_see_it(house, monkeypatch):
    with_notice(monkeypatch, "EXCLUSION", to=(Recipient.PARTIES,))
    (notice,) = queue(matter_of(title="Supplier's meter fails"))
    assert "meter" not in notice.what + notice.text


def test_whoever_brought_a_matter_is_told_and_nobody_else(house, monkeypatch):
    with_notice(monkeypatch, to=(Recipient.PROPOSER,))
    (notice,) = queue(dispute_of(house.other_supplier))
    assert keys_of(notice) == keys(person(house, "participant", house.other_supplier))
    assert "QZX reasons" in notice.text
    with_notice(monkeypatch, "EXCLUSION", to=(Recipient.PROPOSER,))
    (notice,) = queue(matter_of())
    assert keys_of(notice) == keys(person(house, "registrar"), person(house, "test_manager")), "not the administrator"


def test_a_matter_whose_bringer_is_not_known_is_told_by_hand(house, monkeypatch):
    with_notice(monkeypatch, to=(Recipient.PROPOSER,))
    matter = matter_of("SEVERITY_DISPUTE", proposer="PARTICIPANT")
    (notice,) = queue(matter)
    assert list(notice.deliveries.values_list("recipient", "by_hand")) == [("PROPOSER", UNKNOWN_HERE)]


def test_the_suppliers_of_a_dmc_are_those_that_the_app_which_knows_names(house, monkeypatch):
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.SUPPLIERS_OF_DMC,))
    monkeypatch.setattr(recipients, "_finders", {})
    (unknown,) = queue(matter_of("TAD_APPROVAL"))
    assert list(unknown.deliveries.values_list("recipient", "by_hand")) == [("SUPPLIERS_OF_DMC", UNKNOWN_HERE)]
    register_finder(Recipient.SUPPLIERS_OF_DMC, lambda found, moment: [house.other_supplier])
    (notice,) = queue(matter_of("TAD_APPROVAL"))
    assert keys_of(notice) == keys(person(house, "participant", house.other_supplier))
    assert notice not in Notice.objects.visible_to(house.actor("participant"))


def test_a_board_or_a_supplier_without_anybody_here_is_told_by_hand(house, monkeypatch):
    empty = make_organisation(OrganisationKind.SUPPLIER_PARTY, "empty")
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.SUPPLIERS, Recipient.SECAS, Recipient.AUTHORITY))
    (notice,) = queue(matter_of("TAD_APPROVAL"))
    held = dict(notice.deliveries.exclude(by_hand="").values_list("recipient", "by_hand"))
    assert held == {org_key(empty): NOBODY_HERE, "SECAS": NO_ADDRESS, "AUTHORITY": NO_ADDRESS}


def test_a_body_that_is_not_here_at_all_is_told_by_hand(monkeypatch):
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.TAB,))
    (notice,) = queue(matter_of("TAD_APPROVAL"))
    assert list(notice.deliveries.values_list("recipient", "name", "by_hand")) == [
        ("TAB", "Test Assurance Board", NOBODY_HERE)
    ]


def test_those_who_hold_no_role_any_more_service_accounts_and_the_disabled_are_not_told(house, monkeypatch):
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.TAG,))
    gone, out = make_person("tag_member", house.tag), make_person("tag_member", house.tag)
    later = make_person("tag_member", house.tag)
    party_actions.end_membership(membership=gone.memberships.get(), by=MAKER, at=DAY)
    party_actions.disable_person(person=out, by=MAKER, reason="Left.", at=DAY)
    later.memberships.update(starts_on=DAY.date() + dt.timedelta(days=3))
    (notice,) = queue(matter_of("TAD_APPROVAL"))
    assert keys_of(notice) == keys(person(house, "tag_member"))


def test_somebody_in_two_bodies_is_told_once(house, monkeypatch):
    both = make_person("tag_member", house.tag)
    party_actions.add_membership(
        person=both, organisation=house.tab, role="tab_member", starts_on=DAY.date(), by=MAKER, at=DAY
    )
    (notice,) = queue(matter_of())
    assert notice.deliveries.filter(person=both).count() == 1


def test_the_last_day_is_reckoned_where_the_clause_states_a_window(house, monkeypatch):
    window = Window(key="t", clause="99.9", working_days=5, basis=Basis.DECISION, text="within 5 Working Days")
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.TAG,), within=window)
    matter = matter_of("TAD_APPROVAL")
    assert [each.due_by for each in due_notices(matter, on="OPEN", at=at())] == [dt.date(2026, 3, 9)]
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.TAG,))
    assert [each.due_by for each in due_notices(matter, on="OPEN", at=at())] == [None]


def test_only_what_a_clause_demands_counts_as_required(house, monkeypatch):
    with_notice(monkeypatch, "TAD_APPROVAL", to=(Recipient.TAG,), duty="may")
    (notice,) = queue(matter_of("TAD_APPROVAL"))
    assert not notice.is_required


@pytest.mark.clause(SVTAD, "14.4")
def test_clause_14_4_tags_determination_is_told_to_the_dcc_and_to_who_disputed_and_to_nobody_else(house):
    matter = dispute_of(house.supplier)
    decided = decide(matter, "TAG", "DECIDE", moment=at(hours=1), severity="4", rationale="It is milder.")
    notice = next(each for each in queue(matter, "DECIDE", decided) if each.clause == "14.4")
    assert keys_of(notice) == keys(
        person(house, "participant"), person(house, "test_manager"), person(house, "registrar")
    )
    assert "The severity that TAG determined: 4" in notice.text
    assert "It is milder." in notice.text
    assert notice not in Notice.objects.visible_to(house.actor("participant", house.other_supplier))


def test_every_recipient_has_a_name():
    assert set(recipients.NAMES) == set(Recipient)


@pytest.mark.parametrize("key", PROCEDURES)
def test_every_notice_of_every_procedure_finds_somebody_or_says_that_it_goes_by_hand(house, key):
    rules = PROCEDURES[key]
    matter = Matter.objects.create(
        reference="M-1",
        procedure=key,
        document=rules.document,
        version=rules.version,
        title="T",
        proposer=rules.proposer,
        state=rules.initial,
        audience=audience_of(*GOVERNANCE),
        opened_at=at(),
        recorded_at=at(),
        recorded_by="T",
    )
    for on in {notice.on for notice in rules.notices}:
        for due in due_notices(matter, on=on, at=at()):
            named = {each.told_as for each in due.addressees} | ({"PUBLIC"} if due.is_published else set())
            assert named == {str(each) for each in due.rule.to}, due.rule
