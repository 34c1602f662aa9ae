"""`manage.py import_results`: prints the counts; a file is taken whole or not at all; status 1 where one is not."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from svtad.parties.models import Membership, Person
from testphases.models import TestRun
from tests.testphases.world import DAY, actor

pytestmark = pytest.mark.django_db

TIME = 'timestamp="2026-03-02T10:00:00"'


@pytest.fixture
def run(world, tmp_path, capsys):
    """Write files, import them, and return (status, what was printed, what was complained of)."""

    def act(files: dict[str, str], *options: str, phase: str = ""):
        paths = []
        for name, text in files.items():
            (tmp_path / name).write_text(text)
            paths.append(str(tmp_path / name))
        try:
            call_command("import_results", phase or world.scope.public_id, *paths, *options)
            status = 0
        except CommandError as error:
            status = 1
            print(error)
        return status, *capsys.readouterr()

    return act


def _junit(*names: str) -> str:
    cases = "".join(f'<testcase name="{name}"/>' for name in names)
    return f'<testsuite name="s" {TIME}>{cases}</testsuite>'


def test_it_prints_what_it_imported(world, run):
    world.plan("a")
    status, out, err = run({"r.xml": _junit("a", "z")})
    assert (status, err) == (0, "")
    assert out.splitlines() == [
        "r.xml: imported",
        "         2  Results in the file",
        "         2  Passed",
        "         0  Failed",
        "         0  Skipped or disabled (not executed)",
        "         0  Impeded (not executed)",
        "         1  New runs",
        "         0  Recorded before",
        "         1  Of no planned test (kept and listed)",
        "  row 2: s.z: No test of this name is planned.",
    ]


def test_a_phase_may_be_called_by_its_name_and_a_wrong_one_lists_those_there_are(world, run):
    world.plan("a")
    assert run({"r.xml": _junit("a")}, phase="IOC SIT")[0] == 0
    status, out, _ = run({"r.xml": _junit("a")}, phase="MOC SIT")
    assert (status, "No phase is called “MOC SIT”. There are: “IOC SIT”" in out) == (1, True)


def test_a_dry_run_stores_nothing(world, run):
    world.plan("a")
    status, out, _ = run({"r.xml": _junit("a")}, "--dry-run")
    assert (status, "r.xml: would import" in out, "1  New runs" in out) == (0, True, True)
    assert not TestRun.objects.exists()


def test_the_other_files_are_imported_where_one_is_not_taken(world, run):
    world.plan("a", "b")
    files = {
        "1.xml": _junit("a"),
        "2.xml": "<html/>",
        "3.txt": "",
        "4.csv": "external_id,outcome,occurred_at\nb,MAYBE,2026-03-02\n",
        "5.csv": "external_id,outcome,occurred_at\nb,PASSED,2026-03-02\n",
    }
    status, out, err = run(files)
    assert status == 1
    assert TestRun.objects.count() == 2
    assert "2.xml: refused. The root element is <html>." in err
    assert "3.txt: file: Neither .xml nor .csv" in err
    assert "4.csv: 1 errors, nothing imported\n  row 2, outcome: Is none of" in err
    assert "3 of 5 files not taken; nothing of them is stored." in out


def test_one_run_in_several_files_is_one_run_id_with_each_files_name(world, run):
    world.plan("a", "b")
    files = {"1.xml": _junit("a"), "2.xml": _junit("b")}
    assert run(files, "--run-id", "night-1")[0] == 0
    assert TestRun.objects.count() == 2
    assert run(files, "--run-id", "night-1")[0] == 0
    assert TestRun.objects.count() == 2
    assert run(files, "--run-id", "night-2")[0] == 0
    assert TestRun.objects.count() == 4


def test_what_is_said_of_the_file_reaches_the_runs(world, run):
    world.plan("a", dmc="D1")
    world.plan("a", dmc="D2")
    untimed = '<testsuite><testcase name="a"/></testsuite>'
    options = ("--dmc", "D2", "--versions", "DSP=5.2", "--occurred-at", "2026-07-01 10:00", "--zone", "UTC")
    assert run({"r.xml": untimed}, *options)[0] == 0
    made = TestRun.objects.select_related("planned_test__dmc", "version_set").get()
    assert (str(made.planned_test.dmc), str(made.version_set), made.occurred_at.isoformat()) == (
        "D2", "DSP 5.2", "2026-07-01T10:00:00+00:00",
    )  # fmt: skip


def test_it_imports_as_a_person_with_that_persons_rights(world, run):
    world.plan("b", provider="beta")
    person = Person.objects.create(email="kim@example.org", name="Kim", recorded_at=DAY)
    Membership.objects.create(
        person=person, organisation=world.alpha, role="provider_tester", starts_on=DAY.date(), recorded_at=DAY
    )
    status, out, _ = run({"r.xml": _junit("b")}, "--as", "Kim@example.org")
    assert (status, "1  Of no planned test" in out) == (0, True)
    assert not TestRun.objects.exists()
    assert run({"r.xml": _junit("b")}, "--as", "nobody@example.org")[0] == 1
    assert actor("provider_tester", world.alpha).may("import_results")
