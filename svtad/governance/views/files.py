"""Handing out stored files to those who may see them."""

from __future__ import annotations

from http import HTTPStatus

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.files import open_file
from svtad.governance.models import StoredFile
from svtad.parties.views.pages import PageRequest, page


@page("GET")
def download(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send the bytes as an attachment, never to be run or shown in the page's own origin."""
    return sent(request, get_object_or_404(StoredFile.objects.visible_to(request.actor), public_id=public_id))


def sent(request: HttpRequest, stored: StoredFile) -> HttpResponseBase:
    """Return the file as a download, whoever asked being one who may have it."""
    try:
        content = open_file(stored)
    except FileNotFoundError:
        return render(request, "governance/file_gone.html", {"file": stored}, status=HTTPStatus.GONE)
    response = FileResponse(content, as_attachment=True, filename=stored.name, content_type=stored.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
