"""A long import holds up no decision, and no seal of the audit trail."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from issues.actions import propose_exclusion
from svtad.audit.actions import seal_events
from svtad.audit.models import AuditEvent, AuditSeal
from svtad.audit.queries import verify_chain
from svtad.governance.actions import record_decision
from svtad.intake.actions import commit_batch, receive_file
from svtad.intake.models import BatchState, ImportBatch
from svtad.lib.clock import now
from testphases.models import TestRun
from tests.factories import at, make_house, make_issue

ROWS = 200
#: Seconds that anything here may wait for another before the test says that it was held up.
PATIENCE = 60.0


@pytest.mark.services
@pytest.mark.usefixtures("postgres_only")
def test_while_an_import_is_not_committed_a_decision_is_recorded_sealed_and_verified(
    transactional_db, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    house = make_house()
    sit = house.scope("SIT", "MOC")
    tooling, manager, registrar = (house.actor(role) for role in ("test_tooling", "test_manager", "registrar"))
    house.plan(sit, *(f"TC-{number}" for number in range(ROWS)))
    issue = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX")
    matter = propose_exclusion(issue=issue, scope=sit, rationale="It concerns one device.", by=manager).matter
    lines = [f"TC-{number},PASSED,2026-03-03T09:00:00Z" for number in range(ROWS)]
    batch = receive_file(
        importer_key="results", scope_id=sit.public_id, name="results.csv", source="jenkins", run_id="long",
        content="\n".join(["external_id,outcome,occurred_at", *lines]).encode(), by=tooling,
    )  # fmt: skip
    seal_events(at=now())
    written, let_go = threading.Event(), threading.Event()
    faults: list[BaseException] = []

    def hold() -> None:
        # Every row and the import's own audit event are written by now, and nothing is committed.
        written.set()
        assert let_go.wait(PATIENCE)

    def bring_in() -> None:
        try:
            commit_batch(batch=ImportBatch.objects.get(pk=batch.pk), by=tooling, hold=hold)
        except BaseException as fault:
            faults.append(fault)
        finally:
            written.set()
            connection.close()

    importing = threading.Thread(target=bring_in)
    importing.start()
    try:
        assert written.wait(PATIENCE)
        assert not faults, faults
        with connection.cursor() as cursor:  # who had to wait for the import would fail here, not hang
            cursor.execute("SET lock_timeout = '5s'")
        decision = record_decision(matter=matter, body="TAG", outcome="AGREE", decided_at=at(days=1), by=registrar)
        assert TestRun.objects.count() == 0, "the import is still open"
        assert seal_events(at=now()) >= 1
        event = AuditEvent.objects.get(action="record_decision", detail__decision=decision.public_id)
        seal_of_decision = AuditSeal.objects.get(event_id=event.pk)
        check = verify_chain()
        assert (check.holds, check.unsealed) == (True, 0)
        assert importing.is_alive(), "the import did not end meanwhile"
    finally:
        let_go.set()
        importing.join(PATIENCE)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert not importing.is_alive()
    assert not faults, faults
    assert ImportBatch.objects.get(pk=batch.pk).state == BatchState.COMMITTED
    assert TestRun.objects.count() == ROWS
    late = AuditEvent.objects.get(action="commit_batch")
    assert late.pk < event.pk, "its number was given out before the decision's"
    assert verify_chain().unsealed >= 1
    assert seal_events(at=now()) >= 1
    assert AuditSeal.objects.get(event_id=late.pk).sequence > seal_of_decision.sequence
    after = verify_chain(head=check.head, sealed=check.sealed)
    assert (after.holds, after.unsealed) == (True, 0)
