"""`python -m bench [NAME…]`: run benchmarks and print their ratios; status 1 where a goal is missed."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

NAMES = ("ingest", "assess", "web", "rulebook", "report")


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all there are."""
    unknown = sorted(set(arguments) - set(NAMES))
    if unknown:
        print(f"usage: python -m bench [{' | '.join(NAMES)}]; not {', '.join(unknown)}", file=sys.stderr)
        return 2
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    missed = 0
    for name in arguments or [name for name in NAMES if find_spec(f"bench.{name}")]:
        print(f"\n== {name}: ours, the floor, and how many times it", flush=True)
        for ratio in import_module(f"bench.{name}").run():
            print(ratio, flush=True)
            missed += not ratio.is_good
    print(f"\n{missed} goals missed" if missed else "\nevery goal reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
