"""How REST lists are cut into pages."""

from __future__ import annotations

import re
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination, PageNumberPagination

_POSITION = re.compile(r"[0-9]{1,18}")


class Pages(PageNumberPagination):
    """A hundred rows a page, `?page=`, and `?page_size=` up to a thousand."""

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000


class Cursor(CursorPagination):
    """The newest first, from one page's `next` address to the following one.

    Costs the same at any depth, and rows that arrive meanwhile neither shift a page nor come twice.
    Rows may be models or dictionaries with an `id`.
    """

    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
    ordering = "-id"

    def decode_cursor(self, request: Any) -> Any:
        """Return where the page begins. Raises NotFound for a cursor that no page of ours gave."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not _POSITION.fullmatch(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor
