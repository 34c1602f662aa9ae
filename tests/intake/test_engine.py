"""The import engine: preview, commit, all or nothing, once; row errors named; jobs; who may."""

from __future__ import annotations

import pytest

from svtad.audit.models import AuditEvent
from svtad.governance.actions import run_job_now
from svtad.governance.models import Job, StoredFile
from svtad.intake import actions, queries
from svtad.intake.models import ImportBatch
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from testphases.models import ComponentVersionSet, LatestRun, PlannedTest, TestRun, UnmatchedResult
from tests.testphases.world import actor, at, make_organisation

pytestmark = pytest.mark.django_db

GOOD = b'<testsuite name="s" timestamp="2026-03-02T10:00:00"><testcase name="a"/><testcase name="z"/></testsuite>'
BAD = b"""<testsuite name="s"><testcase name="a" timestamp="2026-03-02T10:00:00"/>
<testcase name="a" timestamp="2031-01-01T10:00:00"/></testsuite>"""
PLAN = b"external_id,title,kind,functional_group,dmc,provider\na,Join,FUNCTIONAL,Install,D1,alpha\n"


def _receive(world, content=GOOD, *, importer="junit", by=None, moment=None, name="r.xml", source="rig", **more):
    return actions.receive_file(
        importer_key=importer, scope_id=world.scope.public_id, content=content, name=name, source=source,
        by=by or world.manager, at=moment or at(days=1), **more,
    )  # fmt: skip


def _commit(world, batch, *, by=None, moment=None):
    return actions.commit_batch(batch=batch, by=by or world.manager, at=moment or at(days=1))


def _stored():
    return [model.objects.count() for model in (TestRun, LatestRun, UnmatchedResult, ComponentVersionSet)]


def test_a_preview_says_what_would_change_and_stores_nothing(world):
    test, *_ = world.plan("a", "b")
    world.run(test, "FAILED", occurred=at(hours=0.5))
    before = _stored()
    batch = actions.preview_batch(batch=_receive(world, preview=False), by=world.manager, at=at(days=1))
    assert batch.state == "PREVIEWED"
    assert batch.summary["counts"] == {
        "results": 2, "passed": 2, "failed": 0, "skipped": 0, "impeded": 0, "recorded": 1, "already": 0,
        "unmatched": 1, "now_passed": 1, "now_failed": 0,
    }  # fmt: skip
    assert batch.summary["examples"] == [
        {"row": 2, "what": "s.z", "reason": "No test of this name is planned."},
    ]
    assert _stored() == before


def test_what_the_preview_says_is_what_the_commit_does(world):
    world.plan("a")
    batch = _receive(world, preview=False)
    said = actions.preview_batch(batch=batch, by=world.manager, at=at(days=1)).summary["counts"]
    did = _commit(world, batch).summary["counts"]
    assert did == {name: said[name] for name in did}
    assert (batch.state, batch.committed_at) == ("COMMITTED", at(days=1))
    assert TestRun.objects.get().batch == batch


def test_the_same_file_again_changes_nothing_and_says_so(world):
    world.plan("a")
    _commit(world, _receive(world))
    stored, facts = _stored(), _facts()
    again = _commit(world, _receive(world, moment=at(days=2)), moment=at(days=2))
    assert (_stored(), _facts()) == (stored, facts)
    counts = again.summary["counts"]
    assert (counts["recorded"], counts["already"], counts["unmatched"]) == (0, 1, 1)
    assert again.summary["warnings"][0].startswith("This came before, on 3 March 2026 at 09:00")


def _facts():
    from testphases.models import FactsChanged

    return FactsChanged.objects.count()


def test_the_same_bytes_of_a_new_cycle_need_a_run_id(world):
    world.plan("a")
    _commit(world, _receive(world, run_id="cycle-1"))
    assert _commit(world, _receive(world, run_id="cycle-2")).summary["counts"]["recorded"] == 1
    assert _commit(world, _receive(world, run_id="cycle-2")).summary["counts"]["recorded"] == 0
    assert TestRun.objects.count() == 2


def test_a_run_id_that_brought_other_bytes_is_refused(world):
    world.plan("a")
    _commit(world, _receive(world, run_id="cycle-1"))
    with pytest.raises(Refused, match="another file"):
        _receive(world, GOOD.replace(b'"z"', b'"y"'), run_id="cycle-1")
    waiting = _receive(world, GOOD.replace(b'"z"', b'"y"'), run_id="cycle-2")
    _commit(world, _receive(world, run_id="cycle-2"))
    with pytest.raises(Refused, match="another file"):
        _commit(world, waiting)


