"""SIT before the Panel in rounds: package, TAG criterion by criterion, what is not met, and what was stale (13.16)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from svtad.gates.actions import draft_certificate
from svtad.gates.queries.answers import answered
from svtad.gates.queries.rounds import criteria_of, rounds_of
from svtad.governance.actions import record_decision
from svtad.governance.models import Decision, Matter
from svtad.governance.queries.asked import consulted_in
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import system_actor
from svtad.parties.models import Person
from tests.factories import MAKER, at, decide, make_house
from tests.gates.test_completion import complete_it, determine
from tests.gates.test_work_off_plans import open_issue
from tests.gates.world import Phase, make_phase, paper
from tests.portal.boards import signed_in


@pytest.fixture(scope="class")
def lent_complete(lend) -> Phase:
    return lend(make_house, make_phase, complete_it)


@pytest.fixture
def complete(lent_complete, db) -> Phase:
    """The phase with all eleven criteria met."""
    return lent_complete


VIEWS = {"12.6(a)": {"view": "NOT_MET", "words": "Gas meters."}, "12.6(b)": {"view": "MET", "words": ""}}


def two_rounds(phase: Phase) -> Matter:
    """Round one: all three acts, and the Panel says what is not met. Round two: a package, and it confirms."""
    matter = phase.completion_matter()
    decide(matter, "DCC", "ANNOUNCE", moment=at(days=9))
    decide(matter, "DCC", "SEND_PACKAGE", moment=at(days=9), document=paper("package-1.pdf"))
    decide(matter, "DCC", "REVIEW_WITH_TAG", moment=at(days=9), views=VIEWS)
    said_not_met(matter, "12.6(a)", "T13.1-6")
    decide(matter, "PANEL", "DIRECT", moment=at(days=11), rationale="Address gas meters.")
    decide(matter, "DCC", "SEND_PACKAGE", moment=at(days=12), document=paper("package-2.pdf"))
    return matter


def said_not_met(matter: Matter, *criteria: str) -> Decision:
    return record_decision(
        matter=matter, body="PANEL", outcome="NOT_MET", decided_at=at(days=10), rationale="See the criteria.",
        data={"criteria": list(criteria)}, against_computed=True, by=MAKER, at=at(days=10),
    )  # fmt: skip


@pytest.mark.clause("SVTAD 1.23", "13.15", "13.15(a)", "13.15(b)", "13.15(c)", "13.16", "13.16-loop")
def test_the_rounds_are_numbered_with_what_was_done_in_each(complete):
    complete.assess("PANEL")
    matter = two_rounds(complete)
    manager = complete.house.actor("test_manager")
    first, second = rounds_of(matter, complete.scope, manager, moment=at(days=13))
    assert (first.number, len(first.announced), first.missing) == (1, 1, [])
    assert [item.kind for item in first.packages[0].reports] == ["COMPLETION_REPORT", "SIT_AUDIT_REPORT"]
    assert first.packages[0].absent == ()
    assert first.packages[0].document is not None
    assert first.packages[0].document.name == "package-1.pdf"
    assert {each.name: each.said for each in first.views if each.name in VIEWS} == {
        "12.6(a)": "not met", "12.6(b)": "met",
    }  # fmt: skip
    assert [each.name for each in first.views] == [name for name, _ in criteria_of(complete.scope)]
    assert {each.view for each in first.views if each.name not in VIEWS} == {"NO_VIEW"}
    assert [name for name, _ in first.criteria] == ["12.6(a)", "T13.1-6"]
    assert first.directed is not None
    assert first.directed.rationale == "Address gas meters."
    assert (second.number, second.determined, second.missing) == (2, None, ["the review with TAG (13.15(c))"])
    decide(matter, "PANEL", "CONFIRM", moment=at(days=13))
    after = rounds_of(matter, complete.scope, manager, moment=at(days=14))
    assert [each.determined and each.determined.outcome for each in after] == ["NOT_MET", "CONFIRM"]
    past = rounds_of(matter, complete.scope, manager, moment=at(days=10))
    assert [(each.number, each.directed) for each in past] == [(1, None)], "as at: nothing of later"


@pytest.mark.clause("SVTAD 1.23", "13.15(c)")
def test_where_the_review_was_had_the_matter_says_so_of_each_round(complete):
    complete.assess("PANEL")
    matter = two_rounds(complete)
    first, second = matter.view_requests.order_by("pk")
    assert {pk: each.sequence for pk, each in consulted_in(matter).items()} == {first.pk: 3}
    page = signed_in(complete.house, "test_manager").get(reverse("governance:matter", args=[matter.public_id]))
    words = page.content.decode()
    assert words.count("What it said was recorded with “review with TAG” on") == 1
    assert words.count("No view is recorded yet.") == 1, "of the second round"
    decide(matter, "DCC", "REVIEW_WITH_TAG", moment=at(days=13), views=VIEWS)
    assert set(consulted_in(matter)) == {first.pk, second.pk}


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_not_met_names_at_least_one_criterion_that_the_edition_has_and_its_reasons(complete):
    matter = complete.completion_matter()
    for criteria in ((), ("12.6(z)",), ("12.6(a)", "12.6(a)")):
        with pytest.raises(InvalidInput):
            said_not_met(matter, *criteria)
    with pytest.raises(InvalidInput) as lacking:
        record_decision(
            matter=matter, body="PANEL", outcome="NOT_MET", decided_at=at(days=10), data={"criteria": ["12.6(a)"]},
            against_computed=True, by=MAKER, at=at(days=10),
        )  # fmt: skip
    assert {error.field for error in lacking.value.errors} == {"rationale"}
    assert not matter.decisions.exists()
    assert said_not_met(matter, "12.6(a)").data == {"criteria": ["12.6(a)"]}


@pytest.mark.clause("SVTAD 1.23", "13.15(c)")
def test_tag_s_review_says_of_criteria_of_the_edition_met_not_met_or_nothing(complete):
    matter = complete.completion_matter()
    for views in (
        None, {}, {"12.6(z)": {"view": "MET", "words": ""}}, {"12.6(a)": {"view": "PERHAPS"}}, {"12.6(a)": "MET"},
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            decide(matter, "DCC", "REVIEW_WITH_TAG", moment=at(days=9), views=views)
    decide(matter, "DCC", "REVIEW_WITH_TAG", moment=at(days=9), views=VIEWS)
    assert matter.state == "TAG_REVIEWED"


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_a_determination_on_a_stale_judgement_is_recorded_and_marked_and_a_certificate_is_refused(complete):
    other, matter = complete.completion_matter(), complete.completion_matter()
    complete.assess("PANEL")
    assert not any("stale" in text for text in determine(other, "CONFIRM").missing)
    open_issue(complete, "5", moment=at(days=9))
    complete.log(moment=at(days=9))
    decision = determine(matter, "CONFIRM", against=True, rationale="The Panel heard the auditor.")
    assert [text for text in decision.missing if "is stale" in text]
    shown = Client()
    shown.force_login(Person.objects.get(public_id=complete.house.actor("test_manager").actor_id))
    for address in (
        reverse("governance:matter", args=[matter.public_id]),
        reverse("gates:papers", args=[complete.scope.public_id]),
        reverse("gates:phase", args=[complete.scope.public_id]),
    ):
        assert "is stale" in shown.get(address).content.decode(), address


@pytest.mark.clause("SVTAD 1.23", "12.6(i)")
def test_a_certificate_on_a_stale_judgement_is_refused_with_the_reason(phase):
    phase.reports()
    phase.assess("CERTIFICATES", provider=phase.house.alpha)
    open_issue(phase, "5", moment=at(days=6))
    with pytest.raises(Refused, match="facts have changed since"):
        draft_certificate(scope=phase.scope, provider=phase.house.alpha, by=MAKER, at=at(days=7))


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_without_any_judgement_the_determination_is_marked_too(phase):
    decision = determine(phase.completion_matter(), "CONFIRM", against=True, rationale="It ran before this product.")
    assert any("none was made" in text for text in decision.missing)


@pytest.mark.clause("SVTAD 1.23", "13.15", "13.15(c)", "13.16")
def test_the_pages_show_the_rounds_and_ask_criterion_by_criterion(complete):
    matter = complete.completion_matter()
    client = signed_in(complete.house, "registrar")
    address = reverse("governance:decide", args=[matter.public_id, "DCC", "REVIEW_WITH_TAG"])
    names = [name for name, _ in criteria_of(complete.scope)]
    place = names.index("12.6(a)")
    sent = {"decided_at": "2026-03-10T10:00:00", "expected_state": "NOT_STARTED", "rationale": "",
            f"views_{2 * place}": "NOT_MET", f"views_{2 * place + 1}": "Gas meters."}  # fmt: skip
    page = client.get(reverse("governance:matter", args=[matter.public_id])).content.decode()
    assert 'aria-label="12.6(a): view"' in page
    answer = client.post(address, {f"dcc-review_with_tag-{key}": value for key, value in sent.items()})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    assert matter.decisions.get().data == {"views": {"12.6(a)": {"view": "NOT_MET", "words": "Gas meters."}}}
    said_not_met(matter, "12.6(a)")
    papers = client.get(reverse("gates:papers", args=[complete.scope.public_id])).content.decode()
    assert "Round 1: not met" in papers
    assert "Gas meters." in papers
    assert "this round is without" not in papers
    phase = client.get(reverse("gates:phase", args=[complete.scope.public_id])).content.decode()
    assert 'Not met in the Panel\'s view: <span class="code">12.6(a)</span>' in phase


@pytest.mark.clause("SVTAD 1.23", "13.15(c)", "13.16", "13.16-loop")
def test_what_the_next_round_did_about_each_criterion_that_was_not_met(complete):
    complete.assess("PANEL")
    matter = two_rounds(complete)
    complete.attach("OTHER", file=paper("gas-meters.pdf"), moment=at(days=12))
    system = system_actor()
    held = rounds_of(matter, complete.scope, system, moment=at(days=13))
    [only] = answered(held, complete.scope, system, moment=now()).values()
    assert only.round.number == 1
    assert [(each.name, each.judged_next.word) for each in only.criteria] == [("12.6(a)", "Met"), ("T13.1-6", "Met")]
    first = only.criteria[0]
    assert first.tag is not None
    assert (first.tag.said, first.tag.words) == ("not met", "Gas meters.")
    assert first.tag_next is None, "TAG was not asked in round two"
    assert first.outcome == "the Panel has not determined again"
    assert "gas-meters.pdf" in [item.file.name for item in only.submitted]
    decide(matter, "DCC", "REVIEW_WITH_TAG", moment=at(days=12), views={"12.6(a)": {"view": "MET", "words": ""}})
    record_decision(
        matter=matter, body="PANEL", outcome="NOT_MET", decided_at=at(days=14), rationale="Still.",
        data={"criteria": ["12.6(a)"]}, against_computed=True, by=MAKER, at=at(days=14),
    )  # fmt: skip
    held = rounds_of(matter, complete.scope, system, moment=at(days=15))
    found = answered(held, complete.scope, system, moment=at(days=15))
    assert [each.outcome for each in found[1].criteria] == ["named again", "not named again"]
    assert [each.tag_next and each.tag_next.said for each in found[1].criteria] == ["met", "no view"]
    assert [each.outcome for each in found[2].criteria] == ["no direction to continue yet"]


@pytest.mark.clause("SVTAD 1.23", "13.16")
def test_the_page_shows_what_the_next_round_did(complete):
    complete.assess("PANEL")
    matter = two_rounds(complete)
    complete.attach("OTHER", file=paper("gas-meters.pdf"), moment=at(days=12))
    papers = signed_in(complete.house, "registrar").get(reverse("gates:papers", args=[complete.scope.public_id]))
    page = papers.content.decode()
    assert "What the next round did about what was not met" in page
    assert "gas-meters.pdf" in page
    assert "the Panel has not determined again" in page
    decide(matter, "PANEL", "CONFIRM", moment=at(days=13))
    again = signed_in(complete.house, "tag_member").get(reverse("gates:papers", args=[complete.scope.public_id]))
    assert "the Panel confirmed" in again.content.decode()
