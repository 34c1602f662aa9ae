"""What REST views of every app share: JSON that cannot hurt, documented problems, ids from an address."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import APIException, NotFound, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from svtad.lib.errors import InvalidInput
from svtad.lib.problems import CONTENT_TYPE

_PUBLIC_ID = re.compile(r"[A-Za-z0-9]{22}")
#: What a problem says, by status, in the description of the API.
PROBLEMS = {
    400: "What was sent in cannot be taken; `errors` names each field, and the row where there are rows.",
    401: "No token, or one that has ended.",
    403: "You may not do this; `clause` names the rule where there is one.",
    404: "There is no such thing among those you may see.",
    406: "Only JSON is served.",
    409: "The state of the thing does not allow it; `clause` names the rule where there is one.",
    413: "More was sent in than is taken at once.",
    415: "Sent in as a media type that is not read here.",
}


class TooLarge(APIException):
    """More was sent in than is read into memory at once."""

    status_code = 413
    default_detail = "More was sent in than is taken at once: send it in parts, or as a file."


class StrictJSONParser(JSONParser):
    """JSON, nested no deeper than Python reads it."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the value. Raises ParseError."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


def check_size(request: Request) -> None:
    """Raise TooLarge where a body that is no file brings more than DATA_UPLOAD_MAX_MEMORY_SIZE."""
    if str(request.content_type or "").startswith("multipart/"):
        return  # its files are streamed, each within its own limit
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if length.isdigit() and int(length) > limit:
        raise TooLarge


class ProblemErrorSerializer(serializers.Serializer[Any]):
    """One thing wrong with what was sent in."""

    row = serializers.IntegerField(allow_null=True, help_text="1-based; null where there are no rows.")
    field = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    clause = serializers.CharField(required=False, help_text="The rule that turned it away.")
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]


def answers(ok: Mapping[int, Any], *problems: int) -> dict[Any, Any]:
    """Return the documented answers of an operation: `ok`, and these problems besides those any call may get."""
    codes = sorted({401, 403, 406, *problems})
    return {
        **ok,
        **{
            (code, CONTENT_TYPE): OpenApiResponse(response=ProblemSerializer, description=PROBLEMS[code])
            for code in codes
        },
    }


_SIZE = OpenApiParameter("page_size", OpenApiTypes.INT, description="Rows a page: 100 if not said, at most 1000.")
#: What a list cut by page number, and one cut by cursor, may be asked.
PAGE_PARAMETERS = [OpenApiParameter("page", OpenApiTypes.INT, description="1 is the first."), _SIZE]
CURSOR_PARAMETERS = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of another page."),
    _SIZE,
]


def page_of(row: type[serializers.Serializer[Any]]) -> Any:
    """Return the description of a page of such rows, cut by page number."""
    return inline_serializer(
        f"PageOf{_name(row)}",
        {
            "count": serializers.IntegerField(),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": row(many=True),
        },
    )


def cursor_page_of(row: type[serializers.Serializer[Any]]) -> Any:
    """Return the description of a page of such rows, cut by cursor."""
    return inline_serializer(
        f"CursorPageOf{_name(row)}",
        {
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": row(many=True),
        },
    )


def _name(row: type[serializers.Serializer[Any]]) -> str:
    return row.__name__.removesuffix("Serializer")


def find(rows: QuerySet[Any], public_id: str) -> Any:
    """Return the row of that public id. Raises NotFound, also for what is no id at all."""
    found = rows.filter(public_id=public_id).first() if _PUBLIC_ID.fullmatch(public_id) else None
    if found is None:
        raise NotFound
    return found


def named(
    rows: QuerySet[Any], public_id: str | None, *, field: str, row: int | None = None, what: str = "thing"
) -> Any:
    """Return the row that a body names in `field` (of its `row`, where it has rows); None where it names none.

    `rows` are those that the caller may see. Raises InvalidInput for what is not among them.
    """
    if not public_id:
        return None
    try:
        return find(rows, public_id)
    except NotFound:
        raise InvalidInput.one(field, f"There is no such {what} among those you may see.", row=row) from None


class PublicIdField(serializers.CharField):
    """A public id, as an address shows it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 22)
        super().__init__(**kwargs)


class MomentField(serializers.DateTimeField):
    """An instant with its time zone (London where none is named), in this century: anything else is a slip."""

    default_error_messages = {"century": "This is not a moment of this century."}

    def to_internal_value(self, value: Any) -> dt.datetime:
        """Return the instant in UTC. Raises ValidationError."""
        moment = super().to_internal_value(value)
        if not 2000 <= moment.year < 2100:
            self.fail("century")
        return moment.astimezone(dt.UTC)


class DayField(serializers.DateField):
    """A London day of this century."""

    default_error_messages = {"century": "This is not a day of this century."}

    def to_internal_value(self, value: Any) -> dt.date:
        """Return the day. Raises ValidationError."""
        day = super().to_internal_value(value)
        if not 2000 <= day.year < 2100:
            self.fail("century")
        return day


class PlainJSONField(serializers.JSONField):
    """A JSON object of texts, numbers and flags, at most three deep, that any database can hold."""

    default_error_messages = {"object": "An object is wanted.", "deep": "This is nested too deeply."}
    _text = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=20_000)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the object with every text in it checked. Raises ValidationError."""
        try:
            value = super().to_internal_value(data)
        except RecursionError:
            self.fail("deep")
        if not isinstance(value, dict):
            self.fail("object")
        cleaned: dict[str, Any] = self._cleaned(value, 3)
        return cleaned

    def _cleaned(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return self._text.run_validation(value)
        if isinstance(value, dict | list) and not depth:
            self.fail("deep")
        if isinstance(value, dict):
            return {self._text.run_validation(key): self._cleaned(held, depth - 1) for key, held in value.items()}
        if isinstance(value, list):
            return [self._cleaned(held, depth - 1) for held in value]
        return value


class StrictSerializer(serializers.Serializer[Any]):
    """What a caller may send, and nothing else: a field nobody asked for is an error, since it may be a slip."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked values. Raises ValidationError, naming unknown fields too."""
        if isinstance(data, Mapping):
            unknown = sorted(str(name) for name in data if name not in self.fields)
            if unknown:
                raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


def checked(serializer: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """Return what `serializer` makes of `data`. Raises ValidationError."""
    reader = serializer(data=data)
    reader.is_valid(raise_exception=True)
    values: dict[str, Any] = reader.validated_data
    return values
