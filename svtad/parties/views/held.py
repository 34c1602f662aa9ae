"""A form that was sent is held while its sender proves who they are, and given back whole, files included."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.lib.ids import new_public_id

#: How long a form is held, and how many of one person's.
LONGEST = dt.timedelta(hours=1)
MOST = 5
_ID = re.compile(r"[A-Za-z0-9]{22}")


def hold(request: HttpRequest, person_pk: int) -> str:
    """Keep what was posted and return the id by which `give_back` finds it. Raises InvalidInput where it is too large.

    It is kept in the clear, for minutes, readable by the product alone: not for a form that has a password in it.
    """
    root = _root()
    _sweep(root, person_pk)
    uploads = [(field, upload) for field, files in request.FILES.lists() for upload in files]
    most = int(settings.STORED_FILE_MAX_BYTES)
    if sum(upload.size or 0 for _, upload in uploads) > most:
        raise InvalidInput.one("file", f"The files together are larger than {most:,} bytes.")
    public_id = new_public_id()
    folder = root / public_id
    folder.mkdir(mode=0o700)
    for number, (_, upload) in enumerate(uploads):
        with _opened(folder / str(number)) as kept:
            for piece in upload.chunks():
                kept.write(piece)
    told = {
        "person": person_pk,
        "path": request.get_full_path(),
        "fields": [(name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"],
        "files": [(field, upload.name, upload.content_type, upload.size) for field, upload in uploads],
    }
    # Last, and under its name at once: a folder without it is half written.
    draft = folder / "draft"
    with _opened(draft) as kept:
        kept.write(json.dumps(told).encode())
    draft.rename(folder / "form.json")
    return public_id


def give_back(request: HttpRequest, public_id: str, person_pk: int) -> None:
    """Put the held form into `request`, as if it had just been posted; it is held no longer.

    Raises Refused where it is not there (any more), or is another's, or was meant for another address.
    """
    folder = _root() / public_id
    told = _told(folder) if _ID.fullmatch(public_id) else None
    if told is None or told["person"] != person_pk or told["path"] != request.get_full_path():
        raise Refused("", "What you sent is held no longer: go back and send it again.")
    fields = QueryDict(mutable=True)
    for name, values in told["fields"]:
        fields.setlist(name, values)
    fields._mutable = False
    uploads: MultiValueDict[str, UploadedFile[bytes]] = MultiValueDict()
    for number, (field, name, media_type, size) in enumerate(told["files"]):
        stream = (folder / str(number)).open("rb")
        uploads.appendlist(field, UploadedFile(file=stream, name=name, content_type=media_type, size=size))
    request.POST = fields  # type: ignore[assignment]
    request._files = uploads  # type: ignore[attr-defined]
    shutil.rmtree(folder, ignore_errors=True)  # what is open stays readable until the request is over


def _root() -> Path:
    root = Path(settings.DATA_DIR) / "held"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return root


def _opened(path: Path) -> Any:
    """Open a new file that only this process's user may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _told(folder: Path) -> dict[str, Any] | None:
    try:
        if clock.now().timestamp() - folder.stat().st_mtime > LONGEST.total_seconds():
            return None
        told: dict[str, Any] = json.loads((folder / "form.json").read_bytes())
    except (OSError, ValueError):
        return None
    return told


def _sweep(root: Path, person_pk: int) -> None:
    """Delete what is held too long, and of one person's all but the newest few."""
    theirs = []
    for folder in root.iterdir():
        told = _told(folder)
        if told is None:
            if _is_old(folder):
                shutil.rmtree(folder, ignore_errors=True)
        elif told["person"] == person_pk:
            theirs.append(folder)
    theirs.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in theirs[MOST - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)


def _is_old(folder: Path) -> bool:
    try:
        return clock.now().timestamp() - folder.stat().st_mtime > LONGEST.total_seconds()
    except OSError:
        return False
