"""Whether a Test Completion Certificate holds: for anybody, without an account, and nothing besides."""

from __future__ import annotations

import re
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reports.rendering.packs import VERIFY as VERIFY_PACK
from svtad.gates.models import SigningCertificate
from svtad.gates.queries.signed import CertificateStanding, standing_of_number, standing_of_paper
from svtad.lib import clock
from svtad.lib.pace import is_too_fast
from svtad.parties.actors import actor_for
from svtad.parties.views.pages import PageRequest

#: How often one address may ask within a minute.
MOST = 30
_NUMBER = re.compile(r"[A-Za-z0-9-]{1,40}")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")

#: The published commands; the tests run them as they stand here. Also in docs/verifying.md.
CUT_OUT = """\
import re, sys
pdf = open(sys.argv[1], "rb").read()
a, b, c, d = map(int, re.findall(rb"/ByteRange\\s*\\[\\s*(\\d+)\\s+(\\d+)\\s+(\\d+)\\s+(\\d+)\\s*\\]", pdf)[-1])
assert a == 0 and c + d == len(pdf), "the signature does not cover the whole file"
open("signed.bin", "wb").write(pdf[:b] + pdf[c:])
open("signature.der", "wb").write(bytes.fromhex(pdf[b + 1 : c - 1].decode()))
"""
VERIFY = (
    "openssl cms -verify -binary -inform DER -in signature.der -content signed.bin -CAfile signer.pem -out /dev/null"
)
FINGERPRINT = "openssl x509 -in signer.pem -noout -fingerprint -sha256"


@require_safe
def verification(request: HttpRequest) -> HttpResponseBase:
    """Say of a certificate's number, or of the SHA-256 of its PDF (`?q=`), whether it holds.

    Nothing confidential: neither the provider nor the phase. One address may ask only so often, so that numbers are
    not tried out; what was never issued and what is only drafted are answered alike.
    """
    if request.user.is_authenticated:
        cast(PageRequest, request).actor = actor_for(request.user, at=clock.now())
    asked = re.sub(r"[\s:]", "", request.GET.get("q", ""))[:200]
    too_fast = bool(asked) and is_too_fast(request, what="verification", most=MOST, seconds=60)
    context = {
        "title": "Verify a certificate",
        "asked": asked,
        "too_fast": too_fast,
        "found": _found(asked) if asked and not too_fast else None,
        "signers": SigningCertificate.objects.order_by("-pk"),
        "cut_out": CUT_OUT,
        "verify": VERIFY,
        "verify_pack": VERIFY_PACK,
        "show_fingerprint": FINGERPRINT,
    }
    response = render(request, "portal/verification.html", context, status=429 if too_fast else 200)
    response.headers["Cache-Control"] = "no-store"
    if too_fast:
        response.headers["Retry-After"] = "60"
    return response


@require_safe
def signer(request: HttpRequest, fingerprint: str) -> HttpResponse:
    """Send a signing certificate as PEM, those of earlier keys too."""
    found = SigningCertificate.objects.filter(fingerprint=fingerprint.lower()).first()
    if found is None:
        raise Http404
    return HttpResponse(
        found.pem,
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="signer.pem"'},
    )


def _found(asked: str) -> CertificateStanding | None:
    moment = clock.now()
    if _SHA256.fullmatch(asked):
        return standing_of_paper(asked, moment=moment)
    return standing_of_number(asked, moment=moment) if _NUMBER.fullmatch(asked) else None
