"""The document that a clause gives with a notice: linked, attached, published, named in the proof."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from svtad.governance import actions, outbox, rendering
from svtad.governance.actions import Given
from svtad.governance.models import Decision, Delivery, Matter, Notice, StoredFile
from svtad.governance.queries.proofs import proofs_of
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Person
from svtad.rulebook.procedures import PROCEDURES, procedure
from tests.factories import MAKER, House, at, decide, heard, make_house
from tests.governance.mailing import point_at
from tests.opening import wanted
from tests.ops.mail import MailServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

SVTAD = "SVTAD 1.23"
WORDS = b"The intended changes, word by word.\r\n.\r\nA line with one dot stood before this.\n"


@pytest.fixture
def house() -> House:
    made = make_house()
    for role in ("tag_member", "panel_member", "tab_member", "registrar", "test_manager"):
        made.actor(role)
    made.actor("participant")
    return made


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with MailServer() as running:
        point_at(settings, running)
        yield running


def kept(content: bytes = WORDS, name: str = "changes.pdf", media_type: str = "application/pdf") -> StoredFile:
    return actions.store_file(
        content=content, name=name, media_type=media_type, purpose="decision", audience=audience_of("dcc"), by=MAKER,
        at=at(),
    )  # fmt: skip


def matter_of(key: str) -> Matter:
    rules, audience = procedure(key), audience_of(*GOVERNANCE)
    values: dict[str, Any] = {
        "procedure": key, "document": rules.document, "version": rules.version, "title": f"About {key}",
        "rationale": "It is time.", "audience": audience, "by": MAKER, "at": at(),
    }  # fmt: skip
    made: Matter = actions.open_matter(**values | wanted(key, audience=audience, at=at()))
    return made


def client_of(actor: Actor | None) -> Client:
    client = Client()
    if actor is not None:
        person = Person.objects.get(public_id=actor.actor_id)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def fetched(client: Client, path: str) -> bytes | int:
    answer: Any = client.get(path)
    return b"".join(answer.streaming_content) if answer.status_code == 200 else int(answer.status_code)


def notified(document: StoredFile) -> Notice:
    """The DCC gives notice of a minor modification, with the intended changes (4.3)."""
    decided = decide(matter_of("MODIFICATION_MINOR"), "DCC", "NOTIFY", moment=at(hours=1), document=document)
    return Notice.objects.get(decision=decided)


@pytest.mark.clause(SVTAD, "4.2", "4.3", "9.7", "9.10", "13.15(b)", "13.17", "19.5")
def test_the_clauses_that_give_the_document_with_the_notice():
    given = {
        (key, due.on, due.clause) for key, rules in PROCEDURES.items() for due in rules.notices if due.with_document
    }
    assert given == {
        ("MODIFICATION_CONSULTED", "MODIFY", "4.2"), ("MODIFICATION_MINOR", "NOTIFY", "4.3"),
        ("MODIFICATION_MINOR", "TAKE_EFFECT", "4.3"), ("CODE_PROMOTION", "SEND_RELEASE_NOTE", "9.10"),
        ("COMPLETION_REPORT", "PRESENT_TO_TAB", "19.5"), ("COMPLETION_REPORT", "PROVIDE_TO_TAG", "9.7"),
        ("COMPLETION_REPORT", "PROVIDE_TO_PANEL", "19.5"), ("SIT_COMPLETION", "SEND_PACKAGE", "13.15(b)"),
        ("REDACTED_COPIES", "SHARE", "13.17"),
    }  # fmt: skip
    for key, outcome, _ in given:
        steps = [step for step in PROCEDURES[key].transitions if step.outcome == outcome]
        assert all(any(need.kind == "file" for need in step.requires) for step in steps), (key, outcome)


@pytest.mark.clause(SVTAD, "4.3")
def test_clause_4_3_the_intended_changes_are_published_with_the_notice_for_anybody(house):
    document = kept()
    notice = notified(document)
    assert notice.attachment is not None
    assert (notice.attachment.sha256, notice.attachment.audience) == (document.sha256, notice.audience)
    stranger = client_of(None)
    page = stranger.get(f"/governance/published/{notice.public_id}/").content.decode()
    assert f"/governance/published/{notice.public_id}/document/" in page
    assert document.sha256 in page
    assert fetched(stranger, f"/governance/published/{notice.public_id}/document/") == WORDS
    inside = client_of(house.actor("tag_member"))
    assert (
        f"/governance/files/{notice.attachment.public_id}/"
        in inside.get(f"/governance/notices/{notice.public_id}/").content.decode()
    )
    assert fetched(inside, f"/governance/files/{notice.attachment.public_id}/") == WORDS
    shown = inside.get(f"/api/v1/notices/{notice.public_id}").json()
    assert (shown["attachment"], shown["attachment_sha256"]) == (notice.attachment.public_id, document.sha256)
    assert fetched(inside, f"/governance/files/{document.public_id}/") == 404, "kept for the DCC alone"


@pytest.mark.clause(SVTAD, "13.17")
def test_clause_13_17_each_party_may_open_the_copies_that_it_is_given_and_nobody_else(house, server):
    matter = matter_of("REDACTED_COPIES")
    decide(matter, "PANEL", "DIRECT", moment=at(hours=1), redactions=[])
    copies = kept(name="copies.pdf")
    notice = Notice.objects.get(decision=decide(matter, "DCC", "SHARE", moment=at(hours=2), document=copies))
    assert notice.attachment is not None
    party, provider = house.actor("participant"), house.actor("provider_tester")
    path = f"/governance/files/{notice.attachment.public_id}/"
    assert [fetched(client_of(each), path) for each in (party, provider)] == [WORDS, 404]
    outbox.sweep()
    mine = Delivery.objects.get(notice=notice, person__public_id=party.actor_id)
    assert mine.proof.endswith(f"; with copies.pdf, SHA-256 {copies.sha256}")
    assert mine.recipient in {each.recipient for each in notice.deliveries.all()}


def parts(content: bytes) -> tuple[EmailMessage, list[EmailMessage]]:
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message, list(message.iter_attachments())


@pytest.mark.clause(SVTAD, "9.10")
def test_clause_9_10_the_release_note_is_attached_and_a_second_copy_is_the_same(house, server, settings):
    settings.NOTICE_RETRY_SECONDS = settings.NOTICE_RETRY_LONGEST_SECONDS = 0.01
    note = kept(name="release note.pdf")
    given = actions.notify(
        what="The release note", text="For your tests.", audience=audience_of(*GOVERNANCE), is_required=True,
        addressees=[_addressee(house.actor("tag_member"))], attachment=note, by=MAKER, at=at(),
    )  # fmt: skip
    left = ["lose"]
    server.plan = lambda step, number, argument: left.pop() if step == "end" and left else None
    for _ in range(200):
        outbox.sweep()
        if given.deliveries.get().state == "SENT":
            break
    delivery = given.deliveries.get()
    assert (delivery.state, delivery.uncertain_at is not None) == ("SENT", True)
    first = rendering.letter_of(delivery, at=at())
    assert first.content == rendering.letter_of(delivery, at=at(days=3)).content
    message, attached = parts(first.content)
    assert message.get_content_type() == "multipart/mixed"
    [part] = attached
    assert (part.get_filename(), part.get_content_type()) == ("release note.pdf", "application/pdf")
    assert part.get_payload(decode=True) == WORDS
    body = message.get_body(("plain",))
    assert body is not None
    assert f"release note.pdf ({len(WORDS)} bytes, SHA-256 {note.sha256}), attached." in " ".join(
        body.get_content().split()
    )
    assert note.sha256 == hashlib.sha256(WORDS).hexdigest()
    assert delivery.proof.endswith(f"; with release note.pdf, SHA-256 {note.sha256}")


def test_what_the_server_took_is_what_was_kept(house, server):
    actions.set_notice_address(
        recipient="SECAS", email="secas@example.org", source="Its letter", by=house.actor("administrator")
    )
    document = kept(name="Änderung =?utf-8?q?x?=\u202e.html", media_type="text/html")
    notice = notified(document)
    outbox.sweep()
    assert [each.state for each in notice.deliveries.filter(by_hand="")] == ["SENT"]
    assert len(server.taken) == 1
    for taken in server.taken:
        _, [part] = parts(taken.content)
        assert part.get_payload(decode=True) == WORDS
        assert part.get_content_type() == "application/octet-stream", "what a browser might run is only kept"
        assert str(part.get_filename()).isascii()


def _addressee(actor: Actor) -> Any:
    from tests.governance.mailing import addressed_to

    return addressed_to(Person.objects.get(public_id=actor.actor_id))


@pytest.mark.clause(SVTAD, "13.17")
@pytest.mark.parametrize(("site", "says"), [("https://testing.example.org", "it is at https://"), ("", "it stands")])
def test_a_document_too_large_for_an_e_mail_stays_where_it_is_and_the_e_mail_says_so(
    house, server, settings, site, says
):
    settings.NOTICE_ATTACHMENT_MAX_BYTES, settings.SITE_URL = len(WORDS) - 1, site
    matter = matter_of("REDACTED_COPIES")
    decide(matter, "PANEL", "DIRECT", moment=at(hours=1), redactions=[])
    notice = Notice.objects.get(decision=decide(matter, "DCC", "SHARE", moment=at(hours=2), document=kept()))
    outbox.sweep()
    for taken in server.taken:
        message, attached = parts(taken.content)
        assert attached == []
        body = message.get_body(("plain",))
        assert body is not None
        text = " ".join(body.get_content().split())
        assert "too large for an e-mail" in text
        assert says in text
    sent = notice.deliveries.filter(state="SENT")
    assert sent
    assert not any("with changes.pdf" in each.proof for each in sent)


@pytest.mark.clause(SVTAD, "4.3")
def test_a_corrected_document_is_given_anew_and_the_same_one_is_not(house):
    notice = notified(kept())
    wrong = notice.decision
    assert wrong is not None
    given = {"decided_at": wrong.decided_at, "notified_at": wrong.notified_at, "data": wrong.data}
    same = actions.correct_decision(
        decision=wrong, outcome="NOTIFY", given=Given(**given, document=wrong.document, meeting="Board 4"),
        reason="The meeting was missing.", by=MAKER, at=at(hours=2),
    )  # fmt: skip
    assert not Notice.objects.filter(decision=same).exists()
    other = actions.correct_decision(
        decision=same, outcome="NOTIFY", given=Given(**given, document=kept(b"Others.", "others.pdf")),
        reason="It was the wrong file.", by=MAKER, at=at(hours=3),
    )  # fmt: skip
    anew = Notice.objects.get(decision=other)
    assert anew.attachment is not None
    assert anew.attachment.name == "others.pdf"
    assert "corrected" in anew.what


def test_the_database_itself_refuses_to_change_what_went_with_a_notice(house):
    notified(kept())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE governance_notice SET attachment_id = NULL")


# --- by our records ------------------------------------------------------------------------------------


def determined(house: House) -> Decision:
    matter = matter_of("DMC_SELECTION")
    heard(matter, moment=at(hours=1))
    decide(matter, "DCC", "CONCLUDE_DISCUSSION", moment=at(hours=2))
    return decide(matter, "DCC", "DETERMINE", moment=at(hours=3), dmcs="DMC 7")


@pytest.mark.clause(SVTAD, "13.4")
def test_what_our_records_prove_stands_beside_the_time_that_was_typed_and_overwrites_nothing(house, server):
    decided = determined(house)
    registrar = house.actor("registrar")
    assert proofs_of(registrar, [decided]) == {}, "what waits proves nothing"
    outbox.sweep()
    proof = proofs_of(registrar, [decided])[decided.pk]
    assert (proof.told, proof.disagrees(None), proof.disagrees(decided.notified_at)) == (1, False, True)
    assert not proof.disagrees(proof.last)
    client = client_of(registrar)
    page = client.get(f"/governance/matters/{decided.matter.public_id}/").content.decode()
    assert proof.text in page
    assert "the notified time and our records disagree" in page
    correct = f"/governance/matters/{decided.matter.public_id}/correct/"
    form = client.get(correct)
    assert proof.text in form.content.decode()
    assert form.context["form"].initial["notified_at"] == decided.notified_at, "what was typed stays"
    for which in ("first", "last"):
        offered = client.get(f"{correct}?notified={which}").context["form"].initial["notified_at"]
        assert offered == getattr(proof, which)
    [*_, shown] = client.get(f"/api/v1/matters/{decided.matter.public_id}").json()["decisions"]
    assert shown["notified_at"] == "2026-03-02T12:00:00Z"
    assert shown["told_first_at"] == shown["told_last_at"] == proof.first.isoformat().replace("+00:00", "Z")
    decided.refresh_from_db()
    assert decided.notified_at == at(hours=3)


def test_a_reading_and_a_sending_by_hand_are_proofs_and_a_correction_keeps_them(house):
    decided = determined(house)
    registrar = house.actor("registrar")
    notice = Notice.objects.get(decision=decided)
    party = house.actor("participant")
    actions.mark_read(notice=notice, by=party, at=at(hours=5))
    assert proofs_of(registrar, [decided])[decided.pk].last == at(hours=5)
    for delivery in notice.deliveries.exclude(person__public_id=party.actor_id):
        actions.record_sent_by_hand(
            delivery=delivery, how="By letter", sent_at=at(hours=4), document=kept(), by=registrar, at=at(hours=6)
        )
    proof = proofs_of(registrar, [decided])[decided.pk]
    assert proof.waiting == 0
    assert proof.last == at(hours=5)
    right = actions.correct_decision(
        decision=decided, outcome="DETERMINE", reason="The meeting was missing.", by=MAKER, at=at(hours=7),
        given=Given(
            decided_at=decided.decided_at, notified_at=decided.notified_at, data=decided.data, meeting="Board",
            rationale=decided.rationale,
        ),
    )  # fmt: skip
    assert proofs_of(registrar, [decided, right])[right.pk] == proof
    assert proofs_of(house.actor("provider_tester"), [decided, right]) == {}, "others' proofs are not everybody's"
