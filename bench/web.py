"""Pages and lists over a phase that holds 1,000,000 runs, against the plainest page and list there can be.

The floor of a page is a page of a hundred runs in a table, with the same sign-in and middleware and no frame; that of
a REST list are the same columns by `.values()`, answered by the same framework. What is asked of the database is
counted as well: it must not grow with the rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bench import Ratio, database, median_of_pairs, timed
from bench.seed import large_sit

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.test import Client

    from testphases.models import TestScope

ROUNDS = 15
ROWS = 100
SECRET = "only-here-and-now"

_TABLE = (
    "<!doctype html><title>Runs</title><table>{% for run in runs %}<tr>"
    "<td>{{ run.planned_test.definition.external_id }}</td><td>{{ run.planned_test.dmc.reference }}</td>"
    "<td>{{ run.outcome }}</td><td>{{ run.occurred_at }}</td><td>{{ run.version_set.label }}</td>"
    "</tr>{% endfor %}</table>"
)


def run() -> list[Ratio]:
    """Measure home, the page of a phase, and the REST lists of issues and of runs."""
    with database() as vendor, tempfile.TemporaryDirectory() as folder:
        if vendor != "postgresql":
            print("needs PostgreSQL: on the embedded database there is nothing to compare with", flush=True)
            return []
        from django.conf import settings

        settings.MEDIA_ROOT = Path(folder) / "files"
        settings.ALLOWED_HOSTS = ["testserver"]
        plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}  # nothing is collected here
        scope = large_sit()
        settings.ROOT_URLCONF = _addresses()
        return _measure(scope)


def _measure(scope: TestScope) -> list[Ratio]:
    from svtad.gates.actions import assess_scope
    from svtad.parties.actors import system_actor

    assess_scope(scope=scope, by=system_actor("bench"))
    client = _signed_in()
    phase = f"/phases/{scope.public_id}/"
    pages = {"home": "/", "the page of a phase": phase, "its heatmap": f"{phase}tests/", "the issue log": "/issues/"}
    return [
        *(_against(client, name, address, "/bench/rows") for name, address in pages.items()),
        _against(client, "REST list of 100 issues", "/api/v1/issues", "/bench/issues"),
    ]


def _against(client: Client, name: str, address: str, floor: str) -> Ratio:
    ask = _asker(client)
    queries = _queries(lambda: ask(address))
    ask(floor)
    pairs = [(timed(lambda: ask(address)), timed(lambda: ask(floor))) for _ in range(ROUNDS)]
    return Ratio(name, *median_of_pairs(pairs), 2.0, note=f"{queries} queries")


def _asker(client: Client) -> Callable[[str], None]:
    def ask(address: str) -> None:
        response = client.get(address)
        if response.status_code != 200:
            raise RuntimeError(f"{address}: {response.status_code}")

    return ask


def _queries(act: Callable[[], None]) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    act()
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def _signed_in() -> Client:
    """Sign in as one who sees all of it: a DCC test manager."""
    from django.test import Client

    from svtad.parties.actions import add_membership, create_organisation, create_person
    from svtad.parties.actors import system_actor
    from svtad.parties.models import Person

    by = system_actor("bench")
    dcc = create_organisation(kind="DCC", code="dcc", name="DCC", by=by)
    person = create_person(email="manager@bench.example", name="Bench", by=by)
    add_membership(person=person, organisation=dcc, role="test_manager", by=by)
    client = Client()
    client.force_login(Person.objects.get(pk=person.pk), "django.contrib.auth.backends.ModelBackend")
    return client


# --- the floors -------------------------------------------------------------------------------------


def _addresses() -> ModuleType:
    """Return the product's addresses with the floors' beside them."""
    from django.urls import path

    from svtad.config import urls

    addresses = ModuleType("bench_addresses")
    addresses.urlpatterns = [path("bench/rows", _rows), path("bench/issues", _list_of_issues()), *urls.urlpatterns]  # type: ignore[attr-defined]
    return addresses


def _rows(request: HttpRequest) -> HttpResponse:
    from django.http import HttpResponse
    from django.template import engines

    from testphases.models import TestRun

    runs = TestRun.objects.select_related("planned_test__definition", "planned_test__dmc", "version_set")
    template = engines["django"].from_string(_TABLE)
    return HttpResponse(template.render({"runs": runs.order_by("-id")[:ROWS]}, request))


def _list_of_issues() -> Callable[..., HttpResponse]:
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from issues.api.life import _COLUMNS
    from issues.models import TestingIssue

    class Listed(APIView):
        def get(self, request: Any) -> Response:
            return Response(list(TestingIssue.objects.order_by("-id").values(*_COLUMNS)[:ROWS]))

    return Listed.as_view()
