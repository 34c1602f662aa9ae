"""Random public identifiers: what a URL may show without giving a count away."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 22


def new_public_id() -> str:
    """Return a fresh 22-character identifier (131 bits), letters and digits only."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
