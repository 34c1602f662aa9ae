"""The clause register: our own summaries of 375 rules of the documents, with source and what is unclear about them.

It is package data, read when asked for; the judge never reads it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from svtad.rulebook import codec


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterEntry:
    """One rule. ``id`` is the register's own (suffixes after a clause number are ours); ``clause`` is the document's.

    ``ambiguity`` is empty where none was found. ``source`` names the text and the line of the parent clause.
    """

    id: str
    document: str
    version: str
    clause: str
    title: str
    summary: str
    source: str
    actor: str
    to: str
    trigger: str
    deadline: str
    kind: str
    system: str
    ambiguity: str
    related: tuple[str, ...]

    @property
    def citation(self) -> str:
        """Document, version and clause as people write them."""
        version = f" v{self.version}" if self.version else ""
        return f"{self.document}{version}, {self.clause}" if self.clause else f"{self.document}{version}"


@cache
def entries() -> tuple[RegisterEntry, ...]:
    """Every rule of the register, in its order."""
    text = (resources.files("svtad.rulebook") / "register.json").read_text(encoding="utf-8")
    rows = json.loads(text)
    return tuple(codec.decode(RegisterEntry, row, path=f"register[{index}]") for index, row in enumerate(rows))


def find(query: str) -> tuple[RegisterEntry, ...]:
    """The rules of a clause (``12.6(a)``, ``T13.1-1``, ``Table 13.1 row 1``) or of a register id, with its parts.

    ``12.6`` finds 12.6 and 12.6(a) to (i); an exact register id finds that one. Empty where nothing matches.
    """
    wanted = normalise(query)
    exact = tuple(entry for entry in entries() if normalise(entry.id) == wanted)
    return exact or tuple(entry for entry in entries() if covers(wanted, normalise(entry.clause)))


def covers(wanted: str, clause: str) -> bool:
    """Whether a normalised clause is the one wanted or a part of it: 12.6 covers 12.6(a), and not 12.60."""
    return bool(wanted) and (clause == wanted or re.match(rf"{re.escape(wanted)}(\(|row)", clause) is not None)


def normalise(text: str) -> str:
    """One spelling of a clause: lower case, no blanks, ``table13.1row1`` for ``T13.1-1``."""
    squeezed = re.sub(r"\s+|^clause", "", text.strip().lower())
    return re.sub(r"^t(\d+\.\d+)(?:-(\d+))?$", _table, squeezed)


def _table(match: re.Match[str]) -> str:
    row = f"row{match[2]}" if match[2] else ""
    return f"table{match[1]}{row}"
