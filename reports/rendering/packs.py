"""A sealed decision pack as one zip whose bytes follow from its members alone."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

from reports.paper_shapes import Member, PackContents

#: The date of every member: the earliest that a zip can hold.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
VERIFY = "openssl pkeyutl -verify -certin -inkey signer.pem -rawin -digest sha256 -in pack.zip -sigfile pack.zip.sig"


def pack_zip(contents: PackContents) -> bytes:
    """Return the zip: README.txt, manifest.json, then the members. The same members give the same bytes."""
    readme = Member(name="README.txt", what="what this is and how to verify it", content=_readme(contents))
    members = (readme, *contents.members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for member in (readme, _manifest(members), *contents.members):
            part = zipfile.ZipInfo(member.name, date_time=_ZIP_DATE)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.create_system = 3
            part.external_attr = 0o644 << 16
            target.writestr(part, member.content)
    return out.getvalue()


def _manifest(members: tuple[Member, ...]) -> Member:
    value = {
        "members": [
            {
                "name": member.name,
                "what": member.what,
                "size": len(member.content),
                "sha256": hashlib.sha256(member.content).hexdigest(),
            }
            for member in members
        ]
    }
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    return Member(name="manifest.json", what="the SHA-256 of every member", content=f"{text}\n".encode())


def _readme(contents: PackContents) -> bytes:
    synthetic = ["", "SYNTHETIC DEMONSTRATION DATA. Nothing here describes a real test, product or party."]
    left_out = [
        "",
        "Documents that whoever asked for this pack may not open are left out; decisions.json and papers.json name",
        "them by their SHA-256:",
        *(f"  {sha256}" for sha256 in contents.left_out),
    ]
    lines = [
        "SEALED DECISION PACK",
        "",
        contents.title,
        *(synthetic if contents.is_synthetic else []),
        "",
        *contents.lines,
        "",
        "IS IT UNCHANGED?",
        "",
        "The zip has a seal beside it, pack.zip.sig, made with the key of the certificate signer.pem. Call the zip",
        "pack.zip, put the three in one folder, and:",
        "",
        f"  {VERIFY}",
        "",
        "It says “Signature Verified Successfully”, or the zip or its seal is not as it was made: one byte changed in",
        "either is found. The certificate is self-signed: compare its fingerprint with the one that is published at",
        "/verification/:",
        "",
        "  openssl x509 -in signer.pem -noout -fingerprint -sha256",
        "",
        "The command asks for no date, so it holds after the certificate's last day. Each member's own SHA-256 is in",
        "manifest.json.",
        "",
        "DOES THE JUDGEMENT FOLLOW FROM THE FACTS?",
        "",
        "With the rulebook alone, with no database, no network and no account:",
        "",
        f"  {contents.judge_command}",
        "",
        "Its output has the same findings as findings.json.",
        "",
        "WHAT IS IN IT",
        "",
        *(f"  {member.name}: {member.what}" for member in contents.members),
        *(left_out if contents.left_out else []),
        "",
    ]
    return "\n".join(lines).encode()
