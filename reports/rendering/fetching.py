"""What a report's HTML may fetch: `data:` and our own files, by name."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from weasyprint.urls import URLFetcher, URLFetcherResponse

from reports.rendering.assets import MEDIA_TYPES, SCHEME, AssetRefused, asset

#: A `data:` URL longer than this is refused: nothing we draw comes near it.
MAX_DATA_URL = 100_000


class AssetFetcher(URLFetcher):  # type: ignore[misc]  # weasyprint carries no types
    """Fetches from memory only: no file, no network, and so no redirect.

    WeasyPrint's own fetcher opens files and any host; every way of opening is taken away here, not
    only the one it calls first.
    """

    def __init__(self) -> None:
        super().__init__(allowed_protocols=("asset", "data"), allow_redirects=False, fail_on_errors=False)
        self.refused: list[str] = []

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """Return one of our files or the bytes of a `data:` URL. Raises `AssetRefused` for all else."""
        if url.startswith(SCHEME):
            name = url.removeprefix(SCHEME)
            return self._answer(url, asset(name), MEDIA_TYPES[Path(name).suffix])
        if url[:5].lower() == "data:":
            return self._data(url)
        self.refused.append(url[:200])
        raise AssetRefused(f"a report fetches nothing from {url[:200]}")

    def open(self, fullurl: Any, data: Any = None, timeout: Any = None) -> URLFetcherResponse:
        """Refuse the opener that this class inherits; only `fetch` answers."""
        return self.fetch(fullurl if isinstance(fullurl, str) else fullurl.full_url)

    def _data(self, url: str) -> URLFetcherResponse:
        if len(url) > MAX_DATA_URL:
            raise AssetRefused(f"a data: URL of {len(url)} characters")
        head, comma, body = url[5:].partition(",")
        if not comma:
            raise AssetRefused("a data: URL without data")
        if head.endswith(";base64"):
            return self._answer(url, b64decode(body), head.removesuffix(";base64") or "text/plain")
        return self._answer(url, unquote_to_bytes(body), head or "text/plain")

    def _answer(self, url: str, body: bytes, media_type: str) -> URLFetcherResponse:
        return URLFetcherResponse(url, body, {"Content-Type": media_type})
