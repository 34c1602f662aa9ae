"""Planned tests, mappings and results as CSV: rows and fields named, headers checked, changes shown."""

from __future__ import annotations

import io

import pytest

from svtad.intake import actions, queries
from svtad.intake.csvrows import Column, CsvRow, read_csv
from svtad.intake.registry import FileRefused, RowProblem
from testphases.models import PlannedTest, PlannedTestVersion, TestRun
from testphases.queries import plan_counts
from tests.testphases.world import at, make_world

pytestmark = pytest.mark.django_db

PLAN = "external_id,title,kind,functional_group,dmc,provider"


def _send(world, importer, *lines, moment=None, by=None, source="alm", encoding="utf-8", **params):
    batch = actions.receive_file(
        importer_key=importer, scope_id=world.scope.public_id, content="\n".join(lines).encode(encoding),
        name="x.csv", source=source, by=by or world.manager, at=moment or at(days=1), params=params, preview=False,
    )  # fmt: skip
    previewed = actions.preview_batch(batch=batch, by=by or world.manager, at=moment or at(days=1))
    summary = previewed.summary
    committed = actions.commit_batch(batch=batch, by=by or world.manager, at=moment or at(days=1))
    if committed.state == "COMMITTED":
        counts = committed.summary["counts"]
        assert counts == {name: summary["counts"][name] for name in counts}, "the preview said otherwise"
        committed.summary["examples"] = summary["examples"]
    return committed


def _errors(batch):
    return [(error.row, error.field, error.message) for error in queries.errors_of(batch)]


def _held(batch):
    """What each field that was wrong held."""
    return [error.value for error in queries.errors_of(batch)]


# --- reading -------------------------------------------------------------------------------------------

COLUMNS = (Column("name", required=True, longest=10), Column("note", multiline=True))


def _read(content: bytes):
    return [
        (row.number, row["name"], row["note"]) if isinstance(row, CsvRow) else (row.row, row.field, row.message)
        for row in read_csv(io.BytesIO(content), COLUMNS)
    ]


@pytest.mark.parametrize(
    "content",
    [
        "name,note\nä,b\n".encode(),
        "\ufeffname,note\r\nä,b\r\n".encode(),
        "name;note\nä;b\n".encode(),
        "name\tnote\nä\tb\n".encode(),
        "NAME, Note \nä,b".encode(),
        "note,name\nb,ä\n".encode(),
        '"name","note"\n"ä","b"\n'.encode(),
        "name,note\nä,b\n".encode("utf-16"),
    ],
)
def test_csv_is_read_as_spreadsheets_write_it(content):
    assert _read(content) == [(2, "ä", "b")]


def test_quoted_commas_quotes_and_line_breaks_stay_in_their_field():
    content = b'name,note\n"a, ""b""","first\nsecond"\n\n,\n" a\nb ",x\n'
    assert _read(content) == [(2, 'a, "b"', "first\nsecond"), (5, "a b", "x")]


def test_each_row_that_does_not_fit_is_named():
    found = _read(b"name,note\nonly\na,b,c\n,note\nlonger than ten,x\n")
    assert found == [
        (2, "", "Has 1 fields, and the header 2."),
        (3, "", "Has 3 fields, and the header 2."),
        (4, "name", "Is missing."),
        (5, "name", "At most 10 characters."),
    ]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("note", "missing: name"),
        ("name,colour", "unknown: colour"),
        ("name,name", "twice: name"),
        ("name,", "unknown: (empty)"),
        ("nam,note", "unknown: nam; missing: name"),
    ],
)
def test_a_header_that_does_not_fit_is_refused_naming_the_columns(header, reason):
    with pytest.raises(FileRefused) as refused:
        _read(f"{header}\na,b\n".encode())
    assert str(refused.value) == f"The columns do not fit ({reason}). The file may have: name, note."


def test_a_row_problem_keeps_what_the_field_held():
    (problem,) = read_csv(io.BytesIO(b"name\nlonger than ten\n"), COLUMNS)
    assert isinstance(problem, RowProblem)
    assert problem.value == "longer than ten"


# --- planned tests -------------------------------------------------------------------------------------


