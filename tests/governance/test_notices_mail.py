"""The outbox against a real mail server: taken, not now, refused, silent, and the answer that got lost."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.db.models.functions import Now

from svtad.governance import actions, mail, outbox, rendering, tasks
from svtad.governance.models import Delivery, DeliveryAttempt, MailRelay, Timing
from svtad.governance.queries.notices import outbox as standing
from svtad.lib.clock import now
from svtad.parties import actions as party_actions
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import Person
from tests.factories import MAKER, House, make_house, make_person
from tests.governance.mailing import give, london, point_at, states
from tests.governance.test_notices import SOS
from tests.ops.mail import MailServer
from tests.ops.servers import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def tag(house) -> Person:
    return make_person("tag_member", house.tag)


@pytest.fixture
def server(settings) -> Iterator[MailServer]:
    with MailServer() as running:
        point_at(settings, running)
        yield running


def until_sent(notice, *, seconds: float = 60) -> None:
    """Sweep, as Beat has it done all the time, until nothing of the notice waits."""
    deadline = time.monotonic() + seconds
    while set(states(notice)) & {"QUEUED", "UNCERTAIN", "SENDING"}:
        assert time.monotonic() < deadline, list(DeliveryAttempt.objects.values("outcome", "answer"))
        outbox.sweep()
        time.sleep(0.02)


def outcomes(notice) -> list[str]:
    return list(
        DeliveryAttempt.objects.filter(delivery__notice=notice).order_by("pk").values_list("outcome", flat=True)
    )


def test_an_e_mail_is_sent_with_the_servers_answer_for_its_proof(server, tag):
    notice = give(tag)
    assert tasks.send_notices() == {"lost": 0, "SENT": 1}
    delivery = notice.deliveries.get()
    assert delivery.state == "SENT"
    assert delivery.sent_at is not None
    assert delivery.proof == f"127.0.0.1:{server.port} answered: 250 Taken as number 1"
    attempt = delivery.tries.get()
    assert (attempt.outcome, attempt.address, attempt.answer) == ("SENT", tag.email, "250 Taken as number 1")
    (taken,) = server.taken
    assert (taken.recipient, taken.message_id) == (tag.email, delivery.message_id)
    assert tasks.send_notices() == {"lost": 0}, "a second time there is nothing to do"
    assert len(server.taken) == 1


def test_many_go_through_one_conversation(server, house):
    people = [make_person("tag_member", house.tag) for _ in range(5)]
    give(*people)
    outbox.sweep()
    assert {taken.recipient for taken in server.taken} == {person.email for person in people}
    assert server.steps["connect"] == 1


def test_without_a_mail_server_everything_waits_and_nothing_is_lost(settings, tag):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    notice = give(tag)
    assert not mail.is_configured()
    assert outbox.sweep() == {"lost": 0}
    assert (states(notice), outcomes(notice), standing().waiting) == (["QUEUED"], [], 1)


def test_a_server_that_is_away_costs_no_delivery_an_attempt_and_is_looked_for_again(settings, server, tag):
    settings.EMAIL_PORT = free_port()
    notice = give(tag)
    assert outbox.sweep() == {"lost": 0, "unreachable": 1}
    relay = MailRelay.objects.get()
    assert (states(notice), relay.failures) == (["QUEUED"], 1)
    assert "refused" in relay.error
    first = relay.silent_since
    settings.NOTICE_RETRY_SECONDS = settings.NOTICE_RETRY_LONGEST_SECONDS = 600
    for _ in range(5):
        outbox.sweep()
    relay.refresh_from_db()
    assert relay.failures == 2, "the next look is not at once"
    assert relay.silent_since == first
    assert relay.next_attempt_at is not None
    assert relay.next_attempt_at - now() < dt.timedelta(minutes=6), "but within minutes"
    assert notice.deliveries.get().attempts == 0
    settings.EMAIL_PORT = server.port
    MailRelay.objects.update(next_attempt_at=now())
    until_sent(notice)
    relay.refresh_from_db()
    assert (relay.error, relay.failures, relay.silent_since) == ("", 0, None)


def planned(server: MailServer, step: str, *replies: str) -> None:
    """Let the server give these replies at a step, one after the other, and then the usual one."""
    left = list(replies)
    server.plan = lambda at_step, number, argument: left.pop(0) if at_step == step and left else None


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "end"])
@pytest.mark.parametrize("reply", ["451 Later", "421 Closing", "drop"])
def test_what_the_server_did_not_take_is_sent_again_and_comes_once(server, tag, step, reply):
    if (step, reply) == ("end", "drop"):
        reply = "lose"
    planned(server, step, reply, reply)
    notice = give(tag)
    until_sent(notice)
    lost = reply == "lose"
    assert outcomes(notice) == (["UNCERTAIN"] * 2 if lost else ["DEFERRED"] * 2) + ["SENT"]
    delivery = notice.deliveries.get()
    assert (len(server.taken), delivery.attempts, bool(delivery.uncertain_at)) == (1, 3, lost)


def test_where_the_answer_was_lost_it_is_uncertain_and_sent_again_as_the_very_same_message(server, tag, settings):
    # However slow the machine: the same sweep does not come to the second attempt.
    settings.NOTICE_RETRY_SECONDS = settings.NOTICE_RETRY_LONGEST_SECONDS = 600
    planned(server, "end", "drop")
    notice = give(tag)
    outbox.sweep()
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.sent_at) == ("UNCERTAIN", None)
    assert delivery.uncertain_at is not None
    assert delivery.last_error.startswith("After the message was sent")
    Delivery.objects.update(next_attempt_at=None)
    until_sent(notice)
    assert outcomes(notice) == ["UNCERTAIN", "SENT"]
    first, second = server.taken
    assert first.content == second.content, "the same bytes under the same Message-ID"
    assert first.message_id == delivery.message_id
    delivery.refresh_from_db()
    assert delivery.uncertain_at is not None, "that it may have come twice stays marked"


@pytest.mark.parametrize(("step", "said"), [("rcpt", "Recipient: 550 Nobody here"), ("end", "550 Nobody here")])
def test_a_refusal_is_final_and_visible_and_the_others_go_out(server, house, tag, step, said):
    other = make_person("tag_member", house.tag)
    server.plan = lambda at, number, argument: "550 Nobody here" if at == step and tag.email in argument else None
    notice = give(tag, other)
    outbox.sweep()
    assert states(notice) == ["FAILED", "SENT"]
    failed = notice.deliveries.get(person=tag)
    assert (failed.last_error, failed.attempts, failed.next_attempt_at) == (said, 1, None)
    assert standing().failed == 1
    server.plan = None
    actions.retry_delivery(delivery=failed, by=house.actor("registrar"))
    until_sent(notice)
    assert states(notice) == ["SENT", "SENT"]


def test_a_refused_sender_is_our_own_fault_and_no_recipients(server, tag):
    planned(server, "mail", "550 Not you")
    notice = give(tag)
    until_sent(notice)
    assert outcomes(notice) == ["DEFERRED", "SENT"]


def test_after_so_many_attempts_it_is_given_up_and_says_so(server, settings, tag):
    settings.NOTICE_MAX_ATTEMPTS = 4
    server.plan = lambda step, number, argument: "452 Full" if step == "rcpt" else None
    notice = give(tag)
    until_sent(notice)
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.attempts, delivery.last_error) == ("FAILED", 4, "Recipient: 452 Full")
    assert outcomes(notice) == ["DEFERRED"] * 4
    outbox.sweep()
    assert notice.deliveries.get().attempts == 4


def test_pauses_double_up_to_a_cap_and_differ(settings):
    settings.NOTICE_RETRY_SECONDS, settings.NOTICE_RETRY_LONGEST_SECONDS = 30, 3600
    for attempts, expected in ((1, 30), (2, 60), (5, 480), (8, 3600), (500, 3600)):
        drawn = {outbox.pause_after(attempts).total_seconds() for _ in range(50)}
        assert len(drawn) > 10, "not all at the same moment"
        assert all(expected * 0.75 <= each <= expected * 1.25 for each in drawn)


def test_a_web_process_whose_clock_is_ahead_delays_nothing(server, tag):
    notice = give(tag, at=now() + dt.timedelta(hours=1))
    outbox.sweep()
    assert states(notice) == ["SENT"]


def test_a_later_attempt_waits_for_its_time(server, settings, tag):
    settings.NOTICE_RETRY_SECONDS = 600
    planned(server, "rcpt", "451 Later")
    notice = give(tag)
    outbox.sweep()
    outbox.sweep()
    assert (states(notice), outcomes(notice)) == (["QUEUED"], ["DEFERRED"])


def test_a_server_that_says_nothing_more_is_cut_off_before_the_lease_is_over(server, settings, tag):
    settings.NOTICE_LEASE_SECONDS = 3
    settings.EMAIL_TIMEOUT = 60
    planned(server, "end", "hang")
    notice = give(tag)
    began = time.monotonic()
    outbox.sweep()
    assert time.monotonic() - began < 3
    assert states(notice) == ["UNCERTAIN"]
    until_sent(notice)
    assert len(server.taken) == 2


def test_an_answer_that_is_none_is_uncertain(server, tag):
    server.plan = lambda step, number, argument: "Hello!" if step == "end" and number == 1 else None
    notice = give(tag)
    until_sent(notice)
    assert outcomes(notice) == ["UNCERTAIN", "SENT"]


# --- leases ---------------------------------------------------------------------------------------------


def test_of_two_claims_one_wins(server, tag):
    delivery = give(tag).deliveries.get()
    first, second = outbox.claim(delivery.pk), outbox.claim(delivery.pk)
    assert first is not None
    assert second is None
    assert outbox.sweep() == {"lost": 0}, "it is in somebody's hands"
    assert server.taken == []


def test_what_a_lost_worker_was_sending_becomes_uncertain_and_is_sent_again(server, tag):
    notice = give(tag)
    held = outbox.claim(notice.deliveries.get().pk)
    assert held is not None
    Delivery.objects.filter(pk=held.pk).update(lease_until=Now() - dt.timedelta(seconds=1))
    assert outbox.take_back_lost() == 1
    assert outbox.take_back_lost() == 0
    delivery = notice.deliveries.get()
    assert (delivery.state, delivery.lease_token) == ("UNCERTAIN", "")
    assert "may have arrived" in delivery.last_error
    until_sent(notice)
    assert outcomes(notice) == ["UNCERTAIN", "SENT"]


def test_a_late_yes_of_a_worker_that_was_only_slow_saves_a_second_copy(server, tag, monkeypatch):
    notice = give(tag)
    hand_over = mail.PostOffice.hand_over

    def slow(self, **given):
        answer = hand_over(self, **given)
        Delivery.objects.update(lease_until=Now() - dt.timedelta(seconds=1))
        assert outbox.take_back_lost() == 1
        return answer

    monkeypatch.setattr(mail.PostOffice, "hand_over", slow)
    outbox.sweep()
    assert states(notice) == ["SENT"]
    assert outcomes(notice) == ["UNCERTAIN", "SENT"]
    assert len(server.taken) == 1


def test_one_sweep_at_a_time_talks_to_the_server(server, tag):
    notice = give(tag)
    MailRelay.objects.create(pk=1, lease_token="somebody", lease_until=now() + dt.timedelta(minutes=1))
    assert outbox.sweep() == {"lost": 0}
    MailRelay.objects.update(lease_until=Now() - dt.timedelta(seconds=1))
    until_sent(notice)


def test_a_sweep_stops_when_its_time_is_over_and_the_next_goes_on(server, settings, house):
    notice = give(*(make_person("tag_member", house.tag) for _ in range(3)))
    settings.NOTICE_SWEEP_SECONDS = 0
    outbox.sweep()
    assert Counter(states(notice)) == {"QUEUED": 3}
    settings.NOTICE_SWEEP_SECONDS = 8
    until_sent(notice)


@pytest.mark.services
@pytest.mark.usefixtures("postgres_only")
@pytest.mark.django_db(transaction=True)
def test_four_sweeps_at_once_send_each_message_once(server, house):
    people = [make_person("tag_member", house.tag) for _ in range(40)]
    notice = give(*people)

    def run() -> None:
        try:
            office = mail.PostOffice.open()
            outbox.drain(office, until=time.monotonic() + 30, counts={})
            office.close()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(states(notice)) == {"SENT": 40}
    assert Counter(taken.recipient for taken in server.taken) == dict.fromkeys((p.email for p in people), 1)


# --- who may still be told, and where ---------------------------------------------------------------------


def test_a_person_who_moved_gets_it_at_the_new_address(server, tag):
    notice = give(tag)
    Person.objects.filter(pk=tag.pk).update(email="new@example.org")
    until_sent(notice)
    assert server.taken[0].recipient == notice.deliveries.get().address == "new@example.org"


@pytest.mark.parametrize("how", ["role ended", "disabled"])
def test_nothing_goes_out_any_more_to_somebody_who_may_no_longer_see_it(server, tag, how):
    notice = give(tag)
    if how == "disabled":
        party_actions.disable_person(person=tag, reason="Left", by=MAKER)
    else:
        party_actions.end_membership(membership=tag.memberships.get(), by=MAKER)
    time.sleep(0.01)
    outbox.sweep()
    assert states(notice) == ["WITHDRAWN"]
    assert "may no longer" in notice.deliveries.get().last_error
    assert server.taken == []


def test_outside_recipients_are_written_to_at_the_address_that_is_set(server, house):
    actions.set_notice_address(recipient="SOS", email="sos@example.org", source="x", by=house.actor("administrator"))
    notice = give(addressees=[SOS])
    until_sent(notice)
    assert server.taken[0].recipient == "sos@example.org"


def test_an_address_that_nobody_can_send_to_fails_alone(server, house, tag):
    Person.objects.filter(pk=tag.pk).update(email="post@" + "x" * 70 + ".org")
    notice = give(tag, make_person("tag_member", house.tag))
    outbox.sweep()
    assert states(notice) == ["FAILED", "SENT"]
    assert "No e-mail can be made of it" in notice.deliveries.get(person=tag).last_error


def test_a_fault_of_ours_is_tried_again(server, tag, monkeypatch):
    letter_of = rendering.letter_of

    def broken(delivery, *, at):
        raise KeyError("a bug")

    monkeypatch.setattr(outbox, "letter_of", broken)
    notice = give(tag)
    outbox.sweep()
    assert states(notice) == ["QUEUED"]
    assert "KeyError" in notice.deliveries.get().last_error
    monkeypatch.setattr(outbox, "letter_of", letter_of)
    until_sent(notice)


# --- a day's notices together -------------------------------------------------------------------------------


@pytest.fixture
def daily(house) -> Callable[[str], Person]:
    """People who want their notices together, since the first of the month."""

    def make(role: str = "tag_member") -> Person:
        person = make_person(role, house.tag)
        actions.set_notice_timing(
            person=person, timing=Timing.DAILY, by=actor_for(person, at=london(2, 10)), at=london(1, 9)
        )
        return person

    return make


def give_at(person: Person, moment: dt.datetime, what: str, **more):
    return give(person, what=what, at=moment, is_required=False, **more)


def write_digests(moment: dt.datetime) -> int:
    return actions.queue_digests(by=system_actor(), at=moment)


def test_one_e_mail_a_day_at_eight_in_london_holds_that_days_notices(server, daily):
    me, other = daily(), daily()
    give_at(me, london(10, 9), "First thing")
    give_at(me, london(10, 17), "Second thing")
    give_at(other, london(10, 18), "Third thing")
    assert write_digests(london(11, 7, 59)) == 0
    assert write_digests(london(11, 8)) == 2
    assert write_digests(london(11, 8, 5)) == 0, "one a day"
    outbox.sweep()
    mine = next(taken.message for taken in server.taken if taken.recipient == me.email)
    assert mine["Subject"] == "2 notices up to 11 March 2026"
    body = mine.get_body(("plain",)).get_content()
    assert body.index("First thing") < body.index("Second thing")
    assert "Third thing" not in body
    assert len(server.taken) == 2


def test_eight_is_eight_in_summer_too(daily):
    me = daily()
    give_at(me, london(9, 12, month=7), "Summer")
    assert write_digests(dt.datetime(2026, 7, 10, 6, 59, tzinfo=dt.UTC)) == 0
    assert write_digests(dt.datetime(2026, 7, 10, 7, 0, tzinfo=dt.UTC)) == 1


def test_what_is_read_or_came_after_eight_or_before_it_was_asked_for_is_left_out(daily, house):
    me = daily()
    before = give_at(me, london(1, 8), "Before it was asked for")
    read = give_at(me, london(10, 9), "Read")
    late = give_at(me, london(11, 8, 1), "Late")
    actions.mark_read(notice=read, by=actor_for(me, at=london(10, 10)))
    assert write_digests(london(11, 9)) == 0
    assert write_digests(london(12, 8)) == 1
    digest = Delivery.objects.get(digest_on=dt.date(2026, 3, 12))
    assert [item.notice for item in digest.items.all()] == [late]
    assert before.deliveries.get().digest is None


def test_a_morning_that_was_missed_is_made_up_for(daily):
    me = daily()
    give_at(me, london(10, 9), "Missed")
    assert write_digests(london(13, 11)) == 1
    assert write_digests(london(14, 8)) == 0


def test_what_the_law_requires_is_not_kept_for_the_morning(server, daily):
    me = daily()
    notice = give(me, is_required=True)
    until_sent(notice)
    assert len(server.taken) == 1
    assert write_digests(now() + dt.timedelta(days=2)) == 0


def test_who_asks_for_no_e_mail_gets_none(daily, tag):
    actions.set_notice_timing(person=tag, timing=Timing.IN_PRODUCT, by=actor_for(tag, at=now()), at=london(1, 9))
    give_at(tag, london(10, 9), "Here only")
    assert write_digests(london(11, 8)) == 0


def test_a_digest_says_only_what_the_person_may_still_see_and_is_withdrawn_when_that_is_nothing(server, daily, house):
    me = daily()
    give_at(me, london(10, 9), "For TAG")
    assert write_digests(london(11, 8)) == 1
    party_actions.end_membership(membership=me.memberships.get(), by=MAKER)
    time.sleep(0.01)
    outbox.sweep()
    assert Delivery.objects.get(digest_on__isnull=False).state == "WITHDRAWN"
    assert server.taken == []


def test_a_digest_whose_answer_was_lost_is_the_same_message_again(server, daily):
    me = daily()
    give_at(me, london(10, 9), "Once more")
    write_digests(london(11, 8))
    planned(server, "end", "drop")
    outbox.sweep()
    Delivery.objects.update(next_attempt_at=None)
    outbox.sweep()
    first, second = server.taken
    assert first.content == second.content


def test_the_task_writes_digests_when_it_is_eight(daily, monkeypatch):
    give_at(daily(), london(10, 9), "By the task")
    monkeypatch.setattr(tasks, "now", lambda: london(11, 7))
    assert tasks.queue_digests() == 0
    monkeypatch.setattr(tasks, "now", lambda: london(11, 8))
    assert tasks.queue_digests() == 1
