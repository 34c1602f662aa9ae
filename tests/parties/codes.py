"""Codes as an authenticator app shows them (RFC 6238), written down here a second time."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import struct

from svtad.lib.clock import now


def code_of(secret: str, *, at: dt.datetime | None = None) -> str:
    """Return the six digits that an app with this secret (base 32) shows at that moment."""
    step = int((at or now()).timestamp()) // 30
    digest = hmac.new(base64.b32decode(secret.replace(" ", "")), struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
