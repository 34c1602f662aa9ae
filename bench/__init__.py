"""Benchmarks: our path and its floor, measured side by side in one run, so that the ratio is what counts.

`script/bench [ingest|assess|web|rulebook|report]` runs them on throwaway servers that wait for the disk. Each
module has `run() -> list[Ratio]`; absolute times drift with the machine, ratios do not.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """One thing measured against its floor. `goal` is the largest ratio that is good enough; None only informs.

    `ours` and `floor` are in `unit`.
    """

    what: str
    ours: float
    floor: float
    goal: float | None
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times the floor."""
        return self.ours / self.floor if self.floor else float("inf")

    @property
    def is_good(self) -> bool:
        """Whether the goal is reached."""
        return self.goal is None or self.ratio <= self.goal

    def __str__(self) -> str:
        verdict = "" if self.goal is None else f"  goal ≤ {self.goal:g}  {'reached' if self.is_good else 'MISSED'}"
        numbers = f"{self.ours:9.3f} {self.unit:<4}{self.floor:9.3f} {self.unit:<4}× {self.ratio:6.2f}"
        return f"{self.what:<58}{numbers}{verdict}{'  ' + self.note if self.note else ''}"


def timed(act: Callable[[], object]) -> float:
    """Return the wall seconds that `act` takes, garbage collected before."""
    gc.collect()
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def median_of_pairs(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the pair whose ratio is the median: ours and the floor of one and the same round."""
    ordered = sorted(pairs, key=lambda pair: pair[0] / pair[1])
    return ordered[(len(ordered) - 1) // 2]


def median(seconds: list[float]) -> float:
    """Return the median."""
    return statistics.median(seconds)


@contextmanager
def database() -> Iterator[str]:
    """Set Django up on a database of the benchmark's own, made anew and dropped at the end; yield its vendor."""
    import django
    from django.conf import settings

    django.setup()
    from django.db import connection

    settings.DEBUG = False
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield connection.vendor
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
