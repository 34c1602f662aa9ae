"""The registry of importers: one of a key, found by key or by a file's name."""

from __future__ import annotations

import pytest

from svtad.intake import registry
from testphases.importers import JUnitImporter


def test_the_importers_of_this_product_are_known():
    assert {"junit", "results", "planned_tests", "test_dmc_mapping"} <= {kind.key for kind in registry.importers()}


@pytest.mark.parametrize("kind", registry.importers(), ids=lambda kind: kind.key)
def test_an_importer_says_in_words_what_its_form_and_its_counts_need(kind):
    assert kind.title
    assert kind.labels
    assert all(suffix.startswith(".") for suffix in kind.suffixes)
    assert len({parameter.key for parameter in kind.parameters}) == len(kind.parameters)
    assert registry.importer(kind.key) is not registry.importer(kind.key), "one for each file"


def test_two_importers_of_one_key_are_a_mistake(monkeypatch):
    monkeypatch.setattr(registry, "_importers", {"junit": JUnitImporter})
    registry.register(JUnitImporter)
    other = type("Other", (JUnitImporter,), {})
    with pytest.raises(ValueError, match="junit"):
        registry.register(other)


def test_an_unknown_key_names_those_there_are():
    with pytest.raises(LookupError, match="junit"):
        registry.importer("nope")


@pytest.mark.parametrize(
    ("name", "keys", "found"),
    [
        ("r.XML", None, "junit"),
        ("r.csv", ("junit", "results"), "results"),
        ("r.csv", ("results", "planned_tests"), ""),
        ("r.txt", None, ""),
    ],
)
def test_an_importer_is_found_by_a_files_name_where_only_one_takes_it(name, keys, found):
    assert registry.importer_for_name(name, keys) == found


def test_problems_are_counted_beyond_those_kept():
    problems = registry.Problems()
    assert not problems
    for row in range(registry.MOST_KEPT + 5):
        problems.add(registry.RowProblem(row, "a", "b"))
    assert (problems.count, len(problems.kept)) == (registry.MOST_KEPT + 5, registry.MOST_KEPT)
