"""What makes two REST calls the same call."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from rest_framework.request import Request

#: The header by which a caller names a write, so that asking again does nothing again.
HEADER = "Idempotency-Key"
LONGEST_KEY = 200
#: The header by which a caller acts as somebody's deputy: the id of the deputyship.
ACTING_FOR = "Acting-For"


def digest_of(request: Request) -> str:
    """Return the SHA-256 of all that a write asks for: method, address, for whom, and what it brings, with files."""
    parts: list[str | bytes] = [request.method or ""]
    acting_for = str(request.headers.get(ACTING_FOR, ""))
    if acting_for:
        # The same write as a deputy is another write. No address begins so, hence no other call has this part.
        parts.append(f"{ACTING_FOR}: {acting_for}")
    parts.append(request.get_full_path())
    if str(request.content_type or "").startswith("multipart/"):
        # Not the body as it came: the boundary of its parts differs from call to call.
        parts += _form(request)
    else:
        parts += [str(request.content_type or ""), request.body]
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


def _form(request: Request) -> Iterator[str | bytes]:
    fields: Any = request.data
    for name in sorted(fields):
        for value in fields.getlist(name):
            yield name
            if name in request.FILES:
                content = hashlib.sha256()
                for chunk in value.chunks():
                    content.update(chunk)
                value.seek(0)
                yield value.name
                yield content.digest()
            else:
                yield str(value)
