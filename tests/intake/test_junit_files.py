"""Whole JUnit files through the engine: taken in with the right counts, or refused with the reason, nothing stored."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from svtad.intake import actions
from svtad.intake.models import ImportBatch
from testphases.models import TestRun, UnmatchedResult
from tests.testphases.world import at

pytestmark = pytest.mark.django_db

OWN = Path(__file__).resolve().parents[1] / "data" / "junit"
REAL = os.environ.get("JUNIT_DIR", "")

#: Results, passed, failed, skipped, impeded.
TAKEN = {
    "pytest-like.xml": (4, 1, 2, 1, 0),
    "same-test-twice.xml": (3, 1, 2, 0, 0),
    "disabled.xml": (9, 2, 2, 4, 1),
    "nested.xml": (4, 4, 0, 0, 0),
    "reruns.xml": (2, 1, 1, 0, 0),
    "bare.xml": (4, 1, 2, 1, 0),
    "states-more-than-it-holds.xml": (0, 0, 0, 0, 0),
    "empty-suite.xml": (0, 0, 0, 0, 0),
    "strange-state.xml": (2, 1, 0, 0, 1),
    "letters.xml": (2, 2, 0, 0, 0),
    "utf16.xml": (1, 1, 0, 0, 0),
    "latin1.xml": (1, 0, 1, 0, 0),
    "ctest-like.xml": (4, 1, 1, 2, 0),
}
REFUSED = {
    "not-junit.xml": "root element is <assemblies>",
    "cut-short.xml": "Not well-formed XML: unclosed token, line 5",
}

#: The same of real tools' files; the counts of testcases are those of the collection's own README.
REAL_TAKEN = {
    "bazel_suite-logs.xml": (1, 0, 1, 0),
    "empty-system-out-err.xml": (1, 1, 0, 0),
    "jest_jest-junit.xml": (2, 2, 0, 0),
    "junit.multiresult.xml": (4, 1, 2, 1),
    "minimal-attributes.xml": (4, 1, 2, 1),
    "mocha_latex-utensils.xml": (109, 109, 0, 0),
    "no-attributes.xml": (4, 1, 2, 1),
    "no-cases-but-tests.xml": (0, 0, 0, 0),
    "no-cases.xml": (0, 0, 0, 0),
    "pytest_junit.fail.xml": (5, 3, 1, 1),
    "pytest_junit.gloo.elastic.spark.tf.xml": (22, 20, 0, 2),
    "pytest_junit.gloo.elastic.spark.torch.xml": (22, 22, 0, 0),
    "pytest_junit.gloo.elastic.xml": (14, 10, 0, 4),
    "pytest_junit.gloo.standalone.xml": (97, 80, 0, 17),
    "pytest_junit.gloo.static.xml": (24, 12, 0, 12),
    "pytest_junit.mpi.integration.xml": (3, 3, 0, 0),
    "pytest_junit.mpi.standalone.xml": (97, 96, 0, 1),
    "pytest_junit.mpi.static.xml": (24, 24, 0, 0),
    "pytest_junit.spark.integration.1.xml": (35, 33, 0, 2),
    "pytest_junit.spark.integration.2.xml": (35, 33, 0, 2),
    "scalatest_TEST-uk.co.gresearch.spark.diff.DiffOptionsSuite.xml": (5, 5, 0, 0),
    "testsuite-in-testsuite.xml": (5, 5, 0, 0),
    "testsuite-root.xml": (5, 5, 0, 0),
    "tst_disabled.xml": (31, 6, 20, 5),
    "unsupported-unicode.xml": (7, 1, 4, 2),
    "with-xml-entities.xml": (4, 0, 2, 2),
    "xunit_xunit.xml": (2, 2, 0, 0),
}
REAL_REFUSED = {"non-junit.xml": "root element is <suites>", "pytest_corrupt-xml.xml": "Not well-formed XML"}


def _import(world, path: Path) -> ImportBatch:
    with path.open("rb") as stream:
        return actions.import_file(
            importer_key="junit", scope_id=world.scope.public_id, content=stream, name=path.name, source="tools",
            by=world.manager, at=at(days=365),
        )  # fmt: skip


def _counts(batch: ImportBatch) -> tuple[int, ...]:
    assert batch.state == "COMMITTED", batch.refusal
    counts = batch.summary["counts"]
    kept = UnmatchedResult.objects.filter(batch=batch)
    assert kept.count() == counts["results"] == counts["unmatched"]
    for outcome in ("PASSED", "FAILED", "SKIPPED", "IMPEDED"):
        assert kept.filter(outcome=outcome).count() == counts[outcome.lower()]
    return tuple(counts[name] for name in ("results", "passed", "failed", "skipped", "impeded"))


def _assert_refused(batch: ImportBatch, reason: str) -> None:
    assert batch.state == "REFUSED"
    assert reason in batch.refusal
    assert not UnmatchedResult.objects.exists()
    assert not TestRun.objects.exists()


def test_every_file_of_ours_is_accounted_for():
    assert {path.name for path in OWN.glob("*.xml")} == set(TAKEN) | set(REFUSED)


@pytest.mark.parametrize("name", TAKEN)
def test_a_file_is_taken_in_with_the_right_counts(world, name):
    assert _counts(_import(world, OWN / name)) == TAKEN[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_junit_xml_is_refused_with_the_reason_and_nothing_stored(world, name):
    _assert_refused(_import(world, OWN / name), REFUSED[name])


def _real(name: str) -> Path:
    if not REAL:
        pytest.skip("JUNIT_DIR is not set: the files of real tools are not tried")
    path = Path(REAL) / name
    if not path.exists():
        pytest.skip(f"JUNIT_DIR has no {name}")
    return path


@pytest.mark.parametrize("name", REAL_TAKEN)
def test_a_real_tools_file_is_taken_in_with_the_right_counts(world, name):
    assert _counts(_import(world, _real(name)))[:4] == REAL_TAKEN[name]


@pytest.mark.parametrize("name", REAL_REFUSED)
def test_a_real_tools_other_file_is_refused_with_the_reason(world, name):
    _assert_refused(_import(world, _real(name)), REAL_REFUSED[name])


def test_any_other_file_of_that_folder_is_taken_or_refused_with_a_reason(world):
    known = set(REAL_TAKEN) | set(REAL_REFUSED)
    others = [path for path in sorted(Path(REAL).glob("*.xml")) if path.name not in known] if REAL else []
    for path in others:
        batch = _import(world, path)
        assert (batch.state == "COMMITTED") != bool(batch.refusal), path.name


def test_the_five_disabled_tests_of_a_real_file_are_no_passes(world):
    batch = _import(world, _real("tst_disabled.xml"))
    disabled = UnmatchedResult.objects.filter(batch=batch, external_id__contains="disabled")
    assert disabled.count() == 5
    assert set(disabled.values_list("outcome", flat=True)) == {"SKIPPED"}
