"""Texts too long for their place: cut there, and printed further back, within bounds of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

#: The annex of long texts holds so much of one text; the attached facts have it whole. Breaking one long word
#: takes the engine time that grows with the square of its length, so this bounds what a text can cost.
LONGEST = 5_000
#: Texts printed in that annex; a document with more of them says how many it leaves to the attached facts.
MOST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class LongText:
    """One text of the annex. `cut` says how many characters it leaves out."""

    number: int
    where: str
    text: str
    cut: int


@dataclass(kw_only=True)
class LongTexts:
    """Collects, while a document is written, what did not fit where it stands. `whole_in` says where it is whole."""

    whole_in: str = "facts.json"
    entries: list[LongText] = field(default_factory=list)
    left_out: int = 0
    _numbers: dict[str, int] = field(default_factory=dict)

    def fit(self, text: str, limit: int, where: str) -> str:
        """Return `text`, cut to `limit` characters with a pointer to the annex where it is longer."""
        if len(text) <= limit:
            return text
        number = self._numbers.get(text)
        if number is not None:
            return f"{text[:limit].rstrip()}… [continued: long text {number}]"
        if len(self.entries) >= MOST:
            self.left_out += 1
            return f"{text[:limit].rstrip()}… [cut; whole in {self.whole_in}]"
        number = self._numbers[text] = len(self.entries) + 1
        self.entries.append(
            LongText(number=number, where=where[:80], text=text[:LONGEST], cut=max(0, len(text) - LONGEST))
        )
        return f"{text[:limit].rstrip()}… [continued: long text {number}]"
