"""Lists: the address is the view, the CSV is the same view, and rows cost no queries of their own."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from issues.actions import determine_severity, propose_exclusion
from svtad.gates.actions import assess_scope, attach_evidence, draw_up_work_off_plan
from svtad.governance.files import store_file
from svtad.parties.audiences import GOVERNANCE, audience_of
from testphases.actions import (
    add_stage,
    answer_stage_criterion,
    enter_eligibility,
    enter_stage_criterion,
    plan_stage,
)
from tests.factories import MAKER, at, make_dmc, make_issue, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(world):
    client = Client()
    client.force_login(world.person("test_manager"))
    return client


@pytest.fixture
def admin(world):
    client = Client()
    client.force_login(world.person("administrator"))
    return client


def rows_of(response) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def grow(world, *, by: int) -> None:
    """Add as many of everything that lists show."""
    make_dmcs = [make_dmc() for _ in range(by)]
    for number, dmc in enumerate(make_dmcs):
        test, _ = world.house.plan(world.sit, f"G-{by}-{number}", f"H-{by}-{number}", dmc=dmc)
        world.house.run(test, "FAILED")
        issue = make_issue(
            world.sit, raised_by=world.house.supplier, severity="4", provider=world.house.beta, state="IN_FIX", dmc=dmc
        )
        propose_exclusion(issue=issue, scope=world.sit, rationale="One device.", by=MAKER)
        make_person("tab_member", world.house.tab)
        stage = add_stage(scope=world.sit, name=f"Stage {by}-{number}", by=MAKER)
        plan_stage(stage=stage, has_exit_gate=True, test_plan="Test plan 1.0", by=MAKER)
        criterion = enter_stage_criterion(stage=stage, gate="EXIT", text="It ran", by=MAKER)
        answer_stage_criterion(criterion=criterion, met=False, reasons="Not yet.", by=MAKER)
        enter_eligibility(organisation=world.house.supplier, role=f"Role {by}-{number}", by=MAKER)
        paper = store_file(
            content=f"{by} {number}".encode(),
            name=f"paper-{number}.pdf",
            media_type="application/pdf",
            purpose="evidence",
            audience=audience_of(*GOVERNANCE),
            by=MAKER,
        )
        attach_evidence(scope=world.sit, kind="OTHER", file=paper, by=MAKER)
    draw_up_work_off_plan(scope=world.sit, by=MAKER)
    assess_scope(scope=world.sit, by=MAKER)


def test_no_page_asks_the_database_more_when_there_are_more_rows(world, manager, admin):
    scope = world.sit.public_id
    plain = [
        "/", "/phases/", "/issues/", f"/issues/?scope={scope}", f"/phases/{scope}/", f"/phases/{scope}/entry/",
        f"/phases/{scope}/tests/", f"/phases/{scope}/tests/list/", f"/phases/{scope}/unmatched/",
        f"/phases/{scope}/ledger/", f"/phases/{scope}/evidence/", f"/phases/{scope}/papers/",
        f"/phases/{scope}/judgements/", f"/phases/{scope}/about/", "/phases/plans/", "/devices/",
        "/governance/matters/", "/governance/decisions/", "/governance/jobs/", f"/imports/?scope={scope}",
        f"/reports/?scope={scope}", "/reports/copies/", f"/reports/copies/of/{scope}/", "/search/?q=Issue",
        f"/phases/{scope}/stages/", "/phases/eligibility/", "/phases/releases/",
    ]  # fmt: skip
    asked = [(manager, path) for path in plain] + [(admin, path) for path in ("/people/", "/audit/", "/governing/")]
    grow(world, by=1)
    few = {path: queries(client, path) for client, path in asked}
    grow(world, by=4)
    many = {path: queries(client, path) for client, path in asked}
    more = {path: (few[path], many[path]) for _, path in asked if many[path] > few[path]}
    assert not more, f"queries grow with the rows: {more}"


def queries(client: Client, path: str) -> int:
    client.get(path)  # what is read once a process is read now
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(path)
    assert response.status_code == 200, path
    return len(captured)


def test_the_csv_of_issues_is_the_view(world, manager):
    make_issue(
        world.sit, raised_by=world.house.supplier, title="=cmd|' /C calc'!A0", severity="4", provider=world.house.beta
    )
    make_issue(
        world.sit,
        raised_by=world.house.dcc,
        title="Closed long ago",
        severity="4",
        provider=world.house.beta,
        state="CLOSED",
    )
    everything = rows_of(manager.get("/issues/?as=csv"))
    assert len(everything) == 3
    assert [row["Title"] for row in everything if "cmd" in row["Title"]] == ["'=cmd|' /C calc'!A0"]
    view = "/issues/?open=yes&severity=4&sort=-title"
    listed = [row.title for row in manager.get(view).context["rows"]]
    assert listed == ["=cmd|' /C calc'!A0"]
    assert [row["Title"].lstrip("'") for row in rows_of(manager.get(f"{view}&as=csv"))] == listed


def test_a_filter_nobody_knows_is_answered_in_words(manager):
    response = manager.get("/issues/?state=NONSENSE")
    assert response.status_code == 400
    assert "is not one of" in response.content.decode()


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_the_log_of_a_past_moment_shows_the_severity_of_then(world, manager):
    determine_severity(issue=world.issue, severity="5", by=MAKER, at=at(days=3))
    now = manager.get("/issues/?severity=5").context["rows"]
    then = manager.get("/issues/", {"severity": "3", "as_at": "2026-03-03T10:00"}).context["rows"]
    assert [row.reference for row in now] == [world.issue.reference] == [row.reference for row in then]
    assert not manager.get("/issues/", {"severity": "5", "as_at": "2026-03-03T10:00"}).context["rows"].object_list


def test_planned_tests_are_filtered_by_result_and_exported_alike(world, manager):
    address = reverse("testphases:tests", args=[world.sit.public_id])
    for result, wanted in (("passed", ["TC-1"]), ("failed", ["TC-2"]), ("not_run", ["TC-3"])):
        listed = manager.get(address, {"result": result, "sort": "test"}).context["tests"]
        assert [each.planned_test.definition.external_id for each in listed] == wanted
        assert [row["Test"] for row in rows_of(manager.get(address, {"result": result, "as": "csv"}))] == wanted


@pytest.mark.clause("SVTAD 1.23", "13.14")
def test_the_heatmap_counts_what_is_due_and_leads_to_its_tests(world, manager):
    response = manager.get(reverse("testphases:heatmap", args=[world.sit.public_id]))
    page = response.content.decode()
    assert "33.3%" in page, "a third is cut to 33.3, never rounded up"
    assert "1/3" in page
    square = response.context["totals"][0]
    assert square.style == "not-met"
    tests = manager.get(f"{reverse('testphases:tests', args=[world.sit.public_id])}?{square.query}")
    assert tests.context["tests"].paginator.count == 3


def test_a_provider_is_shown_its_own_cells_only(world):
    client = Client()
    client.force_login(world.person("provider_tester", world.house.beta))
    assert client.get(reverse("testphases:tests", args=[world.sit.public_id])).context["tests"].paginator.count == 0
    home = client.get("/")
    names = {row.name for _, _, rows in home.context["tables"] for row in rows}
    assert names <= {world.house.beta.name}
    phase = client.get(reverse("gates:phase", args=[world.sit.public_id])).content.decode()
    assert world.house.alpha.name not in phase
    assert world.issue.reference not in phase


def test_the_parameters_that_are_not_set_say_what_follows_from_it(world, admin):
    page = admin.get(reverse("governing:version", args=[world.house.document.public_id])).content.decode()
    assert "Not set: judges “cannot evaluate”" in page
    response = admin.post(
        reverse("governing:set", args=[world.house.document.public_id, "pit.minimum_pass_rate"]),
        {
            "pit.minimum_pass_rate-value": "95%",
            "pit.minimum_pass_rate-source": "Minute 4",
            "pit.minimum_pass_rate-approver": "TAB",
            "pit.minimum_pass_rate-effective_from": "2026-03-01",
        },
    )
    assert response.status_code == 302
    assert "Minute 4" in admin.get(reverse("governing:version", args=[world.house.document.public_id])).content.decode()
    wrong = admin.post(
        reverse("governing:set", args=[world.house.document.public_id, "pit.minimum_pass_rate"]),
        {"pit.minimum_pass_rate-value": "lots"},
    )
    assert wrong.status_code == 400
    assert "is not a share such as 95%" in wrong.content.decode().replace("&#x27;", "'")
