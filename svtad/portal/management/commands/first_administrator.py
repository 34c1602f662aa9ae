"""`manage.py first_administrator`: the one person who has to be there before anybody can be entered by pages."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from svtad.lib.errors import InvalidInput
from svtad.parties.actions import add_membership, create_organisation, create_person
from svtad.parties.actors import system_actor
from svtad.parties.models import Membership, Organisation, OrganisationKind

ROLE = "administrator"


class Command(BaseCommand):
    """Enter the first administrator, and the DCC if it is not entered yet."""

    help = "Enter the first administrator of an installation; the password is asked for, or read from standard input."

    def add_arguments(self, parser: Any) -> None:
        """Take the address and the name."""
        parser.add_argument("email")
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Enter the person, unless somebody administers already: that one enters the others."""
        if Membership.objects.filter(role=ROLE).exists():
            raise CommandError("Somebody is an administrator already: they enter others under Administration, People.")
        password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        by = system_actor("First administrator")
        try:
            with transaction.atomic():
                dcc = Organisation.objects.filter(kind=OrganisationKind.DCC).first() or create_organisation(
                    kind=OrganisationKind.DCC, code="dcc", name="DCC", by=by
                )
                person = create_person(email=options["email"], name=options["name"], password=password, by=by)
                add_membership(person=person, organisation=dcc, role=ROLE, by=by)
        except InvalidInput as wrong:
            raise CommandError("; ".join(f"{error.field}: {error.message}" for error in wrong.errors)) from wrong
        self.stdout.write(
            f"{person.email} administers {dcc}. Sign in and enter the others under Administration, People."
        )
