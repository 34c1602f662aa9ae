"""`manage.py verify_audit`: does the audit trail still say what it said?"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from svtad.audit.actions import seal_events
from svtad.audit.queries import verify_chain
from svtad.lib.clock import now


class Command(BaseCommand):
    """Walk the chain of seals; fail where one event or seal was altered, removed, inserted or moved."""

    help = "Verify the audit chain. Exit code 1, with every fault named, where it does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the head that was published earlier."""
        parser.add_argument("--head", default="", help="the hash of a head published earlier; it must be in the chain")
        parser.add_argument("--sealed", type=int, default=0, help="how many events were sealed then")
        parser.add_argument("--seal", action="store_true", help="seal what waits first")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and tell."""
        if options["seal"]:
            seal_events(at=now())
        check = verify_chain(head=options["head"], sealed=options["sealed"])
        if options["json"]:
            found = {
                "holds": check.holds,
                "sealed": check.sealed,
                "unsealed": check.unsealed,
                "head": check.head,
                "faults": check.faults,
                "fault_count": check.fault_count,
            }
            self.stdout.write(json.dumps(found, indent=2))
        else:
            for fault in check.faults:
                self.stdout.write(f"FAULT  {fault}")
            self.stdout.write(f"{check.sealed} events sealed, {check.unsealed} waiting for their seal")
            self.stdout.write(f"head   {check.head}")
        if not check.holds:
            raise CommandError(f"The audit chain does not hold: {check.fault_count} fault(s).", returncode=1)
