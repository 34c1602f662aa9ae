"""Results as JUnit XML, in the many ways in which tools write it.

What we take from it (readings, where the format itself says nothing):
- A testcase with a failure or an error FAILED, whatever else it carries; one that is only skipped,
  disabled, not run or suppressed is no execution. A state that we do not know is never a pass.
- Every testcase is a result of its own, the same test twice too. They share their suite's time, and at
  the same moment a failure comes before a pass, so no pass hides a failure.
- A test that failed and passed on an automatic re-run within the testcase (`flakyFailure`) passed.
- The time is the testcase's own, else its nearest suite's, else the one given with the file.
- Properties of a testcase or a suite may name `dmc`, `installation_type`, `environment`, `tester`,
  `versions` (or `version`), and `test_id`; the testcase's win over the suite's, both over what was said
  of the whole file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import BinaryIO, ClassVar

from svtad.intake.registry import FileRefused, Parameter, RowProblem
from svtad.intake.xmlstream import read_xml
from svtad.lib.text import counted, plain_line
from testphases.actions.rows import RunRow
from testphases.importers import base

#: More in one file is a mistake.
MOST_TESTCASES = 1_000_000
_SUITES = frozenset({"testsuites", "testsuite"})
_FAILED = frozenset({"failure", "error"})
_NOT_RUN = frozenset({"skipped", "disabled", "ignored", "notrun", "pending"})
_FLAKY = frozenset({"flakyFailure", "flakyError", "rerunFailure", "rerunError"})
_PASS_WORDS = frozenset(
    {"", "passed", "pass", "run", "ok", "success", "successful", "completed", "complete", "executed"}
)
_FAIL_WORDS = frozenset({"failed", "fail", "failure", "error", "errored", "broken", "timeout", "aborted", "crashed"})
_SKIP_WORDS = frozenset(
    {"skipped", "skip", "disabled", "notrun", "not_run", "not run", "notexecuted", "suppressed", "ignored", "pending"}
)
_IMPEDED_WORDS = frozenset({"blocked", "impeded", "inconclusive"})
_TEST_ID = ("test_id", "test_key", "external_id")
_KEPT_PROPERTIES = frozenset({"dmc", "installation_type", "environment", "tester", "version", "versions", *_TEST_ID})
_TRUE = frozenset({"true", "1", "yes"})
_FLAGS = ("disabled", "ignored", "skipped")
#: Attributes that may say that a testcase without a failure did not pass.
_TELLING = frozenset({"status", "result", *_FLAGS})


class JUnitImporter(base.ResultsImporter):
    """Test results as JUnit XML."""

    key = "junit"
    title = "Test results (JUnit XML)"
    media_types = ("application/xml", "text/xml")
    suffixes = (".xml",)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        base.DMC,
        base.VERSIONS,
        base.INSTALLATION,
        base.ENVIRONMENT,
        base.TESTER,
        base.OCCURRED,
        base.ZONE,
        Parameter(
            "evidence",
            "Evidence",
            "Whether the file itself is the evidence of its results (12.6(d)).",
            choices={"file": "The file is the evidence", "none": "Evidence comes separately"},
            default="file",
        ),
    )

    def __init__(self) -> None:
        self._reader: _Reader | None = None

    def parse(self, stream: BinaryIO, params: Mapping[str, str]) -> Iterator[RunRow | RowProblem]:
        """Yield a row for each testcase, in the order of the file."""
        self._reader = _Reader(params)
        yield from read_xml(stream, self._reader)

    def is_evidence(self, params: Mapping[str, str]) -> bool:
        """Return whether the file is the evidence, as it is unless said otherwise."""
        return params.get("evidence", "file") == "file"

    def warnings(self) -> tuple[str, ...]:
        """Return what the file says and does not hold."""
        return tuple(self._reader.warnings()) if self._reader else ()


class _Suite:
    """An open suite: what its testcases take from it."""

    __slots__ = ("components", "declared", "found", "name", "properties", "time", "uncertain")

    def __init__(self, name: str, parent: _Suite | None, declared: dict[str, int]) -> None:
        self.name = name
        self.declared = declared
        self.found: Counter[str] = Counter()
        self.properties: dict[str, str] = dict(parent.properties) if parent else {}
        self.components: dict[str, str] | None = parent.components if parent else None
        self.time: dt.datetime | None = parent.time if parent else None
        self.uncertain: bool = parent.uncertain if parent else False


class _Reader:
    """Makes rows of elements."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self._params = params
        self._times = base.Times(base.zone_of(params))
        self._versions = base.versions_of(params)
        self._given_time, self._given_uncertain = base.occurred_of(params, self._times)
        self._ready: list[RunRow | RowProblem] = []
        self._suites: list[_Suite] = []
        self._started = False
        self._count = 0
        self._notes: Counter[str] = Counter()
        self._mismatches: list[str] = []
        self._strange: Counter[str] = Counter()
        self._same_versions: dict[str, dict[str, str]] = {}
        self._no_case()

    def _no_case(self) -> None:
        self._case: dict[str, str] | None = None
        self._inside = 0
        self._bad = 0
        self._skipped = self._flaky = False
        self._message = ""
        self._capture = ""
        self._own: dict[str, str] | None = None
        self._property = ""
        self._pieces: list[str] = []

    def drain(self) -> list[RunRow | RowProblem]:
        """Return the rows that are ready."""
        ready, self._ready = self._ready, []
        return ready

    def start(self, name: str, attributes: dict[str, str]) -> bool:
        """Take an opening tag."""
        if not self._started:
            if name not in _SUITES:
                raise FileRefused(
                    f"The root element is <{name[:60]}>. This is no JUnit XML: that has <testsuites> or <testsuite>."
                )
            self._started = True
        if self._case is not None:
            return self._start_inside(name, attributes)
        if name == "testcase":
            self._count += 1
            if self._count > MOST_TESTCASES:
                raise FileRefused(f"The file has more than {MOST_TESTCASES:,} testcases.")
            self._case = attributes
        elif name in _SUITES:
            self._open_suite(name, attributes)
        elif name == "property":
            return self._start_property(attributes)
        return False

    def _start_inside(self, name: str, attributes: dict[str, str]) -> bool:
        self._inside += 1
        if name in _FAILED:
            self._bad += 1
        elif name in _NOT_RUN:
            self._skipped = True
        elif name in _FLAKY:
            self._flaky = True
            return False
        elif name == "property":
            return self._start_property(attributes)
        else:
            return False
        if not self._message:
            self._message = attributes.get("message", "")[:2000]
            if not self._message:
                self._capture = name
                self._pieces = []
                return True
        return False

    def _start_property(self, attributes: dict[str, str]) -> bool:
        key = attributes.get("name", "").strip().lower().replace(" ", "_").replace("-", "_")
        if key not in _KEPT_PROPERTIES:
            return False
        if "value" in attributes:
            self._set_property(key, attributes["value"])
            return False
        self._capture = "property"
        self._property = key
        self._pieces = []
        return True

    def text(self, data: str) -> None:
        """Take text of a message or a property; a message is cut, the rest of it is not kept."""
        if sum(map(len, self._pieces)) < 2000:
            self._pieces.append(data[:2000])

    def end(self, name: str) -> None:
        """Take a closing tag."""
        if self._capture == name:
            text = "".join(self._pieces)
            if name == "property":
                self._set_property(self._property, text)
            else:
                self._message = text
            self._capture = ""
        if self._case is not None:
            if self._inside:
                self._inside -= 1
            else:
                self._close_case(self._case)
        elif name in _SUITES:
            self._close_suite()

    def _set_property(self, key: str, value: str) -> None:
        value = plain_line(value)
        if self._case is not None:
            if self._own is None:
                self._own = {}
            self._own[key] = value
        elif self._suites:
            suite = self._suites[-1]
            if key in _TEST_ID:
                return  # one id for all testcases of a suite would make them one test
            if suite.found["tests"]:
                self._notes[f"The property {key} of a suite stands after its testcases and is not theirs."] += 1
            suite.properties[key] = value

    def _open_suite(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._suites[-1] if self._suites else None
        declared = {
            key: int(text) for key in ("tests", "failures", "errors") if (text := attributes.get(key, "")).isdecimal()
        }
        title = attributes.get("name", "") if name == "testsuite" else ""
        suite = _Suite(title, parent, declared)
        stamp = attributes.get("timestamp", "")
        if stamp:
            moment, uncertain = self._times.read(stamp)
            if moment is None:
                self._notes[f"“{plain_line(stamp)[:40]}” is no time that we can read."] += 1
            else:
                suite.time, suite.uncertain = moment, uncertain
        self._suites.append(suite)

    def _close_suite(self) -> None:
        suite = self._suites.pop()
        short = []
        if suite.declared.get("tests", suite.found["tests"]) != suite.found["tests"]:
            short.append(f"{counted(suite.declared['tests'], 'test')} and holds {suite.found['tests']}")
        stated = suite.declared.get("failures", 0) + suite.declared.get("errors", 0)
        if stated > suite.found["bad"]:
            stating = counted(stated, "failure or error", "failures and errors")
            short.append(f"{stating} and holds {suite.found['bad']}")
        # A suite is told of once, by its innermost element; its parents would only repeat it.
        if short and not suite.found["told"]:
            self._mismatches.append(f"“{plain_line(suite.name)[:80] or 'the file'}” states {', '.join(short)}")
            suite.found["told"] += 1
        if self._suites:
            self._suites[-1].found.update(suite.found)

    def _close_case(self, case: dict[str, str]) -> None:
        suite = self._suites[-1]
        outcome = self._outcome(case)
        suite.found["tests"] += 1
        suite.found["bad"] += self._bad or outcome == "FAILED"
        properties = {**suite.properties, **self._own} if self._own else suite.properties
        moment, uncertain = self._when(case, suite)
        try:
            components = self._components(properties)
        except ValueError as error:
            named = properties.get("versions", "") or properties.get("version", "")
            self._ready.append(RowProblem(self._count, "versions", f"{error} Expected: {base.VERSIONS_HELP}", named))
            components = None
        message = self._message
        if self._flaky and outcome == "PASSED":
            message = message or "Failed first and passed on an automatic re-run."
        params = self._params
        self._ready.append(
            RunRow(
                position=self._count,
                names=_names(case, suite.name, properties),
                outcome=outcome,
                occurred_at=moment,
                time_uncertain=uncertain,
                dmc=properties.get("dmc", ""),
                default_dmc=params.get("dmc", ""),
                installation_type=properties.get("installation_type", "").upper()
                or params.get("installation_type", ""),
                components=components,
                duration_ms=_milliseconds(case.get("time", "")),
                message=_one_line(message)[:400] if message else "",
                tester=properties.get("tester", "") or params.get("tester", ""),
                environment=properties.get("environment", "") or params.get("environment", ""),
            )
        )
        self._no_case()

    def _outcome(self, case: dict[str, str]) -> str:
        if self._bad:
            return "FAILED"
        if self._skipped:
            return "SKIPPED"
        if _TELLING.isdisjoint(case):
            return "PASSED"
        if any(case.get(flag, "").lower() in _TRUE for flag in _FLAGS):
            return "SKIPPED"
        words = {case.get("status", "").strip().lower(), case.get("result", "").strip().lower()}
        if words <= _PASS_WORDS:
            return "PASSED"
        if words & _FAIL_WORDS:
            return "FAILED"
        if words & _SKIP_WORDS:
            return "SKIPPED"
        if not words & _IMPEDED_WORDS:
            strange = sorted(words - _PASS_WORDS)[0]
            self._strange[plain_line(strange)[:40]] += 1
        return "IMPEDED"

    def _when(self, case: dict[str, str], suite: _Suite) -> tuple[dt.datetime | None, bool]:
        stamp = case.get("timestamp", "")
        if stamp:
            moment, uncertain = self._times.read(stamp)
            if moment is not None:
                return moment, uncertain
        if suite.time is not None:
            return suite.time, suite.uncertain
        return self._given_time, self._given_uncertain

    def _components(self, properties: Mapping[str, str]) -> dict[str, str] | None:
        text = properties.get("versions", "") or properties.get("version", "")
        if not text:
            return self._versions
        found = self._same_versions.get(text)
        if found is None:
            found = self._same_versions[text] = base.parse_versions(text)
        return found

    def warnings(self) -> Iterator[str]:
        """Yield what is worth saying of the whole file."""
        if not self._count:
            yield "The file holds no testcase."
        if self._mismatches:
            more = f", and {counted(len(self._mismatches) - 3, 'more suite')}" if len(self._mismatches) > 3 else ""
            yield f"The file does not hold what it states: {', '.join(self._mismatches[:3])}{more}."
        for status, count in self._strange.most_common(5):
            have = counted(count, "testcase has", "testcases have")
            yield f"{have} the state “{status}”, which we do not know: no such one is taken as passed."
        for note, count in self._notes.most_common(5):
            yield note if count == 1 else f"{note} ({count} times)"


def _one_line(text: str) -> str:
    """Return `plain_line` of a text, quickly where it holds nothing odd."""
    line = " ".join(text.split())
    return line if line.isprintable() else plain_line(line)


def _names(case: dict[str, str], suite: str, properties: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids under which the testcase may be planned, the most telling first."""
    names = [value for key in _TEST_ID if (value := properties.get(key, ""))]
    name = case.get("name", "").strip()
    if name:
        classname = (case.get("classname") or case.get("class") or "").strip()
        file = case.get("file", "").strip()
        if classname:
            names.append(f"{classname}.{name}")
        if file:
            names.append(f"{file}::{name}")
        if suite and suite != classname:
            names.append(f"{suite}.{name}")
        names.append(name)
    return tuple(names)


_PLAIN = re.compile(r"\d{1,9}(\.\d+)?(e[+-]?\d{1,2})?", re.IGNORECASE)


def _milliseconds(text: str) -> int | None:
    """Return a duration in seconds as milliseconds; None where it is not one. `1,234.5` and `0,5` are read too."""
    text = text.strip()
    if "," in text:
        # A comma before a point, or before exactly three digits, parts thousands; else it is the decimal point.
        thousands = "." in text or re.fullmatch(r"\d{1,3}(,\d{3})+", text)
        text = text.replace(",", "" if thousands else ".")
    if not _PLAIN.fullmatch(text):
        return None
    return min(round(float(text) * 1000), 2**31 - 1)
