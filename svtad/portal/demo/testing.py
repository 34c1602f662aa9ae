"""The demonstration's plans and results, sent in as files through the import engine like anybody's."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from svtad.intake.actions import import_file
from svtad.intake.models import BatchState, ImportBatch
from svtad.parties.actors import Actor
from svtad.portal.demo.cast import Cast
from svtad.portal.demo.phases import Phases
from testphases.models import TestScope

SOURCE = "demo-bench"

GROUPS = (
    ("Commissioning", "arden"),
    ("Meter reads", "brack"),
    ("Tariffs and prices", "corve"),
    ("Prepayment", "arden"),
    ("Profile data", "brack"),
    ("Firmware", "corve"),
    ("Alerts", "arden"),
    ("Change of Supplier", "brack"),
)

#: Planned functional tests of SIT by DMC, and those that still fail after the second cycle.
FUNCTIONAL = {
    "DMC-M01": (40, ()),
    "DMC-M02": (20, (4, 11, 17)),
    "DMC-M03": (40, (9, 30)),
    "DMC-M04": (40, (2, 21, 38)),
    "DMC-M05": (30, (6, 15, 24)),
    "DMC-M06": (30, ()),
}
REGRESSION = 60
EXIT_VERSIONS = {"arden-data": "5.2", "brack-comms": "3.1", "corve-smets1": "2.0"}


@dataclass(frozen=True)
class Result:
    """One test case of a results file."""

    test: str
    outcome: str
    dmc: str = ""
    message: str = ""


def plan_csv(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return a plan as the CSV that the planned-tests importer takes."""
    columns = ("external_id", "title", "kind", "functional_group", "dmc", "provider", "stage", "requirement")
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def junit_xml(results: Iterable[Result], *, ran_at: dt.datetime, name: str) -> bytes:
    """Return results as JUnit XML: a suite a DMC, each case a minute after the one before."""
    root = ElementTree.Element("testsuites", name=name)
    suites: dict[str, ElementTree.Element] = {}
    for minute, result in enumerate(results):
        suite = suites.get(result.dmc)
        if suite is None:
            suite = ElementTree.SubElement(root, "testsuite", name=result.dmc or "no DMC", timestamp=ran_at.isoformat())
            if result.dmc:
                properties = ElementTree.SubElement(suite, "properties")
                ElementTree.SubElement(properties, "property", name="dmc", value=result.dmc)
            suites[result.dmc] = suite
        case = ElementTree.SubElement(suite, "testcase", name=result.test, time=str(20 + minute % 40))
        if result.outcome != "passed":
            ElementTree.SubElement(case, result.outcome, message=result.message)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def sit_plan() -> Iterator[dict[str, str]]:
    """Yield the rows of MOC SIT's plan."""
    for dmc, (count, _) in FUNCTIONAL.items():
        for number in range(1, count + 1):
            group, provider = GROUPS[number % len(GROUPS)]
            yield {
                "external_id": f"SIT-FN-{number:03}",
                "title": f"{group}: scenario {number}",
                "kind": "FUNCTIONAL",
                "functional_group": group,
                "dmc": dmc,
                "provider": provider,
                "stage": "Solution Test",
                "requirement": f"DEMO-{number:03}",
            }
    yield from regression_plan()


def regression_plan() -> Iterator[dict[str, str]]:
    """Yield the regression rows, tied to no DMC."""
    for number in range(1, REGRESSION + 1):
        group, provider = GROUPS[number % len(GROUPS)]
        yield {
            "external_id": f"SIT-RG-{number:03}",
            "title": f"Regression of {group.lower()} {number}",
            "kind": "REGRESSION",
            "functional_group": group,
            "provider": provider,
            "stage": "Regression",
            "requirement": f"DEMO-R{number:03}",
        }


