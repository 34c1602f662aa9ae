"""Frozen dataclasses to JSON and back, with errors that name the path of a bad value.

One small codec serves the facts and the findings. It is driven by the dataclasses' annotations, so that the reader,
the writer and the JSON Schema cannot disagree. It knows exactly the shapes the rulebook uses: strings, integers,
booleans, dates, aware instants, enumerations, optional values, tuples, and dataclasses of these.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

Json = Any
"""A JSON value: dict, list, str, int, bool or None."""

T = TypeVar("T")

Count = Annotated[int, "count"]
"""An integer that counts things: never below 0."""

Id = Annotated[str, "id"]
"""A string that identifies something: never empty."""

Sha256 = Annotated[str, "sha256"]
"""64 lower-case hexadecimal digits."""

_SHA256_PATTERN = "^[0-9a-f]{64}$"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


class FactsError(ValueError):
    """A value that cannot be read or does not hang together.

    ``path`` says where (``facts.issues[3].severity``), ``message`` what is wrong; ``str()`` gives both on one line.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


@cache
def fields_of(cls: type) -> tuple[tuple[str, Any, bool], ...]:
    """The (name, annotation, required) of each field of a dataclass, in order."""
    hints = get_type_hints(cls, include_extras=True)
    return tuple(
        (
            field.name,
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
        )
        for field in dataclasses.fields(cls)
    )


def encode(value: object) -> Json:
    """Turn a dataclass, or any value it may hold, into a JSON value. Instants are written in UTC with a Z."""
    return _encoder_of(type(value))(value)


def _as_it_is(value: Any) -> Json:
    return value


def _instant_text(value: datetime) -> Json:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _rows(value: tuple[Any, ...]) -> Json:
    if not value:
        return []
    kind = value[0].__class__
    write = _encoder_of(kind)
    return [write(item) if item.__class__ is kind else encode(item) for item in value]


def _encoder_of(kind: Any) -> Callable[[Any], Json]:
    """How values of one type are written; found once per type, because facts hold thousands of rows of few types."""
    if kind not in _ENCODERS:
        _ENCODERS[kind] = _encoder(kind)
    return _ENCODERS[kind]


_ENCODERS: dict[Any, Callable[[Any], Json]] = {}


def _encoder(kind: Any) -> Callable[[Any], Json]:
    if issubclass(kind, StrEnum):
        return str.__str__
    if kind in (str, int, bool, NoneType):
        return _as_it_is
    if issubclass(kind, datetime):
        return _instant_text
    if issubclass(kind, date):
        return date.isoformat
    if issubclass(kind, tuple):
        return _rows
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        # Of a single name it would give the value and no tuple.
        fetch = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)

        def write(value: Any) -> Json:
            row = dict(zip(names, fetch(value), strict=True))
            for name, item in row.items():
                if item.__class__ not in _PLAIN:
                    row[name] = encode(item)
            return row

        return write
    raise TypeError(f"the rulebook's JSON has no place for a {kind.__name__}")


_PLAIN = frozenset((str, int, bool, NoneType))


def decode(cls: type[T], value: Json, *, path: str) -> T:
    """Read a JSON value as a dataclass. Unknown keys are refused; raises :class:`FactsError` with the path."""
    result: T = _decode(cls, value, path)
    return result


def canonical_json(value: Json) -> str:
    """The one spelling of a JSON value: keys sorted, no spaces, non-ASCII characters as themselves."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(value: Json) -> str:
    """The SHA-256 of a JSON value's canonical spelling in UTF-8, as 64 hexadecimal digits."""
    return _sha256(canonical_json(value))


def spelling(value: dict[str, Json], *, besides: str) -> tuple[str, str]:
    """The canonical spelling of an object, and the SHA-256 of its spelling without the key ``besides``."""
    parts = [(key, f"{canonical_json(key)}:{canonical_json(item)}") for key, item in sorted(value.items())]
    whole = ",".join(part for _, part in parts)
    hashed = ",".join(part for key, part in parts if key != besides)
    return f"{{{whole}}}", _sha256(f"{{{hashed}}}")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def parse_json(text: str, *, path: str) -> Json:
    """Parse JSON text strictly: a key given twice, NaN and Infinity are refused. Raises :class:`FactsError`."""

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        seen: dict[str, Json] = {}
        for key, item in items:
            if key in seen:
                raise FactsError(path, f"the key {key!r} is given twice")
            seen[key] = item
        return seen

    def constant(name: str) -> Json:
        raise FactsError(path, f"{name} is not a JSON number")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except FactsError:
        raise
    except json.JSONDecodeError as error:
        raise FactsError(path, f"not JSON: {error.msg} at line {error.lineno} column {error.colno}") from error
    except RecursionError as error:
        raise FactsError(path, "not JSON that can be read: nested too deeply") from error
    except ValueError as error:  # a whole number of more digits than Python reads
        raise FactsError(path, "not JSON that can be read: a number is too long") from error


