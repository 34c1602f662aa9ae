"""The audit trail is append-only, sealed, and tells when somebody went round that."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from svtad.audit import queries, tasks
from svtad.audit.actions import record, seal_events
from svtad.audit.chain import GENESIS
from svtad.audit.models import AuditEvent, AuditSeal
from svtad.lib.models import AppendOnlyError
from svtad.parties.actors import system_actor

AT = dt.datetime(2026, 11, 2, 10, 0, 0, 123456, tzinfo=dt.UTC)


def note(number: int, **more) -> AuditEvent:
    values: dict[str, Any] = {
        "by": system_actor("Tester"),
        "at": AT + dt.timedelta(seconds=number),
        "action": "do",
        "subject_kind": "Thing",
        "subject_id": str(number),
        "subject_label": f"thing {number} — Ünïcode",
        "audience_id": 1,
        "detail": {"number": number, "share": 0.1, "list": [1, {"b": None, "a": True}]},
    }
    return record(**(values | more))


def go_round_the_triggers(statement: str) -> None:
    """Do what only somebody with the database's own powers can."""
    table = "audit_auditseal" if "audit_auditseal" in statement else "audit_auditevent"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(statement)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        else:
            cursor.execute(f"SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'")
            triggers = [sql for (sql,) in cursor.fetchall()]
            for event in ("update", "delete"):
                cursor.execute(f"DROP TRIGGER {table}_no_{event}")
            cursor.execute(statement)
            for sql in triggers:
                cursor.execute(sql)


@pytest.fixture
def sealed(db) -> list[AuditEvent]:
    events = [note(number) for number in range(1, 9)]
    assert seal_events(at=AT) == 8
    return events


def test_an_untouched_chain_holds_and_its_head_moves_with_each_seal(sealed):
    check = queries.verify_chain()
    assert (check.holds, check.sealed, check.unsealed) == (True, 8, 0)
    note(9)
    assert queries.verify_chain().unsealed == 1
    assert tasks.seal() == 1
    assert tasks.seal() == 0
    later = queries.verify_chain(head=check.head, sealed=check.sealed)
    assert (later.holds, later.sealed) == (True, 9)
    assert later.head != check.head


def test_an_empty_trail_holds(db):
    check = queries.verify_chain()
    assert (check.holds, check.head, check.sealed) == (True, GENESIS, 0)


def test_an_event_that_commits_late_is_sealed_behind_later_ids_and_none_is_left_out(db):
    gap = note(1).pk
    note(3, by=system_actor("Early"))
    AuditEvent.objects.bulk_create([AuditEvent(pk=gap + 100, recorded_at=AT, audience_id=1, action="far ahead")])
    assert seal_events(at=AT) == 3
    AuditEvent.objects.bulk_create([AuditEvent(pk=gap + 50, recorded_at=AT, audience_id=1, action="late")])
    assert seal_events(at=AT) == 1
    assert list(AuditSeal.objects.values_list("event_id", flat=True)) == [gap, gap + 1, gap + 100, gap + 50]
    assert queries.verify_chain().holds


