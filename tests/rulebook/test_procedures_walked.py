"""Every procedure walked in every way to every end, and everything that it does not list refused."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from svtad.rulebook.editions import EDITIONS
from svtad.rulebook.procedures import (
    DETERMINING,
    PROCEDURES,
    Procedure,
    Recipient,
    Requirement,
    UnlistedStep,
)
from svtad.rulebook.procedures.wording import GROUPS, as_text
from svtad.rulebook.vocabulary import Body
from tests.rulebook.ways import ways

pytestmark = [
    pytest.mark.clause(
        "SVTAD 1.23", "3.2", "3.3", "3.4", "4.1", "4.2", "4.3", "5.7", "7.3", "7.5", "9.4", "9.6", "9.7", "9.8", "9.10",
        "12.5(e)", "12.6(a)", "13.3", "13.4", "13.5(a)", "13.5(b)", "13.6", "13.7", "13.8", "13.15", "13.16", "13.17",
        "13.20", "13.21", "13.22", "13.23", "13.24", "14.2", "14.3", "15.1", "15.2", "20.7", "20.12(a)", "20.12(b)",
        "20.14", "20.16", "20.17", "20.19", "20.20", "20.21", "20.22", "20.23", "20.24", "20.25", "20.27", "20.31",
    ),
    pytest.mark.clause("SVTAD 1.5", "20.30", "20.35", "Table 13.1"),
    pytest.mark.clause("MTAD", "3", "Table 9.3 row 2A"),
    pytest.mark.clause("November 2020 SEC Release", "4"),
]  # fmt: skip

every_procedure = pytest.mark.parametrize("rules", PROCEDURES.values(), ids=PROCEDURES)
#: What is not a state, an outcome or a body of any procedure.
NOBODYS = "NOBODYS"
KINDS = frozenset({"text", "severity", "date", "file", "flag", "choices", "named", "days", "views", "redactions"})


def every_requirement(rules: Procedure) -> list[Requirement]:
    return [*rules.opens_with, *chain.from_iterable(step.requires for step in rules.transitions)]


@every_procedure
def test_every_way_ends_where_its_steps_lead_and_no_step_or_end_is_out_of_reach(rules):
    taken: set[int] = set()
    ended: set[str] = set()
    for way in ways(rules):
        state = rules.initial
        for step in way:
            assert rules.transition(state, body=step.body, outcome=step.outcome) is step
            state = step.target
        assert rules.is_final(state), way
        taken.update(map(id, way))
        ended.add(state)
    assert taken == set(map(id, rules.transitions))
    assert ended == set(rules.final) - {rules.initial}
    for step in rules.transitions:
        assert rules.next_state(step.source, body=step.body, outcome=step.outcome) == step.target


@every_procedure
def test_no_matter_is_ever_caught_in_a_state_without_a_way_to_rest(rules):
    leads = {state: {step.target for step in rules.transitions_from(state)} for state in rules.states}
    resting = set(rules.final)
    while more := {state for state, onward in leads.items() if onward & resting} - resting:
        resting |= more
    assert resting == set(rules.states)


@every_procedure
def test_every_step_that_is_not_listed_is_refused_with_the_clause(rules):
    listed = {(step.source, step.body, step.outcome) for step in rules.transitions}
    assert len(listed) == len(rules.transitions), "two steps of one name from one state"
    outcomes = {step.outcome for step in rules.transitions} | {NOBODYS}
    refused = 0
    for state in (*rules.states, NOBODYS):
        for body in (*Body, NOBODYS):
            for outcome in sorted(outcomes):
                if (state, body, outcome) in listed:
                    continue
                with pytest.raises(UnlistedStep, match=re.escape(rules.citation)) as error:
                    rules.next_state(state, body=body, outcome=outcome)
                assert (error.value.clause, error.value.state) == (rules.clause, state)
                assert error.value.allowed == rules.transitions_from(state)
                refused += 1
    assert refused + len(listed) == (len(rules.states) + 1) * (len(Body) + 1) * len(outcomes)


@every_procedure
def test_out_of_order_only_the_panel_the_secretary_of_state_and_the_authority_determine_what_is_theirs(rules):
    theirs = {(step.body, step.outcome) for step in rules.transitions if step.body in DETERMINING}
    for body in Body:
        for outcome in {step.outcome for step in rules.transitions} | {NOBODYS}:
            if (body, outcome) in theirs:
                assert rules.determination(body=body, outcome=outcome) in rules.transitions
            else:
                with pytest.raises(UnlistedStep):
                    rules.determination(body=body, outcome=outcome)


@every_procedure
def test_what_a_procedure_names_is_there(rules):
    outcomes = {step.outcome for step in rules.transitions}
    assert rules.states[0] == rules.initial
    assert set(rules.final) <= set(rules.states)
    assert set(rules.settled) <= set(rules.states) - set(rules.final)
    for state in rules.states:
        assert rules.is_pending(state) == (state not in (*rules.final, *rules.settled))
    assert rules.group in GROUPS
    # The DCC decides on a DMCT exclusion by bringing it.
    assert {rules.proposer, *(step.body for step in rules.transitions)} >= set(rules.deciders)
    assert set(rules.rounds_begin_with) <= outcomes
    assert set(rules.consulted) <= {*Body, *Recipient}
    for each in rules.consultations:
        assert set(each.states) <= set(rules.states)
        assert each.duty in ("may", "shall")
        for outcome in each.before:
            assert any(step.outcome == outcome and step.source in each.states for step in rules.transitions), outcome
    for due in rules.notices:
        assert due.on in outcomes | {"OPEN"}
        assert set(due.before) <= outcomes
        assert due.duty in ("may", "shall")
        assert set(due.to) <= set(rules.informed)
        assert due in rules.notices_on(due.on)
    for state in rules.states:
        assert set(rules.consultations_in(state)) <= set(rules.consultations)


@every_procedure
def test_a_step_that_refers_says_to_whom_and_what_holds_and_can_be_answered(rules):
    for step in rules.transitions:
        assert step.duty in ("may", "shall")
        assert bool(step.while_referred) == (step.refers_to is not None)
        assert step.while_referred.endswith(".") or not step.while_referred
        if step.refers_to is not None:
            assert any(answer.body is step.refers_to for answer in rules.transitions_from(step.target))
        if step.unless_directed_by is not None:
            assert any(answer.body is step.unless_directed_by for answer in rules.transitions_from(step.target))


@every_procedure
def test_what_is_recorded_of_a_procedure_fits_where_it_is_kept(rules):
    """A matter's state, a decision's outcome and its clause have so much room in the database."""
    assert len(rules.key) <= 40
    assert (len(rules.document), len(rules.version)) <= (40, 20)
    assert len(rules.title) <= 200
    assert max(map(len, rules.states)) <= 30
    assert max(len(step.outcome) for step in rules.transitions) <= 30
    assert max(map(len, rules.clauses)) <= 60
    assert max((len(each.what) for each in rules.consultations), default=0) <= 300
    assert max((len(each.what) for each in rules.notices), default=0) <= 250
    assert max((len(body) for body in rules.consulted), default=0) <= 12


@every_procedure
def test_a_procedure_is_told_in_whole_sentences(rules):
    assert re.fullmatch(r"[A-Z0-9_]+", rules.key)
    for text in (rules.summary, rules.effect_while_pending, *rules.notes):
        assert text.endswith(".")
    for text in (rules.title, *(need.title for need in every_requirement(rules))):
        assert text[:1].isupper()
        assert not text.endswith(".")
    for step in rules.transitions:
        assert not step.notes or step.notes.endswith(".")


@every_procedure
def test_what_a_step_requires_is_named_once_and_a_severity_only_where_severities_are_known(rules):
    editions = {(edition.document, edition.version) for edition in EDITIONS}
    for needs in (rules.opens_with, *(step.requires for step in rules.transitions)):
        assert len({need.key for need in needs}) == len(needs)
    for need in every_requirement(rules):
        assert need.kind in (
            "text",
            "severity",
            "date",
            "file",
            "flag",
            "choices",
            "named",
            "days",
            "views",
            "redactions",
        )
        assert (need.kind == "choices") == bool(need.choices)
        assert (need.kind == "file") == (need.key == "document")
        assert need.kind != "severity" or (rules.document, rules.version) in editions


@pytest.mark.parametrize("key", PROCEDURES)
def test_what_is_wanted_first_is_a_step_of_the_same_procedure_and_so_is_what_holds_a_consultation(key: str) -> None:
    rules = PROCEDURES[key]
    outcomes = {step.outcome for step in rules.transitions}
    pairs = {(step.body, step.outcome) for step in rules.transitions}
    for act in rules.acts_wanted:
        assert (act.body, act.outcome) in pairs
        assert act.before
        assert set(act.before) <= outcomes
        assert act.clause in rules.clauses
        assert act.what in as_text(rules)
        if act.directed is not None:
            chosen = [need for step in rules.transitions for need in step.requires if need.key == act.directed.key]
            assert act.directed.outcome in outcomes
            assert {act.directed.choice} <= {name for need in chosen for name, _ in need.choices}
    for each in rules.consultations:
        assert set(each.held_by) <= outcomes


@pytest.mark.clause("SVTAD 1.23", "13.15(a)", "13.15(b)")
def test_before_the_panel_determines_sit_is_announced_once_and_its_reports_are_given_in_each_round() -> None:
    wanted = {act.outcome: (act.clause, act.any_round) for act in PROCEDURES["SIT_COMPLETION"].acts_wanted}
    assert wanted == {"ANNOUNCE": ("13.15(a)", True), "SEND_PACKAGE": ("13.15(b)", False)}


@pytest.mark.parametrize("key", PROCEDURES)
def test_rule_16_what_a_state_does_not_list_a_determining_body_may_determine_there(key: str) -> None:
    rules = PROCEDURES[key]
    every = {(step.body, step.outcome) for step in rules.transitions if step.body in DETERMINING}
    for state in rules.states:
        elsewhere = [(step.body, step.outcome) for step in rules.determinations_elsewhere(state)]
        here = {(step.body, step.outcome) for step in rules.transitions_from(state)}
        assert len(elsewhere) == len(set(elsewhere))
        assert set(elsewhere) == every - here
        for body, outcome in elsewhere:
            assert rules.determination(body=body, outcome=outcome) in rules.determinations_elsewhere(state)