def _decode(kind: Any, value: Json, path: str) -> Any:
    origin = get_origin(kind)
    if origin is Annotated:
        base, rule = get_args(kind)
        return _check_rule(rule, _decode(base, value, path), path)
    if origin in (Union, UnionType):
        if value is None:
            return None
        (inner,) = (part for part in get_args(kind) if part is not NoneType)
        return _decode(inner, value, path)
    if origin is tuple:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise FactsError(path, f"expected a list, found {_name(value)}")
        inner = get_args(kind)[0]
        return tuple(_decode(inner, item, f"{path}[{index}]") for index, item in enumerate(value))
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, value, path)
    return _decode_scalar(kind, value, path)


def _check_rule(rule: str, value: Any, path: str) -> Any:
    if rule == "count" and value < 0:
        raise FactsError(path, f"a count is never below 0, found {value}")
    if rule == "id" and not value:
        raise FactsError(path, "must not be empty")
    if rule == "sha256" and not re.fullmatch("[0-9a-f]{64}", value):
        raise FactsError(path, "expected a SHA-256: 64 lower-case hexadecimal digits")
    return value


def _decode_dataclass(kind: Any, value: Json, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise FactsError(path, f"expected an object, found {_name(value)}")
    known = fields_of(kind)
    names = {name for name, _, _ in known}
    unknown = sorted(set(value) - names)
    if unknown:
        raise FactsError(f"{path}.{unknown[0]}", "unknown key")
    arguments: dict[str, Any] = {}
    for name, hint, required in known:
        if name in value:
            arguments[name] = _decode(hint, value[name], f"{path}.{name}")
        elif required:
            raise FactsError(f"{path}.{name}", "missing")
    return kind(**arguments)


def _decode_scalar(kind: Any, value: Json, path: str) -> Any:
    if kind is bool or kind is int:
        if type(value) is not kind:
            raise FactsError(path, f"expected {_WORDS[kind]}, found {_name(value)}")
        return value
    if not isinstance(value, str):
        raise FactsError(path, f"expected {_WORDS.get(kind, 'a string')}, found {_name(value)}")
    if kind is str:
        return value
    try:
        if kind is date:
            return date.fromisoformat(value)
        if kind is datetime:
            return _instant(value)
        return kind(value)
    except ValueError as error:
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            allowed = ", ".join(member.value for member in kind)
            raise FactsError(path, f"{value!r} is not one of {allowed}") from error
        raise FactsError(path, f"expected {_WORDS[kind]}, found {value!r}") from error


def _instant(text: str) -> datetime:
    if not _INSTANT.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text).astimezone(UTC)


_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    str: "a string",
    date: "a date such as 2019-04-18",
    datetime: "an instant such as 2019-04-18T10:00:00Z",
}


def _name(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the string {value!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, Sequence) else "an object"


def json_schema(cls: type, *, title: str) -> Json:
    """The JSON Schema (draft 2020-12) of a dataclass: what :func:`decode` takes, from the same annotations."""
    definitions: dict[str, Json] = {}
    root = _schema(cls, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(kind: Any, definitions: dict[str, Json]) -> Json:
    origin = get_origin(kind)
    if origin is Annotated:
        base, rule = get_args(kind)
        return {**_schema(base, definitions), **_RULE_SCHEMAS[rule]}
    if origin in (Union, UnionType):
        (inner,) = (part for part in get_args(kind) if part is not NoneType)
        return {"anyOf": [_schema(inner, definitions), {"type": "null"}]}
    if origin is tuple:
        return {"type": "array", "items": _schema(get_args(kind)[0], definitions)}
    if dataclasses.is_dataclass(kind):
        return _dataclass_schema(kind, definitions)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": [member.value for member in kind]}
    return dict(_SCALAR_SCHEMAS[kind])


def _dataclass_schema(kind: Any, definitions: dict[str, Json]) -> Json:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        properties = {field: _schema(hint, definitions) for field, hint, _ in fields_of(kind)}
        definitions[name] = {
            "type": "object",
            "description": " ".join((kind.__doc__ or "").split()),
            "properties": properties,
            "required": [field for field, _, required in fields_of(kind) if required],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


_RULE_SCHEMAS: dict[str, Json] = {
    "count": {"minimum": 0},
    "id": {"minLength": 1},
    "sha256": {"pattern": _SHA256_PATTERN},
}

_SCALAR_SCHEMAS: dict[Any, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
}
