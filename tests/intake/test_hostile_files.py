"""Hostile files are refused quickly, in little memory, with the reason, and leave nothing."""

from __future__ import annotations

import io
import time
import tracemalloc

import pytest

from svtad.intake.csvrows import Column, read_csv
from svtad.intake.registry import FileRefused
from testphases.actions import RunRow
from testphases.importers import JUnitImporter

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">' for n in range(10))
MANY = [f"a{number}='x'" for number in range(400_000)]
OPEN = '<testsuite name="s">'


def _deep(levels):
    return "<testsuites>" + "<testsuite>" * levels


HOSTILE = {
    "billion laughs": f"<!DOCTYPE t [{LAUGHS}]><testsuite><testcase name='&l9;'/></testsuite>",
    "one entity": "<!DOCTYPE t [<!ENTITY a 'b'>]><testsuite><testcase name='&a;'/></testsuite>",
    "an external entity": "<!DOCTYPE t [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><testsuite>&a;</testsuite>",
    "an external DTD": "<!DOCTYPE t SYSTEM 'http://example.invalid/t.dtd'><testsuite/>",
    "a parameter entity": "<!DOCTYPE t [<!ENTITY % a SYSTEM 'http://example.invalid/'> %a;]><testsuite/>",
    "a plain document type": "<!DOCTYPE testsuites><testsuites/>",
    "an undeclared entity": f"{OPEN}<testcase name='&nope;'/></testsuite>",
    "nesting of suites": _deep(200_000),
    "nesting inside a testcase": f"{OPEN}<testcase>" + "<failure>" * 100_000,
    "an endless attribute": f"{OPEN}<testcase name='{'x' * 30_000_000}'/></testsuite>",
    "an endless tag name": f"{OPEN}<{'x' * 30_000_000}/></testsuite>",
    "a million attributes": f"{OPEN}<testcase {' '.join(MANY)}/></testsuite>",
    "the same attribute twice": f"{OPEN}<testcase name='a' name='b'/></testsuite>",
    "two roots": "<testsuite/><testsuite/>",
    "an unclosed comment": f"{OPEN}<!-- {'x' * 5_000_000}",
    "a NUL": f"{OPEN}<testcase name='a\x00b'/></testsuite>",
    "an unknown encoding": "<?xml version='1.0' encoding='klingon'?><testsuite/>",
    "another multi-byte encoding": "<?xml version='1.0' encoding='shift_jis'?><testsuite/>",
    "a web page": "<html><body>Sign in</body></html>",
    "JSON": '{"tests": []}',
    "nothing": "",
    "spaces": " \n\t ",
    "an archive": "PK\x03\x04" + "x" * 100,
}  # fmt: skip


def _refusal(content: bytes) -> tuple[str, float, float]:
    tracemalloc.start()
    started = time.process_time()
    try:
        with pytest.raises(FileRefused) as refused:
            for _ in JUnitImporter().parse(io.BytesIO(content), {}):
                pass
        return str(refused.value), time.process_time() - started, tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_xml_is_refused_quickly_and_in_little_memory(kind):
    reason, seconds, megabytes = _refusal(HOSTILE[kind].encode())
    assert reason.endswith(".")
    assert seconds < 2
    assert megabytes < 200


def test_bytes_that_are_no_text_are_refused():
    for content in (b"\xff\xfe\x00\x01\x02", b"\x89PNG\r\n\x1a\n", bytes(range(256))):
        assert _refusal(content)[0]


def test_a_document_type_is_named_as_the_reason():
    assert "document type (DTD)" in _refusal(HOSTILE["billion laughs"].encode())[0]
    assert _refusal(HOSTILE["nesting of suites"].encode())[0] == "Line 1: more than 64 elements inside each other."
    assert "a single tag of more than" in _refusal(HOSTILE["an endless attribute"].encode())[0]


def test_a_long_output_is_no_hostility_and_costs_no_memory():
    lines = "log line\n" * 2_000_000
    output = f"<system-out><![CDATA[{lines}]]></system-out>"
    content = f"{OPEN}<testcase name='a'>{output}</testcase>{output}</testsuite>".encode()
    stream = io.BytesIO(content)
    tracemalloc.start()
    (row,) = JUnitImporter().parse(stream, {})
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert isinstance(row, RunRow)
    assert row.outcome == "PASSED"
    assert peak < 5


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n\n", b"\xff\xfe\xfd", b"a\x00b\n", b"PK\x03\x04zip", "ä,b\n1,2\n".encode("latin-1"),
        b"external_id" + b"," * 30_000 + b"\n", b"x" * 100_000, b'external_id\n"open', b"external_id\n" + b"\x00",
        b'external_id\n"' + b"x" * 200_000 + b'"\n', b"other\n1\n", b"external_id,external_id\n1,2\n",
    ],
)  # fmt: skip
def test_hostile_csv_is_refused(content):
    with pytest.raises(FileRefused) as refused:
        list(read_csv(io.BytesIO(content), [Column("external_id", required=True)]))
    assert str(refused.value).endswith(".")
