"""Notices given, read, recorded by hand, taken back: what is written, and who may."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from svtad.audit.models import AuditEvent
from svtad.governance import actions, outbox
from svtad.governance.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Notice,
    NoticeAddress,
    Timing,
)
from svtad.governance.models.notices import NO_ADDRESS
from svtad.governance.queries.notices import addressable, inbox, timing_of, unread_count
from svtad.governance.queries.notices import outbox as standing
from svtad.governance.queries.recipients import Addressee
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.models import AppendOnlyError
from svtad.parties import actions as party_actions
from svtad.parties.actors import ANONYMOUS, actor_for, system_actor
from svtad.parties.audiences import audience_of, org_key
from svtad.parties.models import Person
from tests.factories import MAKER, House, at, make_house, make_paper, make_person
from tests.governance.mailing import addressed_to, give, recipients, states

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def tag(house) -> Person:
    return make_person("tag_member", house.tag)


SOS = Addressee(key="SOS", told_as="SOS", name="Secretary of State", by_hand=NO_ADDRESS)


def test_a_notice_has_one_delivery_for_each_recipient_in_the_callers_transaction(house, tag):
    tab = make_person("tab_member", house.tab)
    with transaction.atomic():
        give(tag, tab)
        transaction.set_rollback(True)  # what they were told did not happen
    assert not Notice.objects.exists()
    assert not Delivery.objects.exists()
    notice = give(tag, tab, tag)
    assert recipients(list(notice.deliveries.all())) == [f"person:{tag.public_id}", f"person:{tab.public_id}"]
    ids = set(notice.deliveries.values_list("message_id", flat=True))
    assert len(ids) == 2
    assert all(each.startswith("<") and each.endswith("@localhost>") for each in ids)
    event = AuditEvent.objects.get(action="notify")
    assert (event.subject_id, event.detail["recipients"]) == (notice.public_id, 2)


def test_the_database_refuses_a_second_delivery_to_one_recipient_and_a_second_notice_of_a_key(tag):
    notice = give(tag, key="once")
    row = notice.deliveries.get()
    row.pk, row.public_id, row.message_id = None, "x" * 22, "<other@x>"
    row._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    assert give(tag, what="Otherwise", key="once") == notice
    assert Notice.objects.count() == 1
    assert give(tag, what="Otherwise") != give(tag, what="Otherwise"), "without a key each is its own"


def test_notices_and_attempts_are_never_changed(tag):
    notice = give(tag)
    attempt = DeliveryAttempt.objects.create(
        delivery=notice.deliveries.get(), began_at=now(), outcome="SENT", recorded_at=now(), recorded_by="T"
    )
    for row in (notice, attempt):
        with pytest.raises(AppendOnlyError):
            row.save()
        with pytest.raises(AppendOnlyError):
            row.delete()
    table = {"governance_notice": "what", "governance_deliveryattempt": "answer"}
    for name, column in table.items():
        for sql in (f"UPDATE {name} SET {column} = 'x'", f"DELETE FROM {name}"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


def test_a_notice_needs_words_and_a_published_one_an_audience_that_says_so(tag):
    with pytest.raises(InvalidInput) as wrong:
        give(tag, what="  ", publish=True)
    assert [error.field for error in wrong.value.errors] == ["what", "audience"]
    published = give(what="For anybody", audience=audience_of("public"), publish=True)
    assert published.published_at == published.recorded_at
    assert list(Notice.objects.visible_to(ANONYMOUS)) == [published]


# --- how one is told ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "required", "channel"),
    [
        (None, False, Channel.EMAIL),
        (Timing.AT_ONCE, False, Channel.EMAIL),
        (Timing.DAILY, False, Channel.IN_PRODUCT),
        (Timing.IN_PRODUCT, False, Channel.IN_PRODUCT),
        (Timing.DAILY, True, Channel.EMAIL),
        (Timing.IN_PRODUCT, True, Channel.EMAIL),
    ],
)
def test_what_the_law_requires_is_e_mailed_whatever_a_person_prefers(tag, timing, required, channel):
    if timing:
        actions.set_notice_timing(person=tag, timing=timing, by=actor_for(tag, at=now()))
    delivery = give(tag, is_required=required).deliveries.get()
    assert delivery.channel == channel
    expected = DeliveryState.SENT if channel == Channel.IN_PRODUCT else DeliveryState.QUEUED
    assert delivery.state == expected
    assert bool(delivery.message_id) == (channel == Channel.EMAIL)


def test_only_the_person_sets_how_they_are_told(house, tag):
    assert timing_of(tag) == Timing.AT_ONCE
    with pytest.raises(ActionDenied):
        actions.set_notice_timing(person=tag, timing=Timing.DAILY, by=house.actor("administrator"))
    with pytest.raises(InvalidInput, match="timing: Known"):
        actions.set_notice_timing(person=tag, timing="WEEKLY", by=actor_for(tag, at=now()))
    actions.set_notice_timing(person=tag, timing=Timing.DAILY, by=actor_for(tag, at=now()))
    assert timing_of(tag) == Timing.DAILY


# --- the inbox ------------------------------------------------------------------------------------------


def test_the_inbox_has_the_unread_first_and_reading_is_noted_once(tag):
    old, new, newest = give(tag, what="Old"), give(tag, what="New"), give(tag, what="Newest")
    me = actor_for(tag, at=now())
    first = actions.mark_read(notice=newest, by=me, at=at(days=400))
    assert actions.mark_read(notice=newest, by=me, at=at(days=500)).read_at == first.read_at == at(days=400)
    assert [row.notice for row in inbox(me)] == [new, old, newest]
    assert unread_count(me) == 2
    assert actions.mark_all_read(by=me) == 2
    assert actions.mark_all_read(by=me) == 0
    assert unread_count(me) == 0
    assert AuditEvent.objects.filter(action__in=("read_notice", "read_notices")).count() == 2


def test_a_notice_is_read_only_by_whom_it_was_given_to(house, tag):
    notice = give(tag)
    with pytest.raises(Refused, match="not given to you"):
        actions.mark_read(notice=notice, by=house.actor("panel_member"))


def test_an_inbox_holds_what_the_person_may_still_see(house, tag):
    notice = give(tag)
    assert unread_count(actor_for(tag, at=now())) == 1
    party_actions.end_membership(membership=tag.memberships.get(), by=MAKER)
    gone = actor_for(tag, at=now() + dt.timedelta(seconds=1))
    assert unread_count(gone) == 0
    assert list(inbox(gone)) == []
    with pytest.raises(Refused):
        actions.mark_read(notice=notice, by=gone)


def test_the_count_of_the_unread_is_one_query(tag, django_assert_num_queries):
    for _ in range(5):
        give(tag)
    me = actor_for(tag, at=now())
    with django_assert_num_queries(1):
        assert unread_count(me) == 5
    with django_assert_num_queries(0):
        assert unread_count(ANONYMOUS) == 0


def test_deliveries_are_seen_by_those_who_govern_and_by_oneself(house, tag):
    own = audience_of("dcc", "tag", org_key(house.supplier))
    supplier = make_person("participant", house.supplier)
    notice = give(tag, supplier, audience=own)
    everything = list(notice.deliveries.all())
    for role in ("test_manager", "registrar", "tag_member"):
        assert list(Delivery.objects.visible_to(house.actor(role))) == everything
    mine = Delivery.objects.visible_to(actor_for(supplier, at=now()))
    assert [each.person for each in mine] == [supplier]
    for stranger in (house.actor("panel_member"), house.actor("participant", house.other_supplier), ANONYMOUS):
        assert not Delivery.objects.visible_to(stranger).exists()
    assert list(Delivery.objects.visible_to(system_actor())) == everything


# --- outside the product ---------------------------------------------------------------------------------


def test_without_an_address_a_notice_waits_to_be_sent_by_hand_and_with_one_it_is_e_mailed(house):
    admin = house.actor("administrator")
    first = give(addressees=[SOS]).deliveries.get()
    assert (first.waits_for_hand, first.address, standing().for_hand) == (True, "", 1)
    actions.set_notice_address(recipient="SOS", email="sos@example.org", source="Letter of 2 March", by=admin)
    first.refresh_from_db()
    assert (first.waits_for_hand, first.address, first.state) == (False, "sos@example.org", DeliveryState.QUEUED)
    second = give(addressees=[SOS]).deliveries.get()
    assert (second.by_hand, second.address) == ("", "sos@example.org")
    actions.set_notice_address(recipient="SOS", email="new@example.org", source="Their call", by=admin)
    second.refresh_from_db()
    assert second.address == "new@example.org"
    actions.set_notice_address(recipient="SOS", email="", source="They asked", by=admin)
    second.refresh_from_db()
    assert (second.by_hand, second.address) == (NO_ADDRESS, "")
    assert list(NoticeAddress.objects.values_list("email", flat=True).order_by("valid_from")) == [
        "sos@example.org",
        "new@example.org",
    ]
    assert not NoticeAddress.objects.current().exists()
    assert AuditEvent.objects.filter(action="set_notice_address").count() == 3


def test_an_address_is_set_by_an_administrator_with_its_source(house):
    with pytest.raises(ActionDenied, match="Administrator"):
        actions.set_notice_address(recipient="SOS", email="a@b.org", source="x", by=house.actor("registrar"))
    admin = house.actor("administrator")
    with pytest.raises(InvalidInput) as wrong:
        actions.set_notice_address(recipient="NOBODY", email="a b@c", source=" ", by=admin)
    assert [error.field for error in wrong.value.errors] == ["recipient", "email", "source"]
    for hostile in (
        "a@b.org\nBcc: c@d.org",
        "a@b.org, c@d.org",
        "Name <a@b.org>",
        "é@b.org",
        "a@" + "b" * 300 + ".org",
    ):
        with pytest.raises(InvalidInput, match="email"):
            actions.set_notice_address(recipient="SOS", email=hostile, source="x", by=admin)
    assert set(addressable()) == {"SOS", "AUTHORITY", "SECAS", "PARTIES", "USERS", "STAKEHOLDERS"}


def test_an_organisation_that_waits_may_be_given_an_address(house):
    key = org_key(house.supplier)
    waiting = Addressee(
        key=key, told_as="SUPPLIERS", name="SUPPLIER Ltd", organisation=house.supplier, by_hand=NO_ADDRESS
    )
    give(addressees=[waiting])
    assert addressable()[key] == "SUPPLIER Ltd"
    actions.set_notice_address(recipient=key, email="s@example.org", source="x", by=house.actor("administrator"))
    assert Delivery.objects.get().address == "s@example.org"
    assert addressable()[key] == "SUPPLIER Ltd", "so that it can be taken away again"


def test_the_registrar_records_what_was_sent_by_hand_with_the_document(house, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    delivery = give(addressees=[SOS]).deliveries.get()
    paper, sent = make_paper("letter.pdf"), at(days=1)
    with pytest.raises(ActionDenied, match="DCC registrar"):
        actions.record_sent_by_hand(
            delivery=delivery, how="Letter", sent_at=sent, document=paper, by=house.actor("test_manager")
        )
    registrar = house.actor("registrar")
    with pytest.raises(InvalidInput) as wrong:
        actions.record_sent_by_hand(
            delivery=delivery, how=" ", sent_at=at(days=3), document=paper, by=registrar, at=at(days=2)
        )
    assert [error.field for error in wrong.value.errors] == ["how", "sent_at"]
    held = actions.record_sent_by_hand(
        delivery=delivery, how="Letter ref. 12", sent_at=sent, document=paper, by=registrar, at=at(days=2)
    )
    assert (held.state, held.sent_at, held.document) == (DeliveryState.SENT, sent, paper)
    assert held.proof == f"By hand: Letter ref. 12 (letter.pdf, SHA-256 {paper.sha256})"
    attempt = held.tries.get()
    assert (attempt.outcome, attempt.recorded_by) == ("BY_HAND", registrar.label)
    with pytest.raises(Refused, match="is sent"):
        actions.record_sent_by_hand(delivery=delivery, how="Again", sent_at=sent, document=paper, by=registrar)


# --- taken back, tried again ------------------------------------------------------------------------------


def test_what_is_not_sent_can_be_withdrawn_with_a_reason_and_what_may_be_sent_not(house, tag):
    tab, panel = make_person("tab_member", house.tab), make_person("panel_member", house.panel)
    notice = give(addressees=[SOS, addressed_to(tag), addressed_to(tab), addressed_to(panel)])
    sent, sending, uncertain = list(notice.deliveries.exclude(recipient="SOS"))
    Delivery.objects.filter(pk=sent.pk).update(state="SENT", sent_at=now())
    Delivery.objects.filter(pk=sending.pk).update(state="SENDING", lease_token="t", lease_until=now())
    Delivery.objects.filter(pk=uncertain.pk).update(state="UNCERTAIN", uncertain_at=now())
    registrar = house.actor("registrar")
    with pytest.raises(InvalidInput, match="reason"):
        actions.withdraw_notice(notice=notice, reason=" ", by=registrar)
    with pytest.raises(ActionDenied):
        actions.withdraw_notice(notice=notice, reason="Mistake", by=house.actor("tag_member"))
    assert actions.withdraw_notice(notice=notice, reason="Mistake", by=registrar) == 1
    assert states(notice) == ["WITHDRAWN", "SENT", "SENDING", "UNCERTAIN"]
    with pytest.raises(Refused, match="what is sent cannot be taken back"):
        actions.withdraw_notice(notice=notice, reason="Mistake", by=registrar)


def test_one_delivery_can_be_withdrawn_and_is_gone_from_the_inbox(house, tag):
    tab = make_person("tab_member", house.tab)
    notice = give(tag, tab)
    mine = notice.deliveries.get(person=tag)
    actions.withdraw_notice(notice=notice, delivery=mine, reason="Not theirs", by=house.actor("registrar"))
    assert states(notice) == ["WITHDRAWN", "QUEUED"]
    assert unread_count(actor_for(tag, at=now())) == 0


@pytest.mark.parametrize("uncertain", [False, True])
def test_a_failed_delivery_is_tried_again_under_its_own_message_id(house, tag, uncertain):
    delivery = give(tag).deliveries.get()
    registrar = house.actor("registrar")
    with pytest.raises(Refused, match="only a failed one"):
        actions.retry_delivery(delivery=delivery, by=registrar)
    Delivery.objects.filter(pk=delivery.pk).update(
        state="FAILED", attempts=72, next_attempt_at=None, uncertain_at=now() if uncertain else None
    )
    with pytest.raises(ActionDenied):
        actions.retry_delivery(delivery=delivery, by=house.actor("tag_member"))
    again = actions.retry_delivery(delivery=delivery, by=registrar)
    assert (again.state, again.attempts) == ("UNCERTAIN" if uncertain else "QUEUED", 0)
    assert again.message_id == delivery.message_id
    assert outbox.claim(again.pk) is not None
