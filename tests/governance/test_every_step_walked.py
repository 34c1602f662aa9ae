"""Every procedure whose decisions are only recorded, walked through the engine by every listed step of every state.

What a state does not list is refused there with the procedure's clause; a determination that another state lists is
recorded out of its order (rule 16).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import transaction

from svtad.governance.actions import open_matter, record_decision, record_view
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.governance.registry import RECORD_ONLY
from svtad.lib.errors import Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience
from svtad.rulebook.procedures import DETERMINING, PROCEDURES, Procedure, Transition
from tests.factories import DAY, MAKER, make_paper
from tests.opening import said, wanted

pytestmark = pytest.mark.django_db


@pytest.fixture
def audience(db) -> Audience:
    return audience_of(*GOVERNANCE)


@pytest.fixture
def letter(audience) -> StoredFile:
    return make_paper("letter.pdf")


@contextmanager
def taken_back() -> Iterator[None]:
    """What is done inside is undone afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Walk:
    """One matter of a procedure, taken by each listed step once, and by each step that its state does not list."""

    def __init__(self, rules: Procedure, matter: Matter, letter: StoredFile) -> None:
        self.rules, self.matter, self.letter = rules, matter, letter
        self.walked: set[Transition] = set()
        self.been: set[str] = set()
        self.refused: set[tuple[str, str, str]] = set()
        self.out_of_order: set[tuple[str, str, str]] = set()

    def through(self) -> None:
        """Go on from the state in which the matter is."""
        state = self.matter.state
        self.been.add(state)
        self._give_views()
        self._try_the_unlisted(state)
        for step in self.rules.transitions_from(state):
            with taken_back():
                decision = self._record(step)
                assert (decision.from_state, decision.to_state) == (state, step.target)
                assert (decision.clause, decision.out_of_order) == (step.clause, False)
                assert Matter.objects.get(pk=self.matter.pk).state == step.target
                self.walked.add(step)
                if step.target not in self.been:
                    self.through()
            self.matter.state = state

    def _give_views(self) -> None:
        for request in self.matter.view_requests.filter(views=None):
            record_view(request=request, text="A view.", by=MAKER)

    def _record(self, step: Transition) -> Decision:
        return record_decision(
            matter=self.matter, body=step.body, outcome=step.outcome, decided_at=DAY, notified_at=DAY,
            rationale="Said.", document=self.letter, by=MAKER,
            data={"rationale": "Said.", **said(step.requires)},
        )  # fmt: skip

    def _try_the_unlisted(self, state: str) -> None:
        listed = {(step.body, step.outcome) for step in self.rules.transitions_from(state)}
        others = {(step.body, step.outcome): step for step in self.rules.transitions}
        for (body, outcome), step in others.items():
            if (body, outcome) in listed:
                continue
            if body in DETERMINING:
                with taken_back():
                    assert self._record(step).out_of_order
                self.out_of_order.add((state, body, outcome))
            else:
                with pytest.raises(Refused, match="is not a step from") as refused:
                    self._record(step)
                assert refused.value.clause == self.rules.clause
                self.refused.add((state, body, outcome))
            self.matter.state = state
        assert Matter.objects.get(pk=self.matter.pk).state == state


@pytest.mark.clause(
    "SVTAD 1.23", "4.1", "4.2", "4.3", "7.3", "7.5", "9.7", "9.10", "13.4", "13.7", "13.17", "13.23", "13.24", "14.3",
    "15.2", "20.7", "20.12(a)", "20.12(b)", "20.14", "20.16", "20.17", "20.19", "20.31",
)  # fmt: skip
@pytest.mark.clause("SVTAD 1.5", "20.30", "20.35")
@pytest.mark.clause("MTAD", "3", "7")
@pytest.mark.clause("November 2020 SEC Release", "4")
@pytest.mark.parametrize("key", sorted(RECORD_ONLY))
def test_every_listed_step_of_every_state_is_recorded_and_every_other_refused(key, audience, letter):
    rules = PROCEDURES[key]
    matter = open_matter(
        procedure=key, document=rules.document, version=rules.version, title=key, rationale="Said.",
        audience=audience, by=MAKER, at=DAY, **wanted(key, audience=audience, at=DAY),
    )  # fmt: skip
    walk = Walk(rules, matter, letter)
    walk.through()
    assert walk.walked == set(rules.transitions), key
    assert walk.been == set(rules.states), key
    pairs = {(step.body, step.outcome) for step in rules.transitions}
    listed = {(step.source, step.body, step.outcome) for step in rules.transitions}
    every = {(state, body, outcome) for state in rules.states for body, outcome in pairs}
    assert walk.refused | walk.out_of_order == every - listed, key
    assert not walk.refused & walk.out_of_order