def test_planned_tests_are_added_changed_and_left(world):
    first = _send(
        world, "planned_tests", PLAN, "a,Join,functional,Install,D1,alpha", "b,Leave,REGRESSION,Install,,beta"
    )
    assert first.summary["counts"] == {"planned": 2, "created": 2, "changed": 0, "unchanged": 0}
    second = _send(
        world, "planned_tests", PLAN, "a,Join again,FUNCTIONAL,Prepay,D1,alpha", "b,Leave,REGRESSION,Install,,beta",
        moment=at(days=2),
    )  # fmt: skip
    assert second.summary["counts"] == {"planned": 2, "created": 0, "changed": 1, "unchanged": 1}
    assert second.summary["examples"] == [{"row": 2, "what": "a", "reason": "Changes: title, functional group"}]
    assert PlannedTest.objects.get(definition__external_id="a").definition.source == "alm"


def test_every_error_of_a_plan_names_its_row_and_field(world):
    batch = _send(
        world, "planned_tests", PLAN,
        "a,Join,FUNCTIONAL,Install,D1,alpha",
        "a,Join,FUNCTIONAL,Install,D1,alpha",
        "b,Join,SMOKE,Install,D7,gamma",
        ",Join,FUNCTIONAL,Install,,",
        "c,Join,FUNCTIONAL",
    )  # fmt: skip
    assert _errors(batch) == [
        (3, "external_id", "The same test is in row 2 already."),
        (4, "kind", "“SMOKE” is neither FUNCTIONAL nor REGRESSION."),
        (4, "dmc", "There is no DMC “D7”: the reference of one is expected, or nothing."),
        (4, "provider", "There is no organisation “gamma”: the code of one is expected."),
        (5, "external_id", "Is missing."),
        (6, "", "Has 3 fields, and the header 6."),
    ]
    assert _held(batch) == ["a", "SMOKE", "D7", "gamma", "", "c, Join, FUNCTIONAL"]
    assert not PlannedTest.objects.exists()


def test_an_error_against_the_plan_says_what_the_field_held_and_what_was_expected(world):
    batch = _send(
        world, "planned_tests", f"{PLAN},installation_type,stage",
        "a,Join,FUNCTIONAL,Install,D1,alpha,SLEEPING,Later",
        f"b,{'x' * 301},FUNCTIONAL,Install,D1,alpha,,",
    )  # fmt: skip
    assert _errors(batch)[:2] == [
        (2, "installation_type", "“SLEEPING” is none of DORMANT, ACTIVE, MIXED, nor empty."),
        (2, "stage", "The phase has no stage “Later”: expected is one of Solution Test, or nothing."),
    ]
    assert _held(batch)[:2] == ["SLEEPING", "Later"]
    assert _held(batch)[2].startswith("xxx")
    _send(world, "planned_tests", PLAN, "a,Join,FUNCTIONAL,Install,D1,alpha")
    twice = _send(world, "planned_tests", PLAN, "a,Join,REGRESSION,Install,D1,alpha", moment=at(days=2))
    [(row, field, message)] = _errors(twice)
    assert (row, field, _held(twice)) == (2, "kind", ["REGRESSION"])
    assert message.endswith("Expected is FUNCTIONAL, as it is planned.")


def test_a_providers_tooling_plans_only_its_own(world):
    from tests.testphases.world import actor

    batch = _send(
        world, "planned_tests", PLAN, "a,Join,FUNCTIONAL,Install,D1,beta", by=actor("test_tooling", world.alpha)
    )
    assert _errors(batch) == [(2, "provider", "You may plan your own organisation's tests only: expected is alpha.")]


# --- mapping --------------------------------------------------------------------------------------------


