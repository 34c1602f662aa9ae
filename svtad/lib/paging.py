"""How REST lists are cut into pages."""

from __future__ import annotations

from rest_framework.pagination import CursorPagination, PageNumberPagination


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
