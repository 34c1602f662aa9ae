"""`manage.py make_signing_key`: the key that signs certificates' papers and decision packs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from svtad.lib import clock, signing

LONGEST = 30


class Command(BaseCommand):
    """Make an RSA-3072 key with a self-signed certificate and keep it in a file that only its owner can read.

    With --replace the private key that was there is gone; its certificate stays with everything that it signed.
    """

    help = "Make the key that signs certificates' papers and decision packs, and print its certificate's fingerprint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name, the years and whether it replaces the key that is there."""
        parser.add_argument("--name", required=True, help="who signs, as it stands in the certificate")
        parser.add_argument("--years", type=int, default=10, help="how long the certificate holds (default: 10)")
        parser.add_argument("--replace", action="store_true", help="take the place of the key that is there")
        parser.add_argument("--print", action="store_true", help="print the key for SVTAD_SIGNING_KEY; keep no file")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, keep it, and say how it is recognised."""
        name, years = options["name"].strip(), options["years"]
        if not 1 <= len(name) <= 64:  # what a common name holds
            raise CommandError("--name takes 1 to 64 characters.")
        if not 1 <= years <= LONGEST:
            raise CommandError(f"--years is 1 to {LONGEST}.")
        text = signing.new_key(name=name, years=years, at=clock.now())
        if options["print"]:
            self.stdout.write(text.decode(), ending="")
            return
        try:
            path = signing.keep_key(text, replace=options["replace"])
        except signing.KeyExists as held:
            raise CommandError(f"{held} is there already. To take its place: --replace.") from None
        key = signing.read_key(text)
        self.stdout.write(f"Made {path}, readable by its owner only.")
        self.stdout.write(f"Certificate of {key.name}, until {key.certificate.not_valid_after_utc:%-d %B %Y}.")
        self.stdout.write(f"SHA-256 fingerprint: {key.fingerprint}")