def test_a_mapping_plans_known_tests_on_dmcs_instead_of_on_none(db):
    world = make_world(state="PLANNED")
    _send(world, "planned_tests", PLAN, "a,Join,REGRESSION,Install,,alpha", "b,Leave,FUNCTIONAL,Install,,alpha")
    batch = _send(
        world, "test_dmc_mapping", "external_id,dmc,provider,functional_group", "a,D1,,", "a,D2,beta,Prepay",
        moment=at(days=2),
    )  # fmt: skip
    assert batch.summary["counts"]["created"] == 2
    assert batch.summary["warnings"] == ["1 tests were planned on no DMC; they are planned on their DMCs instead."]
    held = PlannedTestVersion.objects.current().filter(scope=world.scope)
    assert sorted(
        (
            v.planned_test.definition.external_id,
            str(v.planned_test.dmc or ""),
            v.kind,
            v.functional_group,
            v.provider.code,
        )
        for v in held
    ) == [
        ("a", "D1", "REGRESSION", "Install", "alpha"),
        ("a", "D2", "REGRESSION", "Prepay", "beta"),
        ("b", "", "FUNCTIONAL", "Install", "alpha"),
    ]
    again = _send(world, "test_dmc_mapping", "external_id,dmc", "a,D1", moment=at(days=3))
    assert again.summary["counts"] == {"planned": 1, "created": 0, "changed": 0, "unchanged": 1}


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_once_started_a_mapping_leaves_the_test_on_no_dmc_planned_and_says_so(world):
    _send(world, "planned_tests", PLAN, "a,Join,FUNCTIONAL,Install,,alpha")
    batch = _send(world, "test_dmc_mapping", "external_id,dmc", "a,D1", moment=at(days=2))
    assert "stay planned on no DMC as well" in batch.summary["warnings"][0]
    assert sum(cell.planned for cell in plan_counts(world.scope).cells) == 2


def test_a_mapping_of_an_unknown_test_or_dmc_is_an_error_of_its_row(world):
    _send(world, "planned_tests", PLAN, "a,Join,FUNCTIONAL,Install,,alpha")
    unknown = _send(world, "test_dmc_mapping", "external_id,dmc", "a,D1", "x,D1", moment=at(days=2))
    assert _errors(unknown) == [(3, "external_id", "No test of this id is planned in the phase.")]
    bad_dmc = _send(world, "test_dmc_mapping", "external_id,dmc", "a,D1", "a,D9", moment=at(days=2))
    assert _errors(bad_dmc) == [(3, "dmc", "There is no DMC “D9”: the reference of one is expected, or nothing.")]
    assert PlannedTest.objects.count() == 1


# --- results --------------------------------------------------------------------------------------------

RESULTS = (
    "external_id,outcome,occurred_at,dmc,installation_type,versions,tester,message,duration_seconds,no_file_needed"
)


def test_results_of_tests_done_by_hand(world):
    world.plan("a", "b", "c")
    batch = _send(
        world, "results", RESULTS,
        "a,pass,2026-03-02 09:30,D1,,DSP=5.2,Kim,,12.5,witnessed by TAB",
        "b,FAILED,2026-03-02 09:31,D1,,,Kim,no display,,",
        "c,Blocked,2026-03-02 09:32,D1,,,Kim,no power,,",
        versions="DSP=5.1",
    )  # fmt: skip
    assert batch.summary["counts"]["recorded"] == 3
    first, second, third = TestRun.objects.order_by("position")
    assert (first.outcome, str(first.version_set), first.tester, first.duration_ms, first.no_file_needed) == (
        "PASSED", "DSP 5.2", "Kim", 12_500, "witnessed by TAB",
    )  # fmt: skip
    assert (second.outcome, str(second.version_set), second.message) == ("FAILED", "DSP 5.1", "no display")
    assert (third.outcome, third.evidence) == ("IMPEDED", None)
    evidence = plan_counts(world.scope).evidence
    assert (evidence.executed, evidence.no_file_needed, evidence.missing) == (2, 1, 1)


def test_every_error_of_results_names_its_row_and_field(world):
    world.plan("a")
    batch = _send(
        world, "results", RESULTS,
        "a,perhaps,2026-03-02 09:30,,,,,,,",
        "a,PASSED,noon,,,,,,,",
        "a,PASSED,2026-03-02 09:30,,HALF,,,,,",
        "a,PASSED,2026-03-02 09:30,,,DSP=;x,,,,",
        "a,PASSED,2026-03-02 09:30,,,,,,-3,",
        "a,PASSED,2026-03-02 09:30,,,,,,many,",
        "a,PASSED,2036-03-02 09:30,,,,,,,",
    )  # fmt: skip
    assert [(row, field) for row, field, _ in _errors(batch)] == [
        (2, "outcome"), (3, "occurred_at"), (4, "installation_type"), (5, "versions"), (6, "duration_seconds"),
        (7, "duration_seconds"), (8, "occurred_at"),
    ]  # fmt: skip
    assert not TestRun.objects.exists()
