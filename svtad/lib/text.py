"""Text that came from outside, made safe to keep and to show."""

from __future__ import annotations

import unicodedata


def plain_line(text: str) -> str:
    """Return `text` on one line without control and direction-changing characters, trimmed."""
    kept = "".join(" " if char.isspace() else char for char in text)
    kept = "".join(char for char in kept if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co"))
    return " ".join(kept.split())


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun: `1 result`, `3 results`; `several` where the plural is not the word and an s."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def stated_words(value: object) -> str:
    """Return a statement in words: several choices (`["RECONSIDER", "RECONSULT"]`) are listed in lower case.

    Dates by issue, as a Work Off Plan's approval sets them, are listed each with its issue, views by criterion each
    with its criterion, and what is redacted of a report each with why. Names that are written in capitals with digits
    or marks (TCC-0001, 12.6(a)) stay.
    """
    if isinstance(value, dict):
        return "; ".join(f"{key} {_one(held)}" for key, held in value.items())
    if isinstance(value, list):
        if any(isinstance(each, dict) for each in value):
            return "; ".join(_redaction(each) for each in value)
        return ", ".join(_word(str(each)) for each in value)
    return str(value)


def _word(each: str) -> str:
    return each.replace("_", " ").lower() if each.replace("_", "").isalpha() else each


def _redaction(each: object) -> str:
    held = each if isinstance(each, dict) else {"which": each}
    said = str(held.get("title") or held.get("which", ""))
    of = "" if held.get("report") == "COMPLETION_REPORT" else _word(str(held.get("report", "")))
    part = "" if held.get("part") in ("SECTION", None) else _word(str(held.get("part")))
    named = " ".join(word for word in (of.replace("sit ", "SIT "), part, said) if word)
    return f"{named} ({held['why']})" if held.get("why") else named


def _one(held: object) -> str:
    if not isinstance(held, dict):
        return str(held)
    view = _word(str(held.get("view", "")))
    return f"{view}: {held['words']}" if held.get("words") else view


def file_name(name: str, *, longest: int = 200) -> str:
    """Return the last part of a path-like `name`, made safe: no separators, at most `longest` characters.

    The extension is kept when the stem has to be cut. An empty or dots-only name becomes "file".
    """
    base = plain_line(name.replace("\\", "/").rsplit("/", 1)[-1]).strip(". ")
    if not base:
        return "file"
    if len(base) <= longest:
        return base
    stem, dot, extension = base.rpartition(".")
    if not dot or len(extension) > 12:
        return base[:longest]
    return f"{stem[: longest - len(extension) - 1]}.{extension}"
