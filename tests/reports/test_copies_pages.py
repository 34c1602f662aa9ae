"""The pages of the copies for the Parties, and the same over REST (13.15(b), 13.17)."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from svtad.gates.models import PartyCopies, SharedCopy
from svtad.governance.models import Decision
from svtad.lib.clock import now
from svtad.parties import sessions
from tests.factories import make_house
from tests.gates.world import make_phase
from tests.portal.boards import signed_in, text, written
from tests.reports.test_copies import World, of_audit, packaged, section, words

pytestmark = [
    pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test"),
    pytest.mark.clause("SVTAD 1.23", "13.15(b)", "13.17"),
]  # fmt: skip


@pytest.fixture(scope="class")
def lent(lend) -> World:
    return lend(make_house, make_phase, packaged)


@pytest.fixture
def world(lent, db) -> World:
    return lent


def said_wrong(answer: Any) -> str:
    return str(answer.content.decode().split("<main")[1][:2000])


def page_of(world: World) -> str:
    return reverse("reports:copies", args=[world.phase.scope.public_id])


def sent(world: World, outcome: str, *ticked: str, **more: str) -> dict[str, str]:
    """What the browser sends of the form of a list: the ticked sections, each with why."""
    prefix = {"propose": "dcc-propose", "direct": "panel-direct"}[outcome]
    places = [key for key, _ in world.copies.sections]
    held = {"decided_at": written(now()), "rationale": "", "meeting": "", "expected_state": ""}
    for key in ticked:
        held |= {f"redactions_{places.index(key)}": "yes", f"redactions_{places.index(key)}_why": "It names a product."}
    return {f"{prefix}-{name}": value for name, value in {**held, **more}.items()}


def post(client: Client, route: str, world: World, data: dict[str, Any]) -> Any:
    return client.post(reverse(route, args=[world.copies.public_id]), data)


def test_the_lists_are_recorded_and_the_copies_shared_on_one_page(world):
    manager, panel = signed_in(world.phase.house, "test_manager"), signed_in(world.phase.house, "panel_chair")
    assert sessions.ENTERED in manager.session, "what is signed here needs credentials that were entered"
    before = text(manager.get(page_of(world)))
    assert "no Party has a copy yet" in before
    assert "4 Tests planned, run, passed and failed" in before
    assert "Record the Panel" not in before, "the manager does not direct"
    answer = post(manager, "reports:copies-propose", world, sent(world, "propose", "tests", "workoff"))
    assert answer.status_code == 302, said_wrong(answer)
    listed = text(panel.get(page_of(world)))
    assert "It begins with the DCC" in listed
    assert listed.count("checked") == 2, "the Panel begins with the DCC's list"
    answer = post(panel, "reports:copies-direct", world, sent(world, "direct", "workoff"))
    assert answer.status_code == 302, said_wrong(answer)
    assert [each.which for each in world.lists().specified] == ["workoff"]
    world.make()
    ready = text(manager.get(page_of(world)))
    assert "does not specify: it stays" in ready
    assert "Provide the Parties with the copies" in ready
    unsure = post(manager, "reports:copies-share", world, {})
    assert unsure.status_code == 400
    assert not SharedCopy.objects.exists()
    assert post(manager, "reports:copies-share", world, {"sure": "on"}).status_code == 302
    after = text(manager.get(page_of(world)))
    assert "the Parties have 2 copies" in after
    party = text(signed_in(world.phase.house, "participant").get(reverse("reports:given")))
    assert "copy for the Parties.pdf" in party
    assert "Stands" in party


def test_rows_words_and_the_auditors_sections_are_lines_of_text(world):
    manager = signed_in(world.phase.house, "test_manager")
    data = sent(
        world, "propose", "tests",
        redactions_completion_report_row="TI-1 | A person\nTI-2|Another",
        redactions_completion_report_words="Gasworks | x",
        redactions_sit_audit_report_section="3.2 Findings | Of a supplier",
    )  # fmt: skip
    assert post(manager, "reports:copies-propose", world, data).status_code == 302
    assert Decision.objects.get(matter=world.copies.matter).data["redactions"] == [
        {**section("tests"), "title": "4 Tests planned, run, passed and failed"},
        {"report": "COMPLETION_REPORT", "part": "ROW", "which": "TI-1", "why": "A person"},
        {"report": "COMPLETION_REPORT", "part": "ROW", "which": "TI-2", "why": "Another"},
        {"report": "COMPLETION_REPORT", "part": "WORDS", "which": "Gasworks", "why": "x"},
        {"report": "SIT_AUDIT_REPORT", "part": "SECTION", "which": "3.2 Findings", "why": "Of a supplier"},
    ]
    shown = text(manager.get(page_of(world)))
    assert "TI-1 | A person" in shown, "the next list begins with this one"
    matter = text(manager.get(reverse("governance:matter", args=[world.copies.matter.public_id])))
    assert "SIT audit report 3.2 Findings (Of a supplier)" in matter


def test_what_is_wrong_stands_beside_the_list_and_what_was_typed_stays(world):
    manager = signed_in(world.phase.house, "test_manager")
    data = sent(world, "propose", "tests", redactions_completion_report_words="ab | short")
    answer = text(post(manager, "reports:copies-propose", world, data), 400)
    assert "too short to be found" in answer
    assert "ab | short" in answer
    assert "It names a product." in answer
    assert not world.copies.matter.decisions.exists()


def test_lists_of_a_package_are_begun_and_a_report_from_elsewhere_can_be_named(world):
    manager = signed_in(world.phase.house, "test_manager")
    begin = reverse("reports:copies-begin", args=[world.phase.scope.public_id])
    data = {"package": world.package.public_id, "report": "elsewhere"}
    assert manager.post(begin, data).status_code == 302
    assert PartyCopies.objects.filter(package=world.package, report=None).count() == 1
    assert "was not made here" in text(manager.get(page_of(world)))
    assert manager.post(begin, {"report": "no-such"}).status_code == 400
    refused = signed_in(world.phase.house, "tab_member").post(begin, data)
    assert refused.status_code == 403


def test_the_auditors_copy_is_brought_and_the_page_says_what_is_lacking(world):
    world.direct(of_audit("Section 3"))
    world.make()
    manager = signed_in(world.phase.house, "test_manager")
    page = text(manager.get(page_of(world)))
    assert "The redacted copy of the SIT Auditor Report was not brought yet." in page
    assert "Provide the Parties with the copies" not in page
    wrong = io.BytesIO(b"no pdf")
    wrong.name = "audit.pdf"
    answer = post(manager, "reports:copies-bring", world, {"report": "SIT_AUDIT_REPORT", "file": wrong})
    assert "This is no PDF" in text(answer, 400)


def test_the_lists_and_the_copies_as_csv(world):
    world.propose(section("tests"), words("Nobody"))
    world.direct(words("Nobody"))
    world.make()
    world.share()
    manager = signed_in(world.phase.house, "test_manager")
    rows = table(manager, f"{page_of(world)}?as=lists")
    assert [row[3:6] for row in rows[1:]] == [
        ["4 Tests planned, run, passed and failed", "yes", "no"], ["Nobody", "yes", "yes"],
    ]  # fmt: skip
    assert rows[2][7] == "0", "the report has no such words, and the list says so"
    assert "<strong>none</strong>" in text(manager.get(page_of(world)))
    for client in (manager, signed_in(world.phase.house, "participant")):
        copies = table(client, f"{reverse('reports:given')}?as=csv")
        assert [row[1] for row in copies[1:]] == ["SIT Auditor Report", "Completion Report"]


def table(client: Client, path: str) -> list[list[str]]:
    answer: Any = client.get(path)
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def test_empty_pages_say_what_would_fill_them(world):
    party = signed_in(world.phase.house, "participant")
    assert "None yet. Once the Panel directs" in text(party.get("/reports/copies/"))
    pit = reverse("reports:copies", args=[world.phase.pit.public_id])
    assert signed_in(world.phase.house, "test_manager").get(pit).status_code == 404
    member = text(signed_in(world.phase.house, "panel_member").get(page_of(world)))
    assert "no Party has a copy yet" in member
    assert 'method="post"' not in member.split("<main")[1].split("</main>")[0], "a member records nothing"


def test_over_rest_the_lists_are_read_recorded_and_shared(world):
    def rest(role: str, method: str, path: str, body: Any = None) -> Any:
        client = signed_in(world.phase.house, role)
        call = getattr(client, method)
        return (
            call(f"/api/v1{path}", body, content_type="application/json")
            if body is not None
            else call(f"/api/v1{path}")
        )

    phase = world.phase.scope.public_id
    begun = rest("test_manager", "post", f"/phases/{phase}/copies", {
        "package": world.package.public_id, "report": world.report.public_id,
    })  # fmt: skip
    assert begun.status_code == 201, begun.content
    assert begun.json()["id"] == world.copies.public_id, "those that are there"
    assert {"which": "workoff", "title": "7 Work Off Plans"} in begun.json()["sections"]
    for wrong in ({"package": "x" * 22}, {"report": "x" * 22}):
        assert rest("test_manager", "post", f"/phases/{phase}/copies", wrong).status_code == 400
    matter = f"/matters/{world.copies.matter.public_id}/decisions"
    body = {
        "body": "PANEL",
        "outcome": "DIRECT",
        "decided_at": now().isoformat(),
        "data": {"redactions": [section("workoff")]},
    }
    assert rest("panel_chair", "post", matter, body).status_code == 201
    assert rest("panel_chair", "post", matter, {**body, "data": {}}).status_code == 400
    assert rest("test_manager", "post", f"/copies/{world.copies.public_id}/making", {}).status_code == 202
    world.make()
    [lists] = rest("panel_chair", "get", f"/phases/{phase}/copies").json()
    assert [(each["which"], each["specified"]) for each in lists["redactions"]] == [("workoff", True)]
    assert (lists["shared"], lists["lacking"]) == (False, "")
    assert rest("tag_member", "get", f"/phases/{phase}/copies").json() == []
    assert rest("tag_member", "post", f"/copies/{world.copies.public_id}/share", {}).status_code == 404
    assert rest("test_manager", "post", f"/copies/{world.copies.public_id}/share", {}).status_code == 201
    given = rest("participant", "get", "/copies").json()["results"]
    assert [each["state"] for each in given] == ["as the Panel directed"] * 2
    assert rest("participant", "get", f"/files/{given[0]['file']}/content").status_code == 200
