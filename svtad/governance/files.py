"""Stored files: bytes kept under their SHA-256, written to disk before the row that names them.

A crash or a roll-back therefore leaves bytes without a row (an orphan, swept after a day), never a
row without bytes. The same bytes are kept once, however many rows name them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django.db.models import Max, Q

from svtad.audit.actions import record
from svtad.governance.models import FileCheck, StoredFile
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.text import file_name
from svtad.parties.actors import Actor
from svtad.parties.models import Audience

_CHUNK = 1024 * 1024
_ADDRESS = re.compile(r"[0-9a-f]{64}")

#: Bytes without a row are kept this long: a transaction that is still open may be about to name them.
ORPHAN_AGE = dt.timedelta(days=1)
#: How often each file's bytes are read again and compared with its hash.
CHECK_EVERY = dt.timedelta(days=7)


def max_bytes() -> int:
    """Return the largest file that is taken, in bytes (setting STORED_FILE_MAX_BYTES, 100 MiB)."""
    return int(getattr(settings, "STORED_FILE_MAX_BYTES", 100 * 1024 * 1024))


def storage() -> FileSystemStorage:
    """Return the storage that holds the bytes: under MEDIA_ROOT, never served by path."""
    return FileSystemStorage(location=settings.MEDIA_ROOT)


def address(sha256: str) -> str:
    """Return where bytes of that hash stand, relative to the storage."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def storage_files() -> list[Path]:
    """Return where every kept file stands, named by a row or not, in the order of their hashes."""
    return sorted(path for path in Path(storage().location).glob("??/??/*") if _ADDRESS.fullmatch(path.name))


def store_file(
    *,
    content: bytes | BinaryIO,
    name: str,
    media_type: str,
    purpose: str,
    audience: Audience,
    by: Actor,
    at: dt.datetime | None = None,
    redaction_set: str = "",
    is_synthetic: bool = False,
) -> StoredFile:
    """Keep the bytes of `content` and return the row that names them.

    `content` is read in pieces from where it stands; a stream is not closed. The bytes reach the disk
    before the row is written. Who may store what is the calling action's question. Raises InvalidInput
    for a file larger than `max_bytes()`.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    sha256, size = _keep(stream)
    moment = at or now()
    with transaction.atomic():
        stored = StoredFile.objects.create(
            name=file_name(name),
            media_type=media_type[:120],
            size=size,
            sha256=sha256,
            purpose=purpose,
            redaction_set=redaction_set,
            audience=audience,
            is_synthetic=is_synthetic,
            recorded_at=moment,
            recorded_by=by.label,
        )
        record(
            by=by,
            at=moment,
            action="store_file",
            subject_kind="StoredFile",
            subject_id=stored.public_id,
            subject_label=stored.name,
            audience_id=audience.pk,
            detail={"sha256": sha256, "size": size, "purpose": purpose},
        )
    return stored


def keep_upload(upload: Any, *, purpose: str, audience: Audience, by: Actor, is_synthetic: bool = False) -> StoredFile:
    """Keep the file that a form sent, under its own name. Raises InvalidInput as `store_file` does."""
    return store_file(
        content=upload.file,
        name=upload.name or purpose,
        media_type=upload.content_type or "application/octet-stream",
        purpose=purpose,
        audience=audience,
        by=by,
        is_synthetic=is_synthetic,
    )


def name_again(stored: StoredFile, *, audience: Audience, by: Actor, at: dt.datetime) -> StoredFile:
    """Return another row that names the same bytes for another audience; whose act it is asks who may."""
    with open_file(stored) as content:
        return store_file(
            content=content,
            name=stored.name,
            media_type=stored.media_type,
            purpose=stored.purpose,
            audience=audience,
            by=by,
            at=at,
            redaction_set=stored.redaction_set,
            is_synthetic=stored.is_synthetic,
        )


def open_file(stored: StoredFile) -> BinaryIO:
    """Return the file's bytes as a stream to read and close. Raises FileNotFoundError where they are gone."""
    return Path(storage().path(address(stored.sha256))).open("rb")


def read_file(stored: StoredFile) -> bytes:
    """Return the file's bytes. Raises FileNotFoundError where they are gone."""
    with open_file(stored) as stream:
        return stream.read()


