"""What is read out of JUnit XML: outcomes, times, names, DMCs, versions, durations, messages; and what is warned of."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest

from svtad.intake.registry import RowProblem
from svtad.lib.errors import InvalidInput
from testphases.importers import JUnitImporter
from testphases.importers.base import parse_versions
from testphases.importers.junit import _milliseconds

OWN = Path(__file__).resolve().parents[1] / "data" / "junit"


def _read(text: str | bytes | Path, **params: str):
    content = text.read_bytes() if isinstance(text, Path) else text.encode() if isinstance(text, str) else text
    importer = JUnitImporter()
    return list(importer.parse(io.BytesIO(content), params)), importer.warnings()


def _rows(text, **params):
    return _read(text, **params)[0]


def _case(inside: str = "", attributes: str = "", suite: str = "", **params):
    xml = f'<testsuite name="s" {suite}><testcase name="t" {attributes}>{inside}</testcase></testsuite>'
    (row,) = _rows(xml, **params)
    return row


@pytest.mark.parametrize(
    ("inside", "attributes", "outcome"),
    [
        ("", "", "PASSED"),
        ("<failure/>", "", "FAILED"),
        ("<error/>", "", "FAILED"),
        ("<skipped/>", "", "SKIPPED"),
        ("<disabled/>", "", "SKIPPED"),
        ("<skipped/><failure/>", "", "FAILED"),
        ("<failure/><skipped/>", "", "FAILED"),
        ("<skipped/><error/>", 'status="skipped"', "FAILED"),
        ("<failure/>", 'status="passed"', "FAILED"),
        ("<system-out>ok</system-out><system-err>no</system-err>", "", "PASSED"),
        ("", 'status="run" result="completed"', "PASSED"),
        ("", 'status="notrun" result="suppressed"', "SKIPPED"),
        ("", 'status="run" result="skipped"', "SKIPPED"),
        ("", 'status="Disabled"', "SKIPPED"),
        ("", 'disabled="true"', "SKIPPED"),
        ("", 'status="failed"', "FAILED"),
        ("", 'result="error" status="run"', "FAILED"),
        ("", 'status="blocked"', "IMPEDED"),
        ("", 'status="wobbly"', "IMPEDED"),
        ("<flakyFailure/>", "", "PASSED"),
        ("<failure/><rerunFailure/>", "", "FAILED"),
    ],
)
def test_what_a_testcase_comes_to(inside, attributes, outcome):
    assert _case(inside, attributes).outcome == outcome


def test_a_state_that_nobody_knows_is_warned_of():
    _, warnings = _read(OWN / "strange-state.xml")
    assert warnings == ("1 testcase has the state “wobbly”, which we do not know: no such one is taken as passed.",)


def test_a_test_that_passed_on_an_automatic_rerun_says_so():
    assert "automatic re-run" in _case('<flakyFailure message="timeout"/>').message


def test_the_names_go_from_the_most_telling_to_the_plainest():
    xml = (
        '<testsuite name="suite"><testcase classname="pkg.Class" name="t" file="a/b.py">'
        '<properties><property name="test_key" value="SIT-7"/></properties></testcase></testsuite>'
    )
    assert _rows(xml)[0].names == ("SIT-7", "pkg.Class.t", "a/b.py::t", "suite.t", "t")
    assert _rows("<testsuite><testcase/></testsuite>")[0].names == ()


def test_a_test_id_of_a_whole_suite_is_not_taken_for_each_testcase():
    xml = (
        '<testsuite name="s"><properties><property name="test_id" value="X"/></properties>'
        '<testcase name="t"/></testsuite>'
    )
    assert _rows(xml)[0].names == ("s.t", "t")


def test_properties_and_times_come_from_the_nearest_that_has_them():
    deep, inner, outer, timed = _rows(OWN / "nested.xml", dmc="D0", environment="SIT-B")
    assert [row.dmc for row in (deep, inner, outer, timed)] == ["D2", "D3", "D1", "D1"]
    assert {row.default_dmc for row in (deep, inner)} == {"D0"}
    assert {row.environment for row in (deep, inner, outer, timed)} == {"SIT-A"}
    assert inner.names[0] == "REQ-7"
    hours = [row.occurred_at.astimezone(dt.UTC).hour for row in (deep, inner, outer, timed)]
    assert hours == [12, 9, 9, 10]
    assert deep.duration_ms == 1_234_500


def test_a_property_that_stands_after_its_testcases_is_warned_of():
    xml = '<testsuite><testcase name="t"/><properties><property name="dmc" value="D1"/></properties></testsuite>'
    rows, warnings = _read(xml)
    assert rows[0].dmc == ""
    assert warnings == ("The property dmc of a suite stands after its testcases and is not theirs.",)


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("2026-03-02T09:15:00", "2026-03-02T09:15:00+00:00"),
        ("2026-07-02T09:15:00", "2026-07-02T08:15:00+00:00"),
        ("2026-07-02 09:15:00.123456", "2026-07-02T08:15:00.123456+00:00"),
        ("2026-07-02T09:15:00Z", "2026-07-02T09:15:00+00:00"),
        ("2026-07-02T09:15:00+02:00", "2026-07-02T07:15:00+00:00"),
        ("Sat, 03 Dec 2022 23:10:07 GMT", "2022-12-03T23:10:07+00:00"),
        ("1772442900", "2026-03-02T09:15:00+00:00"),
        ("1772442900000", "2026-03-02T09:15:00+00:00"),
    ],
)
def test_times_are_read_as_tools_write_them(stamp, instant):
    row = _case(suite=f'timestamp="{stamp}"')
    assert (row.occurred_at.isoformat(), row.time_uncertain) == (instant, False)


@pytest.mark.parametrize("stamp", ["2026-10-25T01:30:00", "2026-03-29T01:30:00"])
def test_an_hour_that_the_clocks_showed_twice_or_never_is_flagged(stamp):
    assert _case(suite=f'timestamp="{stamp}"').time_uncertain
    assert not _case(suite=f'timestamp="{stamp}"', zone="UTC").time_uncertain
    assert not _case(suite=f'timestamp="{stamp}Z"').time_uncertain


def test_the_zone_of_naive_times_may_be_given_with_the_file():
    row = _case(suite='timestamp="2026-07-02T09:15:00"', zone="America/New_York")
    assert row.occurred_at == dt.datetime(2026, 7, 2, 13, 15, tzinfo=dt.UTC)
    with pytest.raises(InvalidInput, match="Mars"):
        _case(zone="Mars/Olympus")


def test_a_time_given_with_the_file_is_for_results_without_one():
    assert _case(occurred_at="2026-07-02 09:15").occurred_at == dt.datetime(2026, 7, 2, 8, 15, tzinfo=dt.UTC)
    assert _case(suite='timestamp="2026-01-01T00:00:00"', occurred_at="2026-07-02").occurred_at.year == 2026
    assert _case().occurred_at is None
    with pytest.raises(InvalidInput, match="no time"):
        _case(occurred_at="yesterday")


@pytest.mark.parametrize("stamp", ["yesterday", "0001-01-01T00:00:00", "99/99/2026", ""])
def test_a_time_that_is_none_is_left_out(stamp):
    row = _case(suite=f'timestamp="{stamp}"')
    assert row.occurred_at is None or row.occurred_at.year == 1


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("1.5", 1500), ("0", 0), ("1,234.5", 1_234_500), ("1,234", 1_234_000), ("0,25", 250), ("1e-3", 1),
        ("12,345,678", 2**31 - 1), ("", None), ("-", None), ("-1", None), ("NaN", None), ("inf", None),
        ("1.2.3", None), ("9" * 400, None),
    ],
)  # fmt: skip
def test_durations_are_read_or_left_out(text, milliseconds):
    assert _milliseconds(text) == milliseconds


def test_versions_come_from_the_testcase_the_suite_or_the_file():
    xml = """<testsuite name="s"><properties><property name="versions" value="DSP=5.2; S1SP=3"/></properties>
    <testcase name="a"/><testcase name="b"><properties><property name="version" value="6"/></properties></testcase>
    <testcase name="c"><properties><property name="versions" value="DSP=;"/></properties></testcase></testsuite>"""
    first, second, problem, third = _rows(xml, versions="DSP=1")
    assert (first.components, second.components) == ({"DSP": "5.2", "S1SP": "3"}, {"DSP": "5.2", "S1SP": "3"})
    assert isinstance(problem, RowProblem)
    assert (problem.row, problem.field) == (3, "versions")
    assert third.components is None
    assert _case(versions="DSP=1").components == {"DSP": "1"}
    assert _case(versions="5.2").components == {"build": "5.2"}


@pytest.mark.parametrize("text", ["DSP", "DSP=5;DSP=6", "DSP=5;x", "=5;a=b", "a=;b=1"])
def test_versions_that_say_nothing_clear_are_refused(text):
    if text == "DSP":
        assert parse_versions(text) == {"build": "DSP"}
    else:
        with pytest.raises(ValueError, match="“"):
            parse_versions(text)


def test_a_message_is_the_attribute_or_the_text_on_one_line_and_bounded():
    assert _case('<failure message="a&#10;b">c</failure>').message == "a b"
    assert _case("<failure>  c\n  d </failure>").message == "c d"
    assert _case('<skipped/><failure message="late"/>').message == "late"
    assert _case(f"<failure>{'x' * 100_000}</failure>").message == "x" * 400
    assert _case('<failure message="a&#x202e;b"/>').message == "ab"


def test_what_a_file_states_and_does_not_hold_is_warned_of_once():
    assert _read(OWN / "states-more-than-it-holds.xml")[1] == (
        "The file holds no testcase.",
        "The file does not hold what it states: “lost” states 7 tests and holds 0, 3 failures and errors and holds 0.",
    )
    assert _read(OWN / "empty-suite.xml")[1] == ("The file holds no testcase.",)
    for name in ("pytest-like.xml", "same-test-twice.xml", "reruns.xml", "disabled.xml"):
        assert _read(OWN / name)[1] == (), name


def test_letters_of_any_script_and_encoding_come_through():
    assert _rows(OWN / "letters.xml")[0].names[1] == 'Zähler 헴ㇿ𒍺 "A" & <B>'
    assert _rows(OWN / "utf16.xml")[0].names[1] == "größer"
    assert (_rows(OWN / "latin1.xml")[0].names[1], _rows(OWN / "latin1.xml")[0].message) == ("größer", "zähl")


def test_namespaces_and_prefixes_do_not_hide_elements():
    assert len(_rows('<testsuite xmlns="urn:x"><testcase name="t"/></testsuite>')) == 1
    (row,) = _rows('<j:testsuite xmlns:j="urn:x"><j:testcase name="t"><j:failure/></j:testcase></j:testsuite>')
    assert row.outcome == "FAILED"
