"""`manage.py load_demo`: the synthetic demonstration, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from svtad.lib.clock import now
from svtad.parties.roles import ROLES
from svtad.portal.demo.cast import DEMO_DOMAIN, DEMO_PASSWORD, PEOPLE
from svtad.portal.demo.load import is_loaded, load


class Command(BaseCommand):
    """Load the synthetic demonstration; with --who, print who may sign in."""

    help = "Load the synthetic demonstration data, once."

    def add_arguments(self, parser: Any) -> None:
        """Take --who."""
        parser.add_argument("--who", action="store_true", help="only print the demonstration's sign-ins by role")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it unless it is there."""
        if not options["who"]:
            if is_loaded():
                self.stdout.write("The demonstration is loaded already.")
                return
            load(now=now())
            self.stdout.write("Loaded the synthetic demonstration.")
        if is_loaded():
            self.stdout.write("Sign in (every password is the same, and the data is synthetic):")
            for handle, name, organisation, role in PEOPLE:
                self.stdout.write(f"  {ROLES[role].title:<28} {handle}@{DEMO_DOMAIN:<14} {name}, {organisation}")
            self.stdout.write(f"  password: {DEMO_PASSWORD}")
