"""Verifying as a stranger does: the real openssl, pyHanko, and a certificate in a file."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from svtad.lib.signing import SigningKey


def openssl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def published(command: str, folder: Path) -> bool:
    """Run a published command as it is printed, in `folder`; return whether it says that the signature holds."""
    ran = subprocess.run(command, cwd=folder, shell=True, capture_output=True, text=True, check=False)
    return ran.returncode == 0 and "successful" in (ran.stdout + ran.stderr).lower()


def reader_accepts(pdf: bytes, key: SigningKey) -> bool:
    """Return whether pyHanko takes the PDF as signed, whole and trusted."""
    try:
        trusted = list(load_certs_from_pemder_data(key.certificate_pem.encode()))
        context = ValidationContext(trust_roots=trusted, allow_fetching=False)
        [signature] = PdfFileReader(io.BytesIO(pdf), strict=True).embedded_signatures
        found = validate_pdf_signature(signature, context)
        start, length, after, rest = signature.byte_range
        whole = start == 0 and after + rest == len(pdf) and length < after
        return bool(found.bottom_line and found.trusted and whole)
    except Exception:  # a damaged PDF fails in as many ways as it has parts
        return False


def cut_out(pdf: bytes, folder: Path) -> bool:
    """Cut the signature out of a PDF as docs/verifying.md shows: signed.bin and signature.der, both or neither."""
    ranges = re.findall(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf)
    for name in ("signed.bin", "signature.der"):
        (folder / name).unlink(missing_ok=True)
    if not ranges:
        return False
    start, length, after, rest = map(int, ranges[-1])
    if start != 0 or after + rest != len(pdf):
        return False
    try:
        signature = bytes.fromhex(pdf[length + 1 : after - 1].decode())
    except ValueError:
        return False
    (folder / "signed.bin").write_bytes(pdf[:length] + pdf[after:])
    (folder / "signature.der").write_bytes(signature)
    return True


CMS = "openssl cms -verify -binary -inform DER -in signature.der -content signed.bin -CAfile signer.pem -out /dev/null"


def openssl_accepts(pdf: bytes, folder: Path) -> bool:
    """Return whether the published way with openssl takes the PDF; signer.pem is in `folder`."""
    return cut_out(pdf, folder) and published(CMS, folder)


def flipped(content: bytes, place: int, mask: int = 0x01) -> bytes:
    """Return the bytes with one of them changed."""
    return content[:place] + bytes([content[place] ^ mask]) + content[place + 1 :]
