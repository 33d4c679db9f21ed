"""Rows as a typed table, wanted where the output is one: the lines of a JSONL file, the bytes of a CSV file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from solicitation_detector.rescoring.rows import Rows, parse_line, python_values

_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError)


def json_schema(batches: Iterable[Rows]) -> pa.Schema:
    """A type for every key of a JSONL file; values that have no type in common are kept as JSON text."""
    types: dict[str, pa.DataType] = {}
    for rows in batches:
        objects = [parse_line(line) for line in rows.lines()]
        for name in dict.fromkeys(key for row in objects for key in row):
            found = _type_of([row.get(name) for row in objects])
            types[name] = _common_type(types[name], found) if name in types else found
    return pa.schema([pa.field(name, pa.string() if pa.types.is_null(kind) else kind) for name, kind in types.items()])


def _type_of(values: list[Any]) -> pa.DataType:
    try:
        return pa.array(values).type
    except _UNFIT:
        return pa.string()


def _common_type(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if one == other:
        return one
    schemas = [pa.schema([pa.field("values", kind)]) for kind in (one, other)]
    try:
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.string()


def table_batch(rows: Rows, schema: pa.Schema) -> pa.RecordBatch:
    """Rows as columns of a schema: that of their file, or one in which text stands for bytes or lines."""
    if rows.json_lines:
        objects = [parse_line(line) for line in rows.lines()]
        columns = [_column([row.get(field.name) for row in objects], field.type) for field in schema]
    else:
        columns = [
            column if column.type == field.type else _column(python_values(column), field.type)
            for column, field in zip(rows.data.columns, schema, strict=True)
        ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    if not pa.types.is_string(kind):
        return pa.array(values, kind)
    return pa.array([value if value is None else _as_text(value) for value in values], kind)


def _as_text(value: Any) -> str:
    """Strings as they are, other values as JSON; what no table can hold, lone surrogates, is escaped."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