def test_other_settings_the_second_time_are_pointed_out(world):
    world.plan("a", dmc="D1")
    _commit(world, _receive(world, params={"dmc": "D1"}))
    again = _commit(world, _receive(world, params={"dmc": "D2"}))
    assert "other settings" in again.summary["warnings"][1]


def test_one_bad_row_and_nothing_of_the_file_is_stored(world):
    world.plan("a")
    before = _stored()
    batch = _commit(world, _receive(world, BAD))
    assert (batch.state, batch.error_count, _stored()) == ("PREVIEWED", 1, before)
    (error,) = queries.errors_of(batch)
    assert (error.row, error.field, error.message) == (2, "occurred_at", "Lies in the future; is the time zone right?")
    with pytest.raises(Refused, match="1 errors"):
        actions.request_commit(batch=batch, by=world.manager)


def test_errors_are_all_counted_and_the_first_of_them_kept(world):
    rows = b"".join(b"a%d,t,SMOKE,g\n" % number for number in range(700))
    batch = _receive(world, b"external_id,title,kind,functional_group\n" + rows, importer="planned_tests", name="p.csv")
    actions.preview_batch(batch=batch, by=world.manager, at=at(days=1))
    assert (batch.error_count, queries.errors_of(batch).count()) == (700, 500)
    first = queries.errors_of(batch)[0]
    assert (first.row, first.field) == (2, "kind")
    assert _commit(world, batch).state == "PREVIEWED"
    assert not PlannedTest.objects.exists()


def test_errors_go_when_what_they_rest_on_is_mended(world):
    content = PLAN.replace(b"D1", b"D3")
    batch = _receive(world, content, importer="planned_tests", name="p.csv")
    assert actions.preview_batch(batch=batch, by=world.manager, at=at(days=1)).error_count == 1
    from tests.testphases.world import make_dmcs

    make_dmcs(["D3"])
    assert actions.preview_batch(batch=batch, by=world.manager, at=at(days=1)).error_count == 0
    assert not queries.errors_of(batch).exists()
    assert _commit(world, batch).state == "COMMITTED"


def test_an_unreadable_file_is_refused_for_good(world):
    batch = actions.preview_batch(batch=_receive(world, b"<a/>"), by=world.manager, at=at(days=1))
    assert (batch.state, batch.refusal[:25]) == ("REFUSED", "The root element is <a>. ")
    with pytest.raises(Refused):
        _commit(world, batch)
    with pytest.raises(Refused):
        actions.request_commit(batch=batch, by=world.manager)
    assert actions.preview_batch(batch=batch, by=world.manager).state == "REFUSED"


def test_a_commit_twice_is_one_commit(world):
    world.plan("a")
    batch = _receive(world)
    _commit(world, batch)
    events = AuditEvent.objects.count()
    assert _commit(world, batch, moment=at(days=2)).committed_at == at(days=1)
    assert AuditEvent.objects.count() == events


def test_a_batch_is_set_aside(world):
    batch = actions.cancel_batch(batch=_receive(world), by=world.manager)
    assert batch.state == "CANCELLED"
    for act in (actions.cancel_batch, actions.commit_batch):
        with pytest.raises(Refused, match="cancelled"):
            act(batch=batch, by=world.manager)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("importer", {"importer": "spreadsheet"}),
        ("source", {"source": " "}),
        ("source", {"source": "x" * 61}),
        ("run_id", {"run_id": "x" * 121}),
        ("colour", {"params": {"colour": "blue"}}),
        ("installation_type", {"params": {"installation_type": "HALF"}}),
        ("run_id", {"importer": "planned_tests", "run_id": "1"}),
    ],
)
def test_what_is_said_of_a_file_is_checked_before_it_is_kept(world, field, given):
    with pytest.raises(InvalidInput) as wrong:
        _receive(world, **given)
    assert [error.field for error in wrong.value.errors] == [field]
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("params", [{"zone": "Mars"}, {"versions": "a=;b"}, {"occurred_at": "soon"}])
def test_a_setting_that_makes_no_sense_is_an_error_of_the_file(world, params):
    batch = actions.preview_batch(batch=_receive(world, params=params), by=world.manager, at=at(days=1))
    (error,) = queries.errors_of(batch)
    assert (error.row, error.field) == (0, next(iter(params)))


def test_a_file_that_is_too_large_is_refused_before_it_is_read(world, settings):
    settings.STORED_FILE_MAX_BYTES = 10
    with pytest.raises(InvalidInput, match="larger"):
        _receive(world)
    assert not ImportBatch.objects.exists()


# --- jobs ------------------------------------------------------------------------------------------


