"""The PDF engine fetches nothing but our own files, by name."""

from __future__ import annotations

import contextlib
import http.server
import io
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pypdf import PdfReader

from reports.rendering import engine
from reports.rendering.assets import FONTS, AssetRefused, asset
from reports.rendering.engine import Attached, RenderingFailed, RenderingTooLong, to_pdf
from reports.rendering.fetching import MAX_DATA_URL, AssetFetcher

pytestmark = pytest.mark.once

CANARY = "canary-7f3a91"


def page(body: str, *, head: str = "") -> str:
    return f'<html lang="en-GB"><head><title>T</title>{head}</head><body><h1>A</h1>{body}</body></html>'


@pytest.fixture
def secret(tmp_path):
    """A file on this machine that no report may read."""
    path = tmp_path / "secret.txt"
    path.write_text(CANARY)
    return path


@pytest.fixture
def listener():
    """A server on this machine that writes down every request, and redirects where it is asked to."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(302 if "redirect" in self.path else 200)
            if "redirect" in self.path:
                self.send_header("Location", "/landed")
            self.send_header("Content-Type", "text/css")
            self.end_headers()
            self.wfile.write(CANARY.encode())

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join(5)


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><title>t</title>{inner}</svg>'
INNER_SVG = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' width='9' height='9'%3E"
    "%3Cimage href='URL' width='9' height='9'/%3E%3C/svg%3E"
)

#: Ways of asking for a URL, as (in the body, in the head).
VECTORS = {
    "img": ('<img src="URL" alt="x">', ""),
    "img srcset": ('<img src="x" srcset="URL 2x" alt="x">', ""),
    "picture": ('<picture><source srcset="URL"><img src="URL" alt="x"></picture>', ""),
    "object": ('<object data="URL">x</object>', ""),
    "embed": ('<embed src="URL">', ""),
    "iframe": ('<iframe src="URL"></iframe>', ""),
    "link stylesheet": ("", '<link rel="stylesheet" href="URL">'),
    "link attachment": ("", '<link rel="attachment" href="URL">'),
    "a attachment": ('<a rel="attachment" href="URL">x</a>', ""),
    "style import": ("", '<style>@import url("URL");</style>'),
    "style import string": ("", '<style>@import "URL";</style>'),
    "background": ('<p style="background: url(URL)">x</p>', ""),
    "list style": ('<ul style="list-style-image: url(URL)"><li>x</li></ul>', ""),
    "content": ("<p>x</p>", '<style>p::before { content: url("URL") }</style>'),
    "border image": ('<p style="border: 2px solid; border-image: url(URL)">x</p>', ""),
    "mask": ('<p style="mask-border: url(URL)">x</p>', ""),
    "font face": ("<p>x</p>", '<style>@font-face {font-family: F; src: url("URL")} p {font-family: F}</style>'),
    "page background": ("", '<style>@page { background: url("URL") }</style>'),
    "svg image": (SVG.format(inner='<image href="URL" width="9" height="9"/>'), ""),
    "svg use": (SVG.format(inner='<use href="URL#a"/>'), ""),
    "svg style": (SVG.format(inner='<style>@import "URL";</style>'), ""),
    "svg in data": (f'<img alt="x" src="data:image/svg+xml,{INNER_SVG}">', ""),
    "base": ('<img src="secret.txt" alt="x">', '<base href="URL">'),
    "meta refresh": ("", '<meta http-equiv="refresh" content="0; url=URL">'),
    "color profile": ("", '<style>@color-profile --x { src: url("URL") }</style>'),
}


def in_all_streams(content: bytes, needle: bytes) -> bool:
    """Whether the bytes of a PDF hold `needle`, in any stream as well."""
    reader = PdfReader(io.BytesIO(content))
    numbers = [*reader.xref[0], *reader.xref_objStm]
    items: Iterator[Any] = (reader.get_object(number) for number in numbers)
    return needle in content or any(needle in item.get_data() for item in items if hasattr(item, "get_data"))


@pytest.mark.parametrize("vector", VECTORS)
def test_no_way_of_asking_leaks_a_file_or_reaches_the_network(vector, secret, listener, monkeypatch):
    server, asked = listener
    body, head = VECTORS[vector]
    # What cannot be fetched is an error that fails a report; here the page is wanted all the same, to look into it.
    monkeypatch.setattr(engine, "_check", lambda complaints: None)
    urls = (secret.as_uri(), f"{server}/x", f"{server}/redirect")
    html = page(
        "".join(body.replace("URL", url) for url in urls), head="".join(head.replace("URL", url) for url in urls)
    )
    with contextlib.suppress(RenderingFailed):
        content = to_pdf(html, identity="x", attached=[])
        assert not in_all_streams(content, CANARY.encode())
        assert PdfReader(io.BytesIO(content)).attachments == {}
    assert asked == []


def test_the_search_for_the_secret_would_find_it(secret):
    attached = [Attached(name="x", description="x", content=secret.read_bytes())]
    assert in_all_streams(to_pdf(page("x"), identity="x", attached=attached), CANARY.encode())


def test_the_engines_own_fetcher_would_have_leaked(secret):
    from weasyprint import HTML

    html = page(f'<a rel="attachment" href="{secret.as_uri()}">x</a>')
    assert in_all_streams(HTML(string=html).write_pdf(), CANARY.encode())


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "http://127.0.0.1/",
        "https://example.test/",
        "ftp://example.test/",
        "//example.test/x",
        "/etc/passwd",
        "asset:../../pyproject.toml",
        "asset:/etc/passwd",
        "asset:report.css/../../settings.py",
        "asset:SourceSansPro-It.ttf",
        "asset:",
        "asset:%2e%2e/x",
        "jar:file:///x",
        "gopher://x",
        "",
        "data:text/plain",
        "data:" + "x" * MAX_DATA_URL,
    ],
)
def test_the_fetcher_refuses_all_but_our_own_files(url):
    with pytest.raises(AssetRefused):
        AssetFetcher().fetch(url)
    with pytest.raises(AssetRefused):
        AssetFetcher().open(url)


def test_our_own_files_and_small_data_urls_are_given():
    fetcher = AssetFetcher()
    assert fetcher.fetch("asset:report.css").read() == asset("report.css")
    assert fetcher.fetch(f"asset:{FONTS[0]}").read()[:4] in (b"\x00\x01\x00\x00", b"OTTO")
    assert fetcher.fetch("data:text/plain,a%20b").read() == b"a b"
    assert fetcher.fetch("data:text/plain;base64,YWI=").read() == b"ab"


def test_a_picture_that_cannot_be_had_fails_the_report():
    with pytest.raises(RenderingFailed, match="Failed to load image"):
        to_pdf(page('<img src="file:///nothing" alt="x">'), identity="x", attached=[])


def test_a_link_to_nowhere_fails_the_report():
    with pytest.raises(RenderingFailed, match="No anchor #nowhere"):
        to_pdf(page('<a href="#nowhere">x</a>'), identity="x", attached=[])


def test_a_page_without_a_language_fails_the_report():
    with pytest.raises(RenderingFailed, match="lang"):
        to_pdf("<html><title>T</title><p>x</p></html>", identity="x", attached=[])


def test_a_report_that_takes_too_long_is_stopped():
    with pytest.raises(RenderingTooLong):
        to_pdf(page("<p>x</p>"), identity="x", attached=[], time_limit=-1)


def test_whoever_listens_to_the_pages_can_stop_them():
    class Stop(Exception):
        pass

    def stop(number: int) -> None:
        raise Stop(number)

    with pytest.raises(Stop):
        to_pdf(page("<p>x</p>"), identity="x", attached=[], on_page=stop)


def test_the_engines_loggers_are_left_as_they_were():
    names = ("weasyprint", "weasyprint.progress")
    before = [(logger.level, logger.propagate, list(logger.handlers)) for logger in map(logging.getLogger, names)]
    to_pdf(page("<p>x</p>"), identity="x", attached=[])
    after = [(logger.level, logger.propagate, list(logger.handlers)) for logger in map(logging.getLogger, names)]
    assert after == before


def test_attached_files_are_found_by_their_names_in_order():
    attached = [Attached(name=name, description=name, content=name.encode()) for name in ("z.json", "a.json", "m.bin")]
    reader = PdfReader(io.BytesIO(to_pdf(page("<p>x</p>"), identity="x", attached=attached)))
    assert {name: files[0] for name, files in reader.attachments.items()} == {
        "a.json": b"a.json",
        "m.bin": b"m.bin",
        "z.json": b"z.json",
    }
    root: Any = reader.root_object
    tree = root["/Names"]["/EmbeddedFiles"]["/Names"]
    assert tree[::2] == sorted(tree[::2])
