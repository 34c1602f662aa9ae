"""Importing files: choose, look at what would change, import it whole or not at all."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.files import open_file
from svtad.governance.models import JobState
from svtad.intake.actions import cancel_batch, receive_file, request_commit
from svtad.intake.models import BatchState, ImportBatch
from svtad.intake.policies import check_can_work_on
from svtad.intake.queries import batches_for, errors_of
from svtad.intake.registry import Importer, importer, importers
from svtad.lib.csvout import safe_cell
from svtad.lib.text import counted
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.portal.forms import UploadForm
from testphases.models import TestScope
from testphases.queries import scopes_for

#: Rows of a batch that are shown; the CSV has them all.
SHOWN_ERRORS = 200


@dataclass(frozen=True)
class Choice:
    """A kind of file, and why this person may not send one in for the phase, if so."""

    kind: type[Importer[Any]]
    refused: str


@page("GET", "POST")
def imports(request: PageRequest) -> HttpResponseBase:
    """Take in a file for a phase (`?scope=`, `?kind=`), and list what came in before.

    `?as=csv` sends an empty file of the kind, with its columns.
    """
    scopes = list(scopes_for(request.actor))
    scope = next((each for each in scopes if each.public_id == request.GET.get("scope")), None)
    choices = _choices(request.actor, scope)
    chosen = next(
        (each for each in choices if each.kind.key == request.GET.get("kind") and not each.refused),
        next((each for each in choices if not each.refused), None),
    )
    if request.GET.get("as") == "csv" and chosen is not None and chosen.kind.columns:
        return csv_response(f"{chosen.kind.key}.csv", [column.name for column in chosen.kind.columns], ())
    form: UploadForm | None = None
    if scope is not None and chosen is not None:
        data = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = UploadForm(*data, kind=chosen.kind)
        if request.method == "POST":
            batch = carried_out(form, lambda: _receive(request, scope, chosen.kind, form))
            if batch is not None:
                return done(
                    request,
                    f"{batch.file.name} is kept. Nothing of it is imported yet.",
                    "portal:import",
                    batch.public_id,
                )
    batches = batches_for(request.actor, scope_id=scope.public_id if scope else "")
    if (state := request.GET.get("state", "")) in BatchState.values:
        batches = batches.filter(state=state)
    listed = paged(request, batches, size=50)
    _name(listed.object_list, scopes)
    context = {
        "title": "Imports",
        "scopes": scopes,
        "scope": scope,
        "release": scope.release if scope else None,
        "choices": choices,
        "chosen": chosen,
        "form": form,
        "batches": listed,
        "states": BatchState.choices,
        "state": request.GET.get("state", ""),
        "synthetic": bool(scope and scope.is_synthetic),
    }
    return render(request, "portal/imports.html", context, status=400 if form is not None and form.errors else 200)


@page("GET")
def import_(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One file: how far its job is, what it would change or changed, what is wrong with its rows."""
    batch = _visible(request, public_id)
    kind = importer(batch.importer)
    scope = (
        TestScope.objects.visible_to(request.actor).filter(public_id=batch.scope_id).select_related("release").first()
    )
    errors = errors_of(batch).order_by("row", "pk")
    counts = batch.summary.get("counts", {}) if batch.summary else {}
    job = batch.job
    running = job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)
    may, refused = allowed(check_can_work_on, request.actor, batch)
    if may and batch.error_count:
        refused = f"{counted(batch.error_count, 'error')}: nothing of this file is imported until all of it is right."
    context = {
        "title": f"Import {batch.file.name}",
        "batch": batch,
        "kind": kind,
        "scope": scope,
        "release": scope.release if scope else None,
        "counts": [(label, counts[key]) for key, label in kind.labels.items() if key in counts],
        "errors": errors[:SHOWN_ERRORS],
        "shown": min(batch.error_count, SHOWN_ERRORS),
        "job": job,
        "running": running,
        "open": batch.state in (BatchState.RECEIVED, BatchState.PREVIEWED),
        "may": may,
        "commit_refused": refused,
        "is_csv": batch.file.name.lower().endswith(".csv"),
        "synthetic": bool(scope and scope.is_synthetic),
    }
    return render(request, "portal/import.html", context)


@page("POST")
def commit(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Queue the import of a batch that was previewed without errors."""
    batch = _visible(request, public_id)
    request_commit(batch=batch, by=request.actor)
    return done(request, "The import is queued: all of it, or nothing.", "portal:import", public_id)


@page("POST")
def cancel(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Set a batch aside."""
    batch = _visible(request, public_id)
    cancel_batch(batch=batch, by=request.actor)
    return done(request, f"{batch.file.name} is set aside; the file is kept.", "portal:import", public_id)


@page("GET")
def errors(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send the row errors as CSV; `?with=rows` sends the person's own CSV back with its errors beside the rows."""
    batch = _visible(request, public_id)
    name = batch.file.name.rsplit(".", 1)[0]
    rows = errors_of(batch).order_by("row", "pk")
    if request.GET.get("with") == "rows":
        header, body = _own_file(batch, rows)
        return csv_response(f"{name}-with-errors.csv", header, body)
    lines = ((each.row, each.field, each.value, each.message) for each in rows.iterator(chunk_size=1000))
    return csv_response(f"{name}-errors.csv", ("Row", "Field", "Value", "What is wrong"), lines)


def _receive(request: PageRequest, scope: TestScope, kind: type[Importer[Any]], form: UploadForm) -> ImportBatch:
    given = form.cleaned_data
    return receive_file(
        importer_key=kind.key,
        scope_id=scope.public_id,
        content=given["file"].file,
        name=given["file"].name,
        source=given["source"],
        run_id=given.get("run_id", ""),
        params=form.params,
        by=request.actor,
    )


def _visible(request: PageRequest, public_id: str) -> ImportBatch:
    seen = ImportBatch.objects.visible_to(request.actor).select_related("file", "job")
    found: ImportBatch = get_object_or_404(seen, public_id=public_id)
    return found


def _choices(actor: Actor, scope: TestScope | None) -> list[Choice]:
    if scope is None:
        return []
    return [Choice(kind, allowed(kind().check_may_import, actor, scope.public_id)[1]) for kind in importers()]


def _name(batches: Any, scopes: list[TestScope]) -> None:
    """Give each batch the phase and the kind of file that it names by key."""
    names = {scope.public_id: scope.name for scope in scopes}
    titles = {kind.key: kind.title for kind in importers()}
    for batch in batches:
        batch.scope_name = names.get(batch.scope_id, "")
        batch.kind_title = titles.get(batch.importer, batch.importer)


def _own_file(batch: ImportBatch, rows: Any) -> tuple[list[str], Iterator[list[object]]]:
    if not batch.file.name.lower().endswith(".csv"):
        raise Http404
    wrong: dict[int, list[str]] = defaultdict(list)
    for each in rows:
        wrong[each.row].append(f"{each.field}: {each.message}" if each.field else each.message)
    with open_file(batch.file) as stream:
        text = stream.read().decode("utf-8-sig", errors="replace")
    reader = csv.reader(io.StringIO(text))
    header = next(reader, [])

    def lines() -> Iterator[list[object]]:
        for number, line in enumerate(reader, start=2):
            yield [*(safe_cell(value) for value in line), "; ".join(wrong.get(number, []))]

    return [*header, "errors"], lines()