def test_receiving_queues_the_preview_and_asking_queues_the_import(world):
    world.plan("a")
    batch = _receive(world, by=world.system)
    run_job_now(batch.job)
    batch.refresh_from_db()
    assert batch.state == "PREVIEWED"
    job = actions.request_commit(batch=batch, by=world.system)
    assert actions.request_commit(batch=batch, by=world.system) == job
    done = run_job_now(job)
    batch.refresh_from_db()
    assert done.result is not None
    assert (batch.state, done.result["summary"]["counts"]["recorded"], TestRun.objects.count()) == ("COMMITTED", 1, 1)


def test_a_job_whose_file_has_errors_fails_with_the_reason(world):
    world.plan("a")
    batch = _receive(world, BAD, by=world.system)
    job = actions.request_commit(batch=batch, by=world.system)
    with pytest.raises(Refused, match="Nothing was imported: 1 errors"):
        run_job_now(job)
    refused = _receive(world, b"<a/>", by=world.system)
    with pytest.raises(Refused, match="root element"):
        run_job_now(actions.request_commit(batch=refused, by=world.system))


def test_a_job_that_lost_its_lease_in_the_middle_imports_nothing(world):
    world.plan("a")
    batch = _receive(world, by=world.system)

    def lost():
        raise RuntimeError("taken over")

    with pytest.raises(RuntimeError):
        actions.commit_batch(batch=batch, by=world.system, hold=lost)
    batch.refresh_from_db()
    assert (batch.state, TestRun.objects.count()) == ("RECEIVED", 0)


def test_the_jobs_are_seen_by_whom_the_file_is(world):
    batch = _receive(world, by=world.tester(world.alpha))
    assert Job.objects.visible_to(world.tester(world.alpha)).filter(pk=batch.job_id).exists()
    assert not Job.objects.visible_to(world.tester(world.beta)).exists()


# --- who may -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("importer", "allowed"),
    [
        ("junit", {"test_manager", "provider_tester", "test_tooling"}),
        ("results", {"test_manager", "provider_tester", "test_tooling"}),
        ("planned_tests", {"test_manager", "test_tooling"}),
        ("test_dmc_mapping", {"test_manager", "test_tooling"}),
    ],
)
@pytest.mark.parametrize(
    "role",
    [
        "test_manager", "registrar", "administrator", "tab_member", "tag_member", "panel_member", "sit_auditor",
        "participant", "provider_tester", "test_tooling",
    ],
)  # fmt: skip
def test_who_may_send_what_in(world, role, importer, allowed):
    by = actor(role, world.alpha if role in ("provider_tester", "test_tooling", "participant") else world.dcc)
    if role in allowed:
        assert _receive(world, importer=importer, by=by).state == "RECEIVED"
    else:
        with pytest.raises(ActionDenied):
            _receive(world, importer=importer, by=by)
        assert not StoredFile.objects.exists()


def test_who_takes_no_part_in_a_phase_sends_nothing_in(world):
    stranger = make_organisation("gamma", "DCC_SERVICE_PROVIDER")
    for scope_id in (world.scope.public_id, "nosuchscope"):
        with pytest.raises(ActionDenied, match="take no part"):
            actions.receive_file(
                importer_key="junit", scope_id=scope_id, content=GOOD, name="r.xml", source="rig",
                by=actor("provider_tester", stranger),
            )  # fmt: skip


def test_a_providers_file_is_seen_by_it_and_by_those_who_govern_and_by_no_other_provider(world):
    batch = _receive(world, by=world.tester(world.alpha))
    seen = {
        name: queries.batches_for(by, scope_id=world.scope.public_id).exists()
        for name, by in {
            "alpha": world.tester(world.alpha),
            "beta": world.tester(world.beta),
            "dcc": world.manager,
        }.items()
    }
    assert seen == {"alpha": True, "beta": False, "dcc": True}
    for act in (actions.preview_batch, actions.commit_batch, actions.cancel_batch, actions.request_commit):
        with pytest.raises(ActionDenied):
            act(batch=batch, by=world.tester(world.beta))


def test_what_the_dcc_sends_in_is_not_shown_to_providers(world):
    _receive(world)
    assert not queries.batches_for(world.tester(world.alpha)).exists()


def test_each_step_leaves_one_audit_event_in_the_batchs_own_audience(world):
    world.plan("a")
    batch = _receive(world, preview=False)
    _commit(world, batch)
    of_batch = AuditEvent.objects.filter(subject_id=batch.public_id).order_by("pk")
    assert [event.action for event in of_batch] == ["receive_file", "commit_batch"]
    recorded = AuditEvent.objects.get(action="record_runs")
    assert recorded.detail["recorded"] == 1
    assert {event.audience_id for event in [*of_batch, recorded]} == {batch.audience_id}
