"""`manage.py import_results PHASE FILE…`: take files of results in from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from svtad.intake import actions
from svtad.intake.models import BatchState, ImportBatch
from svtad.intake.queries import errors_of
from svtad.intake.registry import importer, importer_for_name, importers
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Turned
from svtad.parties.actors import Actor, actor_for, system_actor
from svtad.parties.models import Person
from testphases.models import TestScope
from testphases.queries import scopes_called


class Command(BaseCommand):
    """Imports results, or says with --dry-run what importing them would change. Status 1 where one is not taken."""

    help = "Import result files into a Test Phase. Each file is taken whole or not at all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "phase",
            help="the phase: its public id, its name, MOC/SIT or PROGRAMME/MOC/SIT (one provider's: MOC/PIT/CODE)",
        )
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--source", default="command", help="the tool or team the results come from")
        parser.add_argument(
            "--run-id", default="", help="your name for this run: the same bytes of a new cycle need one"
        )
        parser.add_argument(
            "--importer", choices=sorted(kind.key for kind in importers()), help="else by the file's name"
        )
        parser.add_argument("--dmc", default="", help="the DMC of results that name none")
        parser.add_argument("--versions", default="", help="component=version; … of results that name none")
        parser.add_argument("--zone", default="", help="the time zone of times that name none (Europe/London)")
        parser.add_argument("--occurred-at", default="", help="when results without a time ran")
        parser.add_argument("--as", dest="person", default="", help="import as this person (e-mail address)")
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--commit", action="store_true", default=True, help="import (the default)")
        mode.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the files one after the other."""
        scope = _scope(options["phase"])
        by = _actor(options["person"])
        refused = 0
        for path in options["files"]:
            run_id = options["run_id"]
            if run_id and len(options["files"]) > 1:
                run_id = f"{run_id}/{path.name}"  # one run in several files: their positions start anew
            try:
                batch = self._import(scope, path, run_id, by, options)
            except (Turned, InvalidInput, OSError) as wrong:
                self.stderr.write(f"{path.name}: {wrong}")
                refused += 1
                continue
            refused += not self._tell(path, batch, dry_run=options["dry_run"])
        if refused:
            raise CommandError(f"{refused} of {len(options['files'])} files not taken; nothing of them is stored.")

    def _import(self, scope: TestScope, path: Path, run_id: str, by: Actor, options: dict[str, Any]) -> ImportBatch:
        key = options["importer"] or importer_for_name(path.name, ("junit", "results"))
        if not key:
            raise InvalidInput.one("file", "Neither .xml nor .csv: name the --importer.")
        given = {name: options[name] for name in ("dmc", "versions", "zone", "occurred_at") if options[name]}
        with path.open("rb") as stream:
            batch = actions.receive_file(
                importer_key=key,
                scope_id=scope.public_id,
                content=stream,
                name=path.name,
                source=options["source"],
                run_id=run_id,
                params=given,
                preview=False,
                by=by,
            )
        if options["dry_run"]:
            actions.preview_batch(batch=batch, by=by)
            return batch
        return actions.commit_batch(batch=batch, by=by)

    def _tell(self, path: Path, batch: ImportBatch, *, dry_run: bool) -> bool:
        """Print what became of a file; return whether it was taken."""
        if batch.state == BatchState.REFUSED:
            self.stderr.write(f"{path.name}: refused. {batch.refusal}")
            return False
        if batch.error_count:
            self.stderr.write(f"{path.name}: {batch.error_count} errors, nothing imported")
            for error in errors_of(batch)[:20]:
                self.stderr.write(f"  {error}")
            return False
        labels = importer(batch.importer).labels
        counts = batch.summary["counts"]
        self.stdout.write(f"{path.name}: {'would import' if dry_run else 'imported'}")
        for name, label in labels.items():
            if name in counts:
                self.stdout.write(f"  {counts[name]:>8}  {label}")
        for example in batch.summary["examples"][:10]:
            self.stdout.write(f"  row {example['row']}: {example['what']}: {example['reason']}")
        for warning in batch.summary["warnings"]:
            self.stdout.write(f"  ! {warning}")
        return True


def _scope(text: str) -> TestScope:
    found = scopes_called(text)
    if len(found) != 1:
        known = ", ".join(f"“{scope.name}” ({scope.public_id})" for scope in (found or TestScope.objects.all())[:20])
        many = "Several phases are" if found else "No phase is"
        raise CommandError(f"{many} called “{text}”. There are: {known or 'none'}.")
    return found[0]


def _actor(email: str) -> Actor:
    if not email:
        return system_actor("manage.py import_results")
    person = Person.objects.filter(email=email.lower()).first()
    if person is None:
        raise CommandError(f"There is nobody with the address {email}.")
    return actor_for(person, at=clock.now())
