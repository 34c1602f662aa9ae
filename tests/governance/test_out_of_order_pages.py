"""In the browser: what the Panel and the Secretary of State determined is recorded out of its order (rule 16)."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from svtad.governance.actions import record_decision
from tests.factories import MAKER, at, make_house
from tests.gates.world import make_phase
from tests.portal.boards import make_exclusions, signed_in, text, written

SECTION = "<summary>Record out of its order</summary>"


@pytest.fixture(autouse=True)
def here(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"
    reverse("portal:inbox")  # the pages are loaded, which watch for people signing in


@pytest.fixture
def house(db):
    return make_house()


@pytest.fixture
def exclusion(house):
    [made] = make_exclusions(house, 1)
    return made


@pytest.fixture
def completion(house):
    """The matter of a SIT that the Panel confirmed, against the computed result."""
    matter = make_phase(house).completion_matter()
    record_decision(
        matter=matter, body="PANEL", outcome="CONFIRM", decided_at=at(days=10), rationale="Heard.",
        against_computed=True, by=MAKER, at=at(days=10),
    )  # fmt: skip
    return matter


def page_of(matter) -> str:
    return reverse("governance:matter", args=[matter.public_id])


def send(client, matter, body, outcome, *, rationale="", document=None, **more):
    """Send the form of a step as the page has it."""
    prefix = f"{body}-{outcome}".lower()
    given = {"expected_state": matter.state, "decided_at": written(at(days=11)), "rationale": rationale, **more}
    if document:
        given["document"] = SimpleUploadedFile("letter.pdf", b"%PDF letter", content_type="application/pdf")
    address = reverse("governance:decide", args=[matter.public_id, body, outcome])
    return client.post(address, {f"{prefix}-{name}": value for name, value in given.items()})


@pytest.mark.clause("SVTAD 1.23", "13.15", "13.16")
@pytest.mark.parametrize("role", ["panel_chair", "registrar"])
def test_the_panel_s_not_met_and_confirmation_are_recorded_there_with_reasons_and_refused_without(
    house, completion, role
):
    client = signed_in(house, role)
    for outcome, state, more in (
        ("NOT_MET", "NOT_MET", {"criteria": ["12.6(a)"]}),
        ("CONFIRM", "CONFIRMED", {"against_computed": "on"}),
    ):
        address = reverse("governance:decide", args=[completion.public_id, "PANEL", outcome])
        shown = text(client.get(page_of(completion)))
        assert SECTION in shown, outcome
        assert f'action="{address}"' in shown[shown.index(SECTION) :]
        assert f'action="{address}"' not in shown[: shown.index(SECTION)], "it is not listed from here"
        before = completion.decisions.count()
        refused = text(send(client, completion, "PANEL", outcome, **more), 400)
        assert re.search(r'<details class="act" open><summary>Record out of its order', refused)
        assert completion.decisions.count() == before
        answer = send(client, completion, "PANEL", outcome, rationale="The Panel met again.", **more)
        assert answer.status_code == 302, answer.content.decode()
        completion.refresh_from_db()
        last = completion.decisions.last()
        assert (completion.state, last.out_of_order, last.rationale) == (state, True, "The Panel met again.")
    assert "out of its listed order" in text(client.get(page_of(completion)))


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_the_secretary_of_state_s_decision_is_recorded_there_with_reasons_and_its_document(house, exclusion):
    client = signed_in(house, "registrar")
    assert SECTION in text(client.get(page_of(exclusion)))
    for lacking in ({"document": True}, {"rationale": "Called in."}):
        text(send(client, exclusion, "SOS", "UPHOLD", **lacking), 400)
    exclusion.refresh_from_db()
    assert exclusion.state == "PROPOSED"
    answer = send(client, exclusion, "SOS", "UPHOLD", rationale="Called in.", document=True)
    assert answer.status_code == 302, answer.content.decode()
    exclusion.refresh_from_db()
    assert (exclusion.state, exclusion.decisions.last().out_of_order) == ("SOS_UPHELD", True)


@pytest.mark.clause("SVTAD 1.23", "13.15", "13.21")
@pytest.mark.parametrize("role", ["test_manager", "tag_chair", "panel_member"])
def test_who_records_for_neither_is_offered_nothing_there(house, exclusion, completion, role):
    client = signed_in(house, role)
    for matter in (exclusion, completion):
        assert SECTION not in text(client.get(page_of(matter)))
    assert send(client, exclusion, "SOS", "UPHOLD", rationale="So.", document=True).status_code == 403


def test_the_panel_is_offered_its_own_determinations_and_the_section_is_closed(house, exclusion, completion):
    client = signed_in(house, "panel_chair")
    assert SECTION not in text(client.get(page_of(exclusion))), "the Panel determines nothing there"
    shown = text(client.get(page_of(completion)))
    assert f'<details class="act">{SECTION}' in shown


def test_one_that_is_listed_from_here_is_not_there(house):
    matter = make_phase(house).completion_matter()
    shown = text(signed_in(house, "registrar").get(page_of(matter)))
    address = reverse("governance:decide", args=[matter.public_id, "PANEL", "CONFIRM"])
    assert f'action="{address}"' in shown[: shown.index(SECTION)]
    assert f'action="{address}"' not in shown[shown.index(SECTION) :]
    assert "DIRECT" in shown[shown.index(SECTION) :]
