"""What is anonymised and redacted for TAG (13.5): a word of what it is not to read is in nothing that it can open."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from svtad.governance import actions
from svtad.governance.models import Decision, Delivery, Matter, Meeting, Notice, StoredFile
from svtad.governance.queries.events import events_for
from svtad.governance.queries.redacted import hidden_from, redact, redact_decisions
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Person
from svtad.rulebook.procedures import PROCEDURES
from tests.factories import MAKER, House, at, decide, heard, make_house
from tests.opening import name_dmc

pytestmark = [pytest.mark.django_db, pytest.mark.clause("SVTAD 1.23", "13.5(a)", "13.5(b)", "13.6")]

#: A word that stands in everything that TAG is not to read, and one of what it is given in its place.
CANARY = "QZXJ7Canary"
GIVEN = "WVKP3Given"

#: Members of TAG that read it redacted, and some who read it whole.
REDACTED = ("tag_member", "tag_chair", "tag_secretary")
WHOLE = ("registrar", "test_manager", "tab_member", "panel_member", "sit_auditor")

_NOT_FOLLOWED = re.compile(r"^(?!/)|^//|/static/|sign-out|/in-the-way/")


@dataclass
class World:
    """Two DMCs that the DCC would de-select: on one TAG is being consulted, the other went to the end."""

    house: House
    asked: Matter
    ended: Matter
    files: list[StoredFile] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)

    def actor(self, role: str) -> Actor:
        return self.house.actor(role)

    def client(self, role: str) -> Client:
        person = Person.objects.get(public_id=self.actor(role).actor_id)
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client


def kept(word: str, matter: Matter) -> StoredFile:
    """What the DCC keeps for the matter before it says for which step."""
    return actions.store_file(
        content=f"{word} in the file".encode(), name=f"{word}.txt", media_type="text/plain", purpose="decision",
        audience=actions.audience_for_upload(matter, by=MAKER), by=MAKER, at=at(),
    )  # fmt: skip


def consulted(number: int, house: House) -> Matter:
    """A matter on which TAG is consulted, the word in all that is not what TAG is given."""
    matter: Matter = actions.open_matter(
        procedure="DMC_DESELECTION", document="SVTAD", version="1.23", title=f"{CANARY} device {number}",
        rationale=f"{CANARY} cannot deliver.", audience=audience_of(*GOVERNANCE), by=MAKER, at=at(),
    )  # fmt: skip
    name_dmc(matter, house.scope("SIT", "MOC"))
    decide(
        matter, "DCC", "CONSULT_ON_SUPPLY", moment=at(hours=1), rationale=f"{CANARY} wrote.",
        document=kept(GIVEN, matter), steps_taken=f"We asked {CANARY}.", alternative=f"Use another of {CANARY}.",
    )  # fmt: skip
    return matter


@pytest.fixture
def world(db) -> World:
    house = make_house()
    for role in (*REDACTED, *WHOLE, "participant"):
        house.actor(role)
    made = World(house, consulted(1, house), consulted(2, house))
    for title, held in (("TAG 50", True), ("TAG 51", False)):
        meeting = actions.plan_meeting(body="TAG", title=title, starts_at=at(days=1), by=MAKER, at=at(hours=2))
        actions.put_on_agenda(meeting=meeting, matters=[made.asked], by=MAKER, at=at(hours=2))
        made.meetings.append(actions.hold_meeting(meeting=meeting, by=MAKER) if held else meeting)
    heard(made.ended, moment=at(hours=3))
    whole = kept(CANARY, made.ended)
    said: dict[str, Any] = {"rationale": f"{CANARY} again."}
    decide(made.ended, "DCC", "DESELECT", moment=at(hours=4), document=whole, dmc="DMC 7", **said)
    decide(made.ended, "SUPPLIER", "REFER", moment=at(hours=5), document=whole, supplier=f"{CANARY} Ltd", **said)
    wide = actions.store_file(
        content=f"{CANARY} wide".encode(), name="wide.txt", media_type="text/plain", purpose="decision",
        audience=audience_of(*GOVERNANCE), by=MAKER, at=at(hours=5),
    )  # fmt: skip
    decide(made.ended, "SOS", "STOP_TESTING", moment=at(hours=6), document=wide, **said)
    made.files = list(StoredFile.objects.exclude(pk=wide.pk))
    return made


def content_of(answer: Any) -> str:
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(raw.decode("utf-8", "replace")) + str(answer.headers)


def linked(client: Client, *starts: str) -> Iterator[tuple[str, str]]:
    """Yield every address that can be reached by links, with what it answers."""
    todo, seen = deque(starts), set[str]()
    while todo:
        path = todo.popleft().partition("#")[0].replace("&amp;", "&")
        if path in seen or _NOT_FOLLOWED.search(path) or len(seen) > 400:
            continue
        seen.add(path)
        answer = client.get(path)
        said = content_of(answer)
        yield path, said
        if "Location" in answer.headers:
            todo.append(answer.headers["Location"])
        todo.extend(re.findall(r'href="([^"]+)"', said))


#: Lists of REST, and what narrows them by a word that they must not find.
LISTS = (
    "/matters", "/decisions", "/inbox", "/inbox?list=waits_for_others", "/deadlines", "/notices", "/notices/published",
    "/calendar?month=2026-03", "/meetings", "/interests", "/jobs", "/procedures", f"/matters?q={CANARY.lower()}",
)  # fmt: skip


def addresses(world: World) -> list[str]:
    """Every address of what there is, whether anything links to it or not."""
    word = CANARY.lower()
    found = [f"/api/v1{path}" for path in LISTS]
    found += [f"/search/?q={word}", f"/governance/decisions/?q={word}", f"/governance/matters/?q={word}"]
    found += ["/governance/decisions/?as=csv", "/governance/matters/?as=csv", "/inbox/?as=csv", "/audit/", "/"]
    for matter in (world.asked, world.ended):
        found += [f"/api/v1/matters/{matter.public_id}", f"/api/v1/decisions?matter={matter.public_id}"]
        found += [f"/governance/matters/{matter.public_id}/", f"/governance/meetings/put/?matter={matter.public_id}"]
        found += [f"/api/v1/interests?matter={matter.public_id}"]
    for meeting in world.meetings:
        found += [f"/api/v1/meetings/{meeting.public_id}", f"/api/v1/meetings/{meeting.public_id}/agenda"]
        found += [f"/governance/meetings/{meeting.public_id}/"]
    for notice in Notice.objects.all():
        found += [f"/governance/notices/{notice.public_id}/", f"/api/v1/notices/{notice.public_id}"]
    for stored in world.files:
        found += [f"/governance/files/{stored.public_id}/", f"/api/v1/files/{stored.public_id}"]
        found += [f"/api/v1/files/{stored.public_id}/content"]
    return found


@pytest.mark.parametrize("role", REDACTED)
def test_no_word_that_is_hidden_from_tag_is_in_any_page_or_answer_that_a_member_gets(world, role):
    client = world.client(role)
    reached = dict(linked(client, *addresses(world)))
    leaking = [path for path, said in reached.items() if CANARY in said]
    assert leaking == []
    assert len(reached) > 100
    assert any(GIVEN in said for path, said in reached.items() if path.endswith("/content"))
    page = reached[f"/governance/matters/{world.ended.public_id}/"]
    assert f"{GIVEN}.txt" in page
    assert "DMC 7" in page, "13.6 tells TAG which DMC it was decided on"
    assert "You are shown what this body is given" in page
    told = Delivery.objects.filter(person__public_id=world.actor(role).actor_id).select_related("notice")
    texts = [each.notice.text for each in told]
    assert any("DMC 7" in text for text in texts)
    assert not any(CANARY in text for text in texts)


@pytest.mark.parametrize("role", WHOLE)
def test_who_sees_it_otherwise_reads_it_whole(world, role):
    client = world.client(role)
    for path in (f"/governance/matters/{world.ended.public_id}/", f"/api/v1/matters/{world.ended.public_id}"):
        said = content_of(client.get(path))
        assert said.count(CANARY) > 5, path
    assert CANARY in content_of(client.get(f"/api/v1/matters?q={CANARY.lower()}"))
    assert world.ended.reference in content_of(client.get(f"/governance/decisions/?q={CANARY.lower()}"))


def test_each_document_is_named_for_those_who_may_open_it_whatever_it_was_kept_for(world):
    tag, registrar = world.actor("tag_member"), world.actor("registrar")
    documents = {
        (each.outcome): each.document for each in Decision.objects.filter(matter=world.ended).select_related("document")
    }
    seen = {
        outcome: (
            StoredFile.objects.visible_to(tag).filter(pk=document.pk).exists(),
            StoredFile.objects.visible_to(registrar).filter(pk=document.pk).exists(),
        )
        for outcome, document in documents.items()
        if document is not None
    }
    assert seen == {
        "CONSULT_ON_SUPPLY": (True, True), "DESELECT": (False, True), "REFER": (False, True),
        "STOP_TESTING": (False, True),
    }  # fmt: skip


def test_a_member_who_is_also_the_dccs_registrar_reads_it_whole(world):
    tag, registrar = world.actor("tag_member"), world.actor("registrar")
    both = Actor(
        kind="PERSON", actor_id="b" * 22, label="Both", audience_keys=tag.audience_keys | registrar.audience_keys,
        organisation_kinds=tag.organisation_kinds | registrar.organisation_kinds,
        permissions=tag.permissions | registrar.permissions,
    )  # fmt: skip
    for actor, title in (
        (tag, PROCEDURES["DMC_DESELECTION"].title),
        (both, f"{CANARY} device 2"),
        (MAKER, f"{CANARY} device 2"),
    ):
        matter = Matter.objects.get(pk=world.ended.pk)
        redact(actor, [matter])
        assert matter.title == title
    assert hidden_from(MAKER) is None


def test_what_tag_said_itself_stays_as_it_is(world):
    tag = world.actor("tag_member")
    decisions = list(Decision.objects.filter(matter=world.ended).select_related("matter", "document"))
    decisions[0].body = "TAG"
    redact_decisions(tag, decisions)
    assert CANARY in decisions[0].rationale
    assert not any(CANARY in f"{each.rationale}{each.data}" for each in decisions[1:])
    said = content_of(world.client("tag_member").get(f"/api/v1/matters/{world.ended.public_id}"))
    assert "It was discussed." in said


def test_a_calendar_that_is_fetched_elsewhere_names_none_of_it(world):
    for role in ("tag_chair", "registrar"):
        events = events_for(
            world.actor(role), bodies=("TAG", "DCC", "SOS"), moment=at(hours=7), link=lambda route, key: f"/{key}"
        )
        assert CANARY not in str(events)


def test_a_members_upload_for_it_stays_open_to_the_member(world):
    for role, opens in (("tag_chair", True), ("registrar", False)):
        audience = actions.audience_for_upload(Matter.objects.get(pk=world.asked.pk), by=world.actor(role))
        assert ("tag" in audience.text.split(",")) is opens


def test_nothing_changes_for_procedures_that_redact_nothing(world):
    assert [rules.key for rules in PROCEDURES.values() if rules.redacted_for] == ["DMC_DESELECTION"]
    for rules in PROCEDURES.values():
        needs = [need for step in rules.transitions for need in step.requires if need.given_to]
        assert {body for need in needs for body in need.given_to} == set(rules.redacted_for)
        assert not rules.redacted_for or not any(need.kind == "file" for need in rules.opens_with)