def test_sealing_goes_in_pieces_when_much_waits(db):
    for number in range(5):
        note(number)
    assert [seal_events(at=AT, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert queries.verify_chain().holds


TAMPERINGS = {
    "an event's words": ("UPDATE audit_auditevent SET subject_label = 'thing 3' WHERE subject_id = '3'", "altered"),
    "an event's time": (
        "UPDATE audit_auditevent SET recorded_at = (SELECT recorded_at FROM audit_auditevent WHERE subject_id = '7')"
        " WHERE subject_id = '3'",
        "altered",
    ),
    "an event's detail": ("UPDATE audit_auditevent SET detail = '{}' WHERE subject_id = '3'", "altered"),
    "an event's audience": ("UPDATE audit_auditevent SET audience_id = 2 WHERE subject_id = '8'", "altered"),
    "an event removed": ("DELETE FROM audit_auditevent WHERE subject_id = '3'", "was removed"),
    "the last event removed": ("DELETE FROM audit_auditevent WHERE subject_id = '8'", "was removed"),
    "a seal removed": ("DELETE FROM audit_auditseal WHERE sequence = 3", "seal 3 is missing"),
    "the first seal removed": ("DELETE FROM audit_auditseal WHERE sequence = 1", "seal 1 is missing"),
    "a seal rewritten": (
        "UPDATE audit_auditseal SET event_hash = previous_hash WHERE sequence = 3",
        "seal 3 was altered",
    ),
    "a seal's hash rewritten": (
        "UPDATE audit_auditseal SET seal_hash = 'f000' WHERE sequence = 8",
        "seal 8 was altered",
    ),
    "two seals put in another order": (
        "UPDATE audit_auditseal SET sequence = CASE sequence WHEN 3 THEN -3 ELSE sequence END",
        "seal 1 is missing",
    ),
    "two events changed places": (
        "UPDATE audit_auditevent SET subject_id = CASE subject_id WHEN '3' THEN '4' ELSE '3' END"
        " WHERE subject_id IN ('3', '4')",
        "altered",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_one_row_altered_removed_or_moved_is_found(sealed, what):
    statement, told = TAMPERINGS[what]
    go_round_the_triggers(statement)
    check = queries.verify_chain()
    assert not check.holds
    assert any(told in fault for fault in check.faults), check.faults


def test_a_seal_forged_for_an_inserted_event_is_found(sealed):
    note(99)
    last = AuditSeal.objects.get(sequence=8)
    forged = AuditEvent.objects.get(subject_id="99")
    AuditSeal.objects.bulk_create(
        [
            AuditSeal(
                sequence=9,
                event_id=forged.pk,
                previous_hash=last.seal_hash,
                event_hash="a" * 64,
                seal_hash="b" * 64,
                sealed_at=AT,
            )
        ]
    )
    assert len(queries.verify_chain().faults) == 2


def test_a_cut_tail_shows_against_the_published_head(sealed):
    published = queries.verify_chain()
    go_round_the_triggers("DELETE FROM audit_auditevent WHERE subject_id IN ('7', '8')")
    go_round_the_triggers("DELETE FROM audit_auditseal WHERE sequence >= 7")
    assert queries.verify_chain().holds, "without the published head nothing is missing"
    assert len(queries.verify_chain(head=published.head, sealed=published.sealed).faults) == 2


@pytest.mark.parametrize("table", ["audit_auditevent", "audit_auditseal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id + 100", "DELETE FROM {}"])
def test_the_database_itself_refuses_any_change(sealed, table, statement):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert queries.verify_chain().holds


def test_python_refuses_any_change_before_the_database_has_to(sealed):
    event = sealed[0]
    event.action = "other"
    for change in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(action="x"),
    ):
        with pytest.raises(AppendOnlyError):
            change()


def test_the_command_tells_the_head_and_fails_naming_each_fault(sealed, capsys):
    note(9)
    call_command("verify_audit", "--seal")
    assert "9 events sealed, 0 waiting" in capsys.readouterr().out
    go_round_the_triggers("UPDATE audit_auditevent SET action = 'x' WHERE subject_id = '5'")
    with pytest.raises(CommandError, match=r"1 fault\(s\)"):
        call_command("verify_audit", "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["holds"], found["fault_count"]) == (False, 1)
    assert tasks.verify() == 1


def test_faults_are_all_counted_and_the_first_fifty_listed(db):
    for number in range(60):
        note(number)
    seal_events(at=AT)
    go_round_the_triggers("UPDATE audit_auditevent SET action = 'x'")
    check = queries.verify_chain()
    assert (check.fault_count, len(check.faults)) == (60, 50)


def test_an_event_is_seen_by_its_audience_only(db):
    note(1, audience_id=7)
    note(2, audience_id=8)
    assert [event.subject_id for event in queries.events_for([8, 9])] == ["2"]


@pytest.mark.services
@pytest.mark.usefixtures("postgres_only")
def test_sealers_at_once_make_one_chain_of_all_events(transactional_db):
    for number in range(300):
        note(number)
    counts: list[int] = []

    def run() -> None:
        try:
            for _ in range(10):
                counts.append(seal_events(at=AT, limit=7))
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 300
    assert queries.verify_chain().holds
    assert queries.verify_chain().unsealed == 0
