"""Untrusted XML as a stream of calls: no DTD, no entities, nothing fetched, bounded depth, count and size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, TypeVar
from xml.parsers import expat

from svtad.intake.registry import FileRefused

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class XmlLimits:
    """What a file may hold. `token` is the longest tag with its attributes, in bytes."""

    depth: int = 64
    elements: int = 5_000_000
    token: int = 1024 * 1024


Item = TypeVar("Item")


class XmlReader(Protocol[Item]):
    """Is called for each element; gives what it has read since it was last asked."""

    def start(self, name: str, attributes: dict[str, str]) -> bool:
        """Take an opening tag (its name without a namespace prefix); return whether text inside it is wanted."""
        ...

    def end(self, name: str) -> None:
        """Take a closing tag."""
        ...

    def text(self, data: str) -> None:
        """Take a piece of text inside an element whose `start` wanted it."""
        ...

    def drain(self) -> list[Item]:
        """Return what is ready and forget it."""
        ...


def read_xml(stream: BinaryIO, reader: XmlReader[Item], *, limits: XmlLimits | None = None) -> Iterator[Item]:
    """Read `stream` in pieces and yield what `reader` makes of it. Memory does not grow with the file.

    Raises `FileRefused` where it is no well-formed XML (with the line), has a document type or an
    entity of its own, or goes beyond the limits.
    """
    guard = _Guard(reader, limits or XmlLimits())
    try:
        while piece := stream.read(_CHUNK):
            guard.feed(piece)
            yield from reader.drain()
        guard.finish()
    except expat.ExpatError as error:
        raise FileRefused(
            f"Not well-formed XML: {expat.ErrorString(error.code)}, line {error.lineno}, column {error.offset + 1}."
        ) from error
    except (LookupError, UnicodeError, ValueError) as error:
        raise FileRefused(f"The file's encoding cannot be read: {error}.") from error
    yield from reader.drain()


class _Guard:
    """Stands between the parser and the reader, and keeps the limits."""

    def __init__(self, reader: XmlReader[Item], limits: XmlLimits) -> None:
        self._reader = reader
        self._limits = limits
        self._depth = self._elements = self._fed = 0
        self._wanting: list[int] = []  # the depths of open elements whose text is wanted
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse

    def feed(self, piece: bytes) -> None:
        self._parser.Parse(piece, False)
        self._fed += len(piece)
        # A tag that does not end is kept whole and looked at again with every piece: stop in time.
        if self._fed - self._parser.CurrentByteIndex > self._limits.token + _CHUNK:
            raise FileRefused(f"{self._line()} a single tag of more than {self._limits.token:,} bytes.")

    def finish(self) -> None:
        if not self._fed:
            raise FileRefused("The file is empty.")
        self._parser.Parse(b"", True)

    def _line(self) -> str:
        return f"Line {self._parser.CurrentLineNumber}:"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > self._limits.depth:
            raise FileRefused(f"{self._line()} more than {self._limits.depth} elements inside each other.")
        if self._elements > self._limits.elements:
            raise FileRefused(f"The file has more than {self._limits.elements:,} elements.")
        if self._reader.start(name.rpartition(":")[2], attributes):
            self._wanting.append(self._depth)
            self._parser.CharacterDataHandler = self._reader.text

    def _end(self, name: str) -> None:
        self._reader.end(name.rpartition(":")[2])
        if self._wanting and self._wanting[-1] == self._depth:
            self._wanting.pop()
            if not self._wanting:
                self._parser.CharacterDataHandler = None
        self._depth -= 1

    def _refuse(self, *_: object) -> Any:
        raise FileRefused(
            f"{self._line()} the file has a document type (DTD) or entities of its own. "
            "These are not taken: they can make a small file endless or fetch others."
        )
