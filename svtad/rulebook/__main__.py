"""The rulebook on the command line: ``python -m svtad.rulebook judge FACTS.json``. No database, no network.

Exit code 0 when it answered, whatever the verdict; 2 for input it cannot read, with one line that says why.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from svtad.rulebook import codec
from svtad.rulebook.codec import FactsError, Json
from svtad.rulebook.explain import explain
from svtad.rulebook.facts import Facts
from svtad.rulebook.judge import judge_json
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.procedures.listing import as_markdown
from svtad.rulebook.vocabulary import Step

BAD_INPUT = 2


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m svtad.rulebook", description="Judge a Test Phase by the SVTAD from a facts file.")
    commands = parser.add_subparsers(dest="command", required=True)
    judging = commands.add_parser("judge", help="print the findings of a facts file as JSON")
    judging.add_argument("facts", metavar="FACTS.json", help="the facts, or - for standard input")
    judging.add_argument("--step", choices=[step.value for step in Step], help="default: the phase's last step")
    judging.add_argument("--provider", help="judge for the certificate of this DCC Service Provider (its id)")
    commands.add_parser("schema", help="print the JSON Schema of the facts file")
    explaining = commands.add_parser("explain", help="print a rule with its source and reading")
    explaining.add_argument("clause", metavar="CLAUSE", help="such as 12.6(a), 13.20, T13.1-1")
    listing = commands.add_parser("procedures", help="list the boards' procedures, their states and steps")
    listing.add_argument("--markdown", action="store_true", help="as the Markdown of docs/procedures.md")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    options = _parser().parse_args(arguments)
    try:
        print(_run(options))
    except FactsError as error:
        print(f"python -m svtad.rulebook: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    return 0


def _run(options: argparse.Namespace) -> str:
    if options.command == "judge":
        judgement = judge_json(_read(options.facts), step=options.step, provider=options.provider)
        return _pretty(judgement.to_json())
    if options.command == "schema":
        return _pretty(codec.json_schema(Facts, title="Facts of a Test Phase for the rulebook"))
    if options.command == "procedures":
        return as_markdown(PROCEDURES.values()) if options.markdown else _procedures()
    text = explain(options.clause)
    if text is None:
        raise FactsError(options.clause, "no rule of that clause is held")
    return text


def _read(name: str) -> Json:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FactsError(name, f"cannot be read: {error}") from error
    return codec.parse_json(text, path=name)


def _pretty(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _procedures() -> str:
    blocks = []
    for procedure in PROCEDURES.values():
        lines = [f"{procedure.key}: {procedure.title} ({procedure.citation})"]
        lines.extend(
            f"  {step.source} -> {step.target}  [{step.body} {step.outcome}; {step.clause}]"
            for step in procedure.transitions
        )
        lines.append(f"  Meanwhile: {procedure.effect_while_pending}")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


if __name__ == "__main__":
    sys.exit(main())
