"""Names and lines from outside."""

from __future__ import annotations

import pytest

from svtad.lib.text import file_name, plain_line


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plain", "plain"),
        ("  two \t words\n", "two words"),
        ("a\x00b\x1bc", "abc"),
        ("turn\u202eedoc", "turnedoc"),
        ("zero\u200bwidth", "zerowidth"),
        ("Ünïcode – ≥", "Ünïcode – ≥"),
        ("\ud800", ""),
    ],
)
def test_a_line_keeps_its_words_and_nothing_that_hides(given, kept):
    assert plain_line(given) == kept


@pytest.mark.parametrize("given", ["", ".", "..", "/", "a/", "...", "\\", "\x00"])
def test_a_name_that_is_none_becomes_a_plain_one(given):
    assert file_name(given) == "file"


def test_a_long_name_keeps_its_extension():
    name = file_name("n" * 500 + ".xml", longest=50)
    assert (len(name), name[-4:]) == (50, ".xml")
    assert len(file_name("n" * 500 + "." + "e" * 40, longest=50)) == 50
