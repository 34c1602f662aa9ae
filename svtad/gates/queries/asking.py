"""Asking of a kept judgement what would change it: names as people write them, and the answers. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from svtad.gates.models import Assessment
from svtad.lib.errors import FieldError, InvalidInput
from svtad.parties.models import Organisation
from svtad.rulebook.codec import FactsError, parse_json
from svtad.rulebook.editions import edition_of
from svtad.rulebook.facts import Facts
from svtad.rulebook.fewest import Fewest, fewest
from svtad.rulebook.pending import Pending, pending
from svtad.rulebook.vocabulary import Step
from svtad.rulebook.whatif import Change, ChangeKind, WhatIf, what_if

#: How many changes one question may hold.
MOST = 200

#: What each kind of change is called, and what it is about.
KINDS: dict[ChangeKind, tuple[str, str]] = {
    ChangeKind.CLOSE: ("A Testing Issue is closed", "issue"),
    ChangeKind.SEVERITY: ("The DCC determines another severity", "issue"),
    ChangeKind.DISPUTE: ("TAG decides the disputed severity", "issue"),
    ChangeKind.EXCLUDE: ("The exclusion of a Testing Issue is agreed or upheld", "issue"),
    ChangeKind.NOT_EXCLUDE: ("A pending exclusion is rejected or dismissed", "issue"),
    ChangeKind.COUNT: ("It is decided that a Testing Issue counts", "issue"),
    ChangeKind.NOT_COUNT: ("It is decided that it does not count", "issue"),
    ChangeKind.PASS: ("A planned test is run and passes", "test"),
    ChangeKind.DESCOPE: ("A planned test is finally de-scoped", "test"),
    ChangeKind.DESELECT: ("A Device Model Combination is de-selected", "dmc"),
    ChangeKind.REINSTATE: ("A Device Model Combination counts again", "dmc"),
}
_WHAT = {"issue": "Testing Issue", "test": "listed test", "dmc": "Device Model Combination"}


@dataclass(frozen=True)
class Asked:
    """A change as it was asked for: what it is called, what it is about in people's words, and to which value."""

    kind: ChangeKind
    subject: str
    value: str = ""

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        to = f", to {self.value}" if self.value else ""
        return f"{KINDS[self.kind][0]}: {self.subject}{to}"


def facts_of(assessment: Assessment) -> Facts:
    """Return the facts that the judgement rests on."""
    return Facts.from_json(parse_json(assessment.facts, path="facts"))


class Question:
    """A kept judgement of which something is asked: its facts, read once, and the names in them."""

    def __init__(self, assessment: Assessment) -> None:
        self.facts = facts_of(assessment)
        self.step = Step(assessment.step)
        self.provider = assessment.provider_id_text or None
        issues = (*self.facts.issues, *self.facts.considered_issues)
        self._names = {
            "issue": {row.id: row.reference for row in issues},
            "test": {row.id: row.reference for row in self.facts.test_rows},
            "dmc": {row.id: row.name for row in self.facts.dmcs},
        }

    @property
    def severities(self) -> tuple[str, ...]:
        """The severities of the edition by which it was judged."""
        return edition_of(self.facts.document, self.facts.version).severities

    def subjects(self, what: str) -> list[str]:
        """Return what a change of that kind could be about, by the names that people use."""
        return sorted(self._names[what].values())

    def name(self, change: Change) -> Asked:
        """Return a change in people's words."""
        names = self._names[KINDS[change.kind][1]]
        return Asked(change.kind, names.get(change.subject, change.subject), change.value or "")

    def read(self, asked: Sequence[Asked]) -> list[Change]:
        """Return the changes that were asked for. Raises InvalidInput naming the row of one that names nothing."""
        if len(asked) > MOST:
            raise InvalidInput.one("changes", f"At most {MOST} changes are asked for at once; these are {len(asked)}.")
        errors, found = [], []
        for number, each in enumerate(asked, start=1):
            what = KINDS[each.kind][1]
            wanted = each.subject.strip()
            names = self._names[what]
            ids = [key for key, name in names.items() if wanted in (key, name)]
            ids = ids or [key for key, name in names.items() if name.casefold() == wanted.casefold()]
            if len(ids) != 1:
                said = "is among the facts of this judgement" if not ids else "is the only one of that name"
                listed = " (only tests that did not simply pass are listed)" if what == "test" else ""
                errors.append(FieldError(number, "subject", f"No {_WHAT[what]} “{wanted[:60]}” {said}{listed}."))
            else:
                found.append(Change(kind=each.kind, subject=ids[0], value=each.value.strip() or None))
        if errors:
            raise InvalidInput(errors)
        return found

    def ask(self, changes: Sequence[Change]) -> WhatIf:
        """Judge with the changes made. Raises InvalidInput naming the row of one that cannot be made."""
        try:
            return what_if(self.facts, changes, step=self.step, provider=self.provider)
        except FactsError as error:
            path, _, message = str(error).partition(": ")
            row = int(path.removeprefix("changes[").removesuffix("]")) + 1 if path.startswith("changes[") else None
            raise InvalidInput.one("subject", self._in_words(message), row=row) from None

    def fewest(self) -> Fewest:
        """Return the fewest changes that would make it MET."""
        return fewest(self.facts, step=self.step, provider=self.provider)

    def pending(self) -> tuple[Pending, ...]:
        """Return what is before a body, and what each end of it would make."""
        return pending(self.facts, step=self.step, provider=self.provider)

    def _in_words(self, message: str) -> str:
        for names in self._names.values():
            for key, name in names.items():
                message = message.replace(repr(key), name)
        return message[:1].upper() + message[1:] + "."


def provider_name(assessment: Assessment) -> str:
    """Return whose certificate the judgement is about, "" where it is of the whole phase."""
    found = Organisation.objects.filter(public_id=assessment.provider_id_text).values_list("name", flat=True).first()
    return str(found or "")


def read_asked(texts: Iterable[str]) -> list[Asked]:
    """Read changes as an address holds them: ``CLOSE~MOC-SIT-0012`` or ``SEVERITY~MOC-SIT-0012~4``.

    Raises InvalidInput naming the row of one that is none.
    """
    found = []
    for number, text in enumerate(texts, start=1):
        kind, _, rest = text.partition("~")
        subject, _, value = rest.rpartition("~") if rest.count("~") else (rest, "", "")
        if kind not in ChangeKind.__members__ or not subject:
            raise InvalidInput.one("changes", f"“{text[:60]}” is no change that can be asked for.", row=number)
        found.append(Asked(ChangeKind(kind), subject, value))
    return found


def written(asked: Asked) -> str:
    """Return a change as an address holds it."""
    return f"{asked.kind}~{asked.subject}~{asked.value}"
