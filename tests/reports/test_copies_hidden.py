"""What nobody but the DCC, the Panel, the Authority and the SoS reads: neither list, nor the whole report (13.17)."""

from __future__ import annotations

import pytest
from django.test import Client

from svtad.governance.models import Job, Notice, StoredFile
from svtad.governance.queries.events import events_for
from svtad.parties.actors import Actor
from svtad.parties.models import Person
from tests.factories import at, make_house
from tests.gates.world import make_phase
from tests.governance.test_redacted_for_tag import content_of, linked
from tests.reports.test_copies import World, packaged, section, words

pytestmark = [
    pytest.mark.django_db, pytest.mark.usefixtures("files_of_this_test"),
    pytest.mark.clause("SVTAD 1.23", "13.15(b)", "13.17"),
]  # fmt: skip

#: Stands in every reason and every line of both lists, and in nothing else.
CANARY = "QZXJ7Canary"
#: Who reads neither list; the first is a Party.
OUTSIDE = ("participant", "tab_chair", "tag_chair", "sit_auditor", "provider_tester")
#: Of those, whose every link is followed: a Party, and a member of TAG.
FOLLOWED = ("participant", "tag_chair")
INSIDE = ("test_manager", "registrar", "panel_chair", "panel_member")


def listed_and_shared(world: World) -> World:
    """Both lists with the canary, the copies given, and a second direction that withdraws them."""
    world.propose(section("tests", f"{CANARY} proposed"), words(f"{CANARY} name"), rationale=f"{CANARY} letter")
    world.direct(section("workoff", f"{CANARY} specified"), rationale=f"{CANARY} minutes")
    world.make()
    world.share()
    world.direct(section("workoff", f"{CANARY} again"), section("unjudged", f"{CANARY} more"))
    world.make()
    for role in (*OUTSIDE, *INSIDE):
        world.phase.house.actor(role)
    return world


@pytest.fixture(scope="class")
def lent(lend) -> World:
    return lend(make_house, make_phase, packaged, listed_and_shared)


@pytest.fixture
def world(lent, db) -> World:
    return lent


def client_of(actor: Actor) -> Client:
    client = Client()
    person = Person.objects.get(public_id=actor.actor_id)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def addresses(world: World) -> list[str]:
    """Every address of what there is, whether anything links to it or not."""
    word, phase, matter = CANARY.lower(), world.phase.scope.public_id, world.copies.matter.public_id
    found = [
        f"/reports/copies/of/{phase}/", "/reports/copies/", f"/reports/copies/of/{phase}/?as=lists",
        f"/reports/copies/of/{phase}/?as=csv", "/reports/copies/?as=csv", f"/reports/?scope={phase}", "/",
        f"/api/v1/phases/{phase}/copies", "/api/v1/copies", f"/api/v1/matters/{matter}",
        f"/api/v1/decisions?matter={matter}", f"/governance/matters/{matter}/", f"/api/v1/matters?q={word}",
        f"/search/?q={word}", f"/governance/decisions/?q={word}", f"/governance/matters/?q={word}",
        "/governance/decisions/?as=csv", "/governance/matters/?as=csv", "/inbox/", "/inbox/?as=csv", "/audit/",
        "/api/v1/audit", "/api/v1/jobs", "/api/v1/notices", "/api/v1/inbox", "/api/v1/inbox?list=waits_for_others",
        "/api/v1/deadlines", "/api/v1/calendar?month=2026-03", "/governance/jobs/", "/governance/notices/",
        "/governance/calendar/",
    ]  # fmt: skip
    for stored in StoredFile.objects.filter(purpose__in=("party_copy", "completion_report")):
        found += [f"/governance/files/{stored.public_id}/", f"/api/v1/files/{stored.public_id}"]
        found += [f"/api/v1/files/{stored.public_id}/content"]
    found += [f"/governance/jobs/{job.public_id}/" for job in Job.objects.all()]
    found += [f"/api/v1/jobs/{job.public_id}" for job in Job.objects.all()]
    for notice in Notice.objects.all():
        found += [f"/governance/notices/{notice.public_id}/", f"/api/v1/notices/{notice.public_id}"]
    return found


@pytest.mark.parametrize("role", FOLLOWED)
def test_no_word_of_either_list_can_be_reached_by_those_outside(world, role):
    actor = world.phase.house.actor(role)
    client = client_of(actor)
    client.raise_request_exception = False
    reached = dict(linked(client, *addresses(world)))
    assert [path for path, said in reached.items() if CANARY in said] == []
    assert len(reached) > 40


@pytest.mark.parametrize("role", OUTSIDE)
def test_no_word_of_either_list_is_in_any_page_or_answer_for_those_outside(world, role):
    actor = world.phase.house.actor(role)
    client = client_of(actor)
    said = {path: content_of(client.get(path)) for path in addresses(world)}
    assert [path for path, text in said.items() if CANARY in text] == []
    assert len(said) > 40
    assert CANARY not in str(events_for(actor, bodies=(), moment=at(days=30), link=lambda route, key: f"/{key}"))


def test_a_party_opens_the_copies_and_never_the_whole_report(world):
    party = world.supplier
    client = client_of(party)
    page = content_of(client.get("/reports/copies/"))
    assert "Withdrawn" in page
    assert "the Panel directed anew" in page.replace("The Panel", "the Panel")
    for shared in world.given_to(party):
        path = f"/governance/files/{shared.shared.file.public_id}/"
        assert path in page
        assert client.get(path).status_code == 200
    hidden = [world.report.file, world.copies.audit.file, *(each.file for each in world.lists().made)]
    for stored in hidden:
        for path in (f"/governance/files/{stored.public_id}/", f"/api/v1/files/{stored.public_id}/content"):
            assert client.get(path).status_code == 404, stored
    assert client.get(f"/reports/copies/of/{world.phase.scope.public_id}/").status_code in (403, 404)
    assert "Copies of the SIT reports" in content_of(client.get("/"))
    assert "copy for the Parties" not in content_of(client.get("/")), "they stand in a place of their own, marked"


@pytest.mark.parametrize("role", ["tab_chair", "tag_chair", "sit_auditor"])
def test_tab_tag_and_the_auditor_see_what_was_given_and_are_told_how_it_is_read(world, role):
    page = content_of(
        client_of(world.phase.house.actor(role)).get(f"/reports/copies/of/{world.phase.scope.public_id}/")
    )
    assert "our reading of 13.15(b)" in page
    assert "copy for the Parties" in page
    assert world.copies.matter.reference not in page


@pytest.mark.parametrize("role", INSIDE)
def test_the_dcc_and_the_panel_read_both_lists(world, role):
    client = client_of(world.phase.house.actor(role))
    phase = world.phase.scope.public_id
    page = f"/reports/copies/of/{phase}/"
    for path in (page, f"{page}?as=lists", f"/api/v1/phases/{phase}/copies"):
        said = content_of(client.get(path))
        assert f"{CANARY} proposed" in said, path
        assert f"{CANARY} more" in said, path
