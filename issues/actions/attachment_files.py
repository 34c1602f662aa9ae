"""Which files are taken with a Testing Issue: by name and by bytes, not by what the sender calls them."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings

from svtad.lib.errors import InvalidInput
from svtad.lib.text import file_name

_TEXT = "text/plain"
_OFFICE = "application/vnd.openxmlformats-officedocument."
#: What is taken, by the end of its name: what it is handed out as, and how its bytes begin (none: it is text).
#: Nothing that a browser shows as a page (HTML, SVG, XML of its own) is handed out as such.
KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "txt": (_TEXT, ()),
    "log": (_TEXT, ()),
    "csv": ("text/csv", ()),
    "json": ("application/json", ()),
    "xml": (_TEXT, ()),
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "zip": ("application/zip", (b"PK\x03\x04", b"PK\x05\x06")),
    "docx": (f"{_OFFICE}wordprocessingml.document", (b"PK\x03\x04",)),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", (b"PK\x03\x04",)),
    "pcap": (
        "application/octet-stream",
        (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d"),
    ),
    "pcapng": ("application/octet-stream", (b"\x0a\x0d\x0d\x0a",)),
}
_MOST_ENTRIES = 5_000
_PIECE = 1024 * 1024
#: The mark by which every scanner can be tried, harmless itself: whoever sends it means to find out.
_TEST_MARK = b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE"


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenFile:
    """A file that may be kept: its safe name, what it is handed out as, and its bytes from the beginning."""

    name: str
    media_type: str
    stream: BinaryIO


def max_bytes() -> int:
    """Return the largest attachment that is taken, in bytes (setting ISSUE_ATTACHMENT_MAX_BYTES, 25 MiB)."""
    return int(getattr(settings, "ISSUE_ATTACHMENT_MAX_BYTES", 25 * 1024 * 1024))


def checked_file(*, content: bytes | BinaryIO, name: str) -> TakenFile:
    """Return the file as it may be kept. Raises InvalidInput naming what is wrong with it."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    kept = file_name(name)
    end = kept.rpartition(".")[2].lower() if "." in kept else ""
    if end not in KINDS:
        text = f"A file of the kind “{end[:12] or kept[:20]}” is not taken: send one of {', '.join(KINDS)}."
        raise InvalidInput.one("file", text)
    size = _size(stream)
    if size == 0:
        raise InvalidInput.one("file", "The file is empty.")
    if size > max_bytes():
        raise InvalidInput.one("file", f"The file is larger than {max_bytes():,} bytes.")
    media_type, starts = KINDS[end]
    head = stream.read(64)
    stream.seek(0)
    if starts and not head.startswith(starts):
        raise InvalidInput.one("file", f"The bytes are not those of a {end.upper()} file.")
    _check_bytes(stream, text=not starts, end=end)
    if starts and starts[0].startswith(b"PK"):
        _check_archive(stream, end)
    stream.seek(0)
    return TakenFile(name=kept, media_type=media_type, stream=stream)


def _size(stream: BinaryIO) -> int:
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    return size


def _check_bytes(stream: BinaryIO, *, text: bool, end: str) -> None:
    before = b""
    while piece := stream.read(_PIECE):
        if text and b"\0" in piece:
            raise InvalidInput.one("file", f"A {end.upper()} file is text, and this is not.")
        if _TEST_MARK in before + piece:
            raise InvalidInput.one("file", "The file carries the mark by which virus scanners are tried.")
        before = piece[-len(_TEST_MARK) :]
    stream.seek(0)


def _check_archive(stream: BinaryIO, end: str) -> None:
    """Refuse an archive that cannot be read, holds far too much, or carries macros in an office document."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as broken:
        raise InvalidInput.one("file", "The archive cannot be read.") from broken
    if len(names) > _MOST_ENTRIES or unpacked > 40 * max_bytes():
        raise InvalidInput.one("file", "The archive holds more than is taken.")
    if end != "zip" and any("vbaproject" in name.lower() or "activex" in name.lower() for name in names):
        raise InvalidInput.one("file", "The document carries macros: send it without.")
    if end == "docx" and not any(name.startswith("word/") for name in names):
        raise InvalidInput.one("file", "The bytes are not those of a DOCX file.")
    if end == "xlsx" and not any(name.startswith("xl/") for name in names):
        raise InvalidInput.one("file", "The bytes are not those of an XLSX file.")