def small_plan(*, prefix: str, dmcs: Iterable[str], count: int, provider: str = "") -> Iterator[dict[str, str]]:
    """Yield a plan of `count` functional tests on each DMC and two regression tests."""
    for dmc in dmcs:
        for number in range(1, count + 1):
            group, owner = GROUPS[number % len(GROUPS)]
            yield {
                "external_id": f"{prefix}-{number:03}",
                "title": f"{group}: check {number}",
                "kind": "FUNCTIONAL",
                "functional_group": group,
                "dmc": dmc,
                "provider": provider or owner,
            }
    for number in (1, 2):
        yield {
            "external_id": f"{prefix}-R{number:02}",
            "title": f"Regression {number}",
            "kind": "REGRESSION",
            "functional_group": "Regression",
            "provider": provider or "arden",
        }


def take_in(
    *,
    scope: TestScope,
    importer: str,
    content: bytes,
    name: str,
    by: Actor,
    at: dt.datetime,
    run_id: str = "",
    params: Mapping[str, str] | None = None,
) -> ImportBatch:
    """Import one file, all of it; the demonstration stops where a row is wrong."""
    batch = import_file(
        importer_key=importer,
        scope_id=scope.public_id,
        content=content,
        name=name,
        source=SOURCE,
        run_id=run_id,
        params=params,
        by=by,
        at=at,
    )
    if batch.state != BatchState.COMMITTED:
        errors = "; ".join(f"row {error.row} {error.field}: {error.message}" for error in batch.row_errors.all()[:5])
        raise RuntimeError(f"{name}: {batch.state} {batch.refusal} {errors}")
    return batch


def versions_param(components: Mapping[str, str]) -> str:
    """Return component versions as the importers' `versions` parameter takes them."""
    return ", ".join(f"{name}={version}" for name, version in components.items())


def run_sit(*, cast: Cast, phases: Phases, start: dt.datetime) -> None:
    """Plan and run MOC SIT: two functional cycles, then regression on the versions of the exit."""
    scope = phases.scopes["MOC SIT"]
    tool = cast.actor("tooling", start)
    first = [
        Result(test=f"SIT-FN-{number:03}", dmc=dmc, **_first_cycle(dmc, number))
        for dmc, (count, _) in FUNCTIONAL.items()
        for number in range(1, count + 1)
    ]
    day = dt.timedelta(days=1)
    take_in(
        scope=scope,
        importer="junit",
        content=junit_xml(first, ran_at=start, name="SIT cycle 1"),
        name="sit-cycle-1.xml",
        run_id="cycle-1",
        params={"versions": versions_param({**EXIT_VERSIONS, "arden-data": "5.1"})},
        by=tool,
        at=start + day,
    )
    again = [
        Result(
            test=f"SIT-FN-{number:03}",
            dmc=dmc,
            outcome="failure" if number in failing else "passed",
            message="Response did not match the expected one" if number in failing else "",
        )
        for dmc, (count, failing) in FUNCTIONAL.items()
        for number in range(1, count + 1)
        if _first_cycle(dmc, number)["outcome"] != "passed"
    ]
    # A test that passed and is then skipped is still passed (rule 1); one that no plan knows is reported.
    again.append(Result(test="SIT-FN-001", dmc="DMC-M01", outcome="skipped", message="Rig in use"))
    again.append(Result(test="SIT-FN-099", dmc="DMC-M01", outcome="passed"))
    take_in(
        scope=scope,
        importer="junit",
        content=junit_xml(again, ran_at=start + 8 * day, name="SIT cycle 2"),
        name="sit-cycle-2.xml",
        run_id="cycle-2",
        params={"versions": versions_param(EXIT_VERSIONS)},
        by=tool,
        at=start + 9 * day,
    )
    regression = [Result(test=f"SIT-RG-{number:03}", outcome="passed") for number in range(1, REGRESSION + 1)]
    take_in(
        scope=scope,
        importer="junit",
        content=junit_xml(regression, ran_at=start + 10 * day, name="SIT regression"),
        name="sit-regression.xml",
        run_id="regression-1",
        params={"versions": versions_param(EXIT_VERSIONS)},
        by=tool,
        at=start + 11 * day,
    )


def _first_cycle(dmc: str, number: int) -> dict[str, str]:
    """Return what a test came to in the first cycle: what fails to the end, and every ninth test besides."""
    failing = FUNCTIONAL[dmc][1]
    if number in failing or (number % 9 == 0 and number != 1):
        return {"outcome": "failure", "message": "Alert not received within the time allowed"}
    return {"outcome": "passed"}