def verify_file(stored: StoredFile, at: dt.datetime) -> FileCheck:
    """Read the file again and write down whether its bytes still have the hash they were stored under."""
    found = _hash_on_disk(stored.sha256)
    check: FileCheck = FileCheck.objects.create(
        file=stored, intact=found == stored.sha256, found_sha256=found, recorded_at=at
    )
    return check


def verify_due_files(*, at: dt.datetime, limit: int | None = None) -> dict[str, int]:
    """Check the files not checked for CHECK_EVERY, the longest unchecked first; return {"checked", "damaged"}.

    Rows that share bytes share one reading.
    """
    due = (
        StoredFile.objects.alias(last=Max("checks__recorded_at"))
        .filter(Q(last__isnull=True) | Q(last__lte=at - CHECK_EVERY))
        .order_by("last", "pk")
    )
    found: dict[str, str] = {}
    checked = damaged = 0
    for stored in due[:limit] if limit else due.iterator(chunk_size=500):
        if stored.sha256 not in found:
            found[stored.sha256] = _hash_on_disk(stored.sha256)
        intact = found[stored.sha256] == stored.sha256
        FileCheck.objects.create(file=stored, intact=intact, found_sha256=found[stored.sha256], recorded_at=at)
        checked += 1
        damaged += not intact
    return {"checked": checked, "damaged": damaged}


def sweep_orphans(*, at: dt.datetime, age: dt.timedelta = ORPHAN_AGE) -> int:
    """Delete bytes that no row names and that nobody stored again within `age`; return how many files went.

    A file is moved aside first and looked at there: bytes that somebody is storing at this moment are
    new by their own time stamp, and go back.
    """
    root = Path(storage().location)
    aside = root / "aside"
    cutoff = (at - age).timestamp()
    removed = 0
    for path in storage_files():
        if _is_older(path, cutoff) and not _is_named(path.name):
            aside.mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # another sweep was quicker
                path.rename(aside / path.name)
    for path in sorted(aside.glob("*")):
        if _is_older(path, cutoff) and not _is_named(path.name):
            path.unlink(missing_ok=True)
            removed += 1
        else:
            _put_back(path, root / address(path.name))
    for path in sorted((root / "incoming").glob("*")):
        if _is_older(path, cutoff):  # what a killed process had half written
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _put_back(path: Path, final: Path) -> None:
    """Return bytes to their place, unless somebody stored the same ones there meanwhile."""
    with contextlib.suppress(FileExistsError, FileNotFoundError):
        final.hardlink_to(path)
    path.unlink(missing_ok=True)


def _is_older(path: Path, cutoff: float) -> bool:
    """Return whether the file is there and was last written before `cutoff` (seconds since the epoch)."""
    try:
        return path.stat().st_mtime <= cutoff
    except FileNotFoundError:
        return False


def _is_named(sha256: str) -> bool:
    return StoredFile.objects.filter(sha256=sha256).exists()


def _keep(stream: BinaryIO) -> tuple[str, int]:
    """Write the stream's bytes under their hash; return (hash, size)."""
    root = Path(storage().location)
    incoming = root / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    size = 0
    limit = max_bytes()
    handle, draft_name = tempfile.mkstemp(dir=incoming)
    draft = Path(draft_name)
    try:
        with os.fdopen(handle, "wb") as out:
            while piece := stream.read(_CHUNK):
                size += len(piece)
                if size > limit:
                    raise InvalidInput.one("file", f"The file is larger than {limit:,} bytes.")
                digest.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        draft.chmod(settings.FILE_UPLOAD_PERMISSIONS or 0o640)
        # Always replaced: that renews the time stamp by which orphans are swept, and heals damaged bytes.
        _put_in_place(draft, root / address(digest.hexdigest()))
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest(), size


def _put_in_place(draft: Path, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    draft.replace(final)
    handle = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hash_on_disk(sha256: str) -> str:
    """Return the hash of the bytes kept under `sha256`, or "" where they cannot be read."""
    digest = hashlib.sha256()
    try:
        with Path(storage().path(address(sha256))).open("rb") as stream:
            while piece := stream.read(_CHUNK):
                digest.update(piece)
    except OSError:
        return ""
    return digest.hexdigest()
