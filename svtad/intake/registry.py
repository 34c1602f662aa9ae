"""What an importer is, and which ones there are. Apps above register theirs in `AppConfig.ready()`.

An importer reads one kind of file into rows (`parse`), says what they would change (`preview`) and
changes it (`commit`, all or nothing). The engine (`svtad.intake.actions`) does the rest: it keeps the
file, runs the two as jobs, counts and keeps row errors, rolls back, and audits.

- `parse` yields rows, and a `RowProblem` for each thing wrong with one; what it yields is streamed, so
  a file is never held whole. It raises `FileRefused` for a file that cannot be read at all.
- `preview` and `commit` get only the good rows. What they find wrong with one they add to
  `target.problems`. A file with any problem is never committed: the engine rolls back.
- Both return a `Summary` of the same counts: what would change, and what did.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar, Generic, TypeVar

from svtad.intake.models import ImportBatch
from svtad.parties.actors import Actor
from svtad.parties.models import Audience

#: Row errors kept with a batch; all are counted.
MOST_KEPT = 500


class FileRefused(Exception):
    """The file cannot be taken at all: its text says why, and where in the file, for the person who sent it."""


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong with one row: the row (as a spreadsheet numbers it; 0 for the file), the field, what it held."""

    row: int
    field: str
    message: str
    value: str = ""


@dataclass
class Problems:
    """What is wrong with a file's rows: the first of them kept, all of them counted."""

    kept: list[RowProblem] = field(default_factory=list)
    count: int = 0

    def add(self, problem: RowProblem) -> None:
        """Count a problem, and keep it if there is room."""
        self.count += 1
        if len(self.kept) < MOST_KEPT:
            self.kept.append(problem)

    def __bool__(self) -> bool:
        return self.count > 0


@dataclass(frozen=True)
class Parameter:
    """Something to be said of a whole file when it is sent in: asked by the form, the API and the command alike.

    `choices` maps each value that may be given to what it means; empty takes any text.
    """

    key: str
    title: str
    help: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    default: str = ""


@dataclass(frozen=True)
class Target:
    """What a file is imported into, by whom, as what; and where problems with its rows go."""

    scope_id: str
    source: str
    run_id: str
    params: Mapping[str, str]
    batch: ImportBatch
    by: Actor
    at: dt.datetime
    problems: Problems = field(default_factory=Problems)


@dataclass(frozen=True)
class Summary:
    """What an import would change or did: `rows` read, `counts` by the importer's own keys (see `Importer.labels`).

    `examples` are things to look at, each a flat mapping of texts (`row`, `what`, `reason`); `warnings`
    are whole sentences.
    """

    rows: int
    counts: Mapping[str, int]
    examples: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what is stored with the batch."""
        return {
            "rows": self.rows,
            "counts": dict(self.counts),
            "examples": [dict(example) for example in self.examples],
            "warnings": list(self.warnings),
        }


Row = TypeVar("Row")


class Importer(ABC, Generic[Row]):
    """One kind of file. `key` names it in URLs and commands; `suffixes` are those of its file names, with the dot.

    `labels` says in words what each count of its summaries is, in the order in which to show them.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    media_types: ClassVar[tuple[str, ...]]
    suffixes: ClassVar[tuple[str, ...]]
    labels: ClassVar[Mapping[str, str]]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    #: The columns of a CSV file, as `csvrows.Column`s; none where the file is no CSV.
    columns: ClassVar[Sequence[Any]] = ()
    #: Whether a caller's run id makes sense: results come in runs, plans do not.
    takes_run_id: ClassVar[bool] = False
    #: The largest file taken, in bytes.
    most_bytes: ClassVar[int] = 100 * 1024 * 1024

    @abstractmethod
    def check_may_import(self, actor: Actor, scope_id: str) -> None:
        """Raise `ActionDenied` unless `actor` may send such a file in for that scope (or there is no such scope)."""

    @abstractmethod
    def audience(self, actor: Actor, scope_id: str) -> Audience:
        """Return who may see the file and its batch."""

    @abstractmethod
    def parse(self, stream: BinaryIO, params: Mapping[str, str]) -> Iterator[Row | RowProblem]:
        """Read the file as a stream. Raises `FileRefused`."""

    @abstractmethod
    def preview(self, target: Target, rows: Iterable[Row]) -> Summary:
        """Return what importing `rows` would change. Stores nothing."""

    @abstractmethod
    def commit(self, target: Target, rows: Iterable[Row]) -> Summary:
        """Import `rows`, in the engine's transaction, by the app's own actions."""

    def warnings(self) -> tuple[str, ...]:
        """Return what is worth saying of the file as a whole. Asked after its rows were read."""
        return ()


_importers: dict[str, type[Importer[Any]]] = {}


def register(importer: type[Importer[Any]]) -> None:
    """Make an importer known. An instance is made for each file, so it may keep notes while it reads."""
    known = _importers.get(importer.key)
    if known is not None and known is not importer:
        raise ValueError(f"there is an importer {importer.key!r} already: {known!r}")
    _importers[importer.key] = importer


def importer(key: str) -> Importer[Any]:
    """Return a new importer of that key. Raises LookupError naming those there are."""
    if key not in _importers:
        raise LookupError(f"no importer {key!r}; there are: {', '.join(sorted(_importers))}")
    return _importers[key]()


def importers() -> list[type[Importer[Any]]]:
    """Return every importer, by title."""
    return sorted(_importers.values(), key=lambda known: known.title)


def importer_for_name(name: str, keys: Iterable[str] | None = None) -> str:
    """Return the key of the importer whose suffix `name` has, among `keys` or all; "" where none or several have."""
    among = [known for known in _importers.values() if keys is None or known.key in set(keys)]
    found = [known.key for known in among if name.lower().endswith(known.suffixes)]
    return found[0] if len(found) == 1 else ""
