"""Gated classes in models of pydantic, and so behind FastAPI.

Left to itself, pydantic makes a dataclass without calling it and lays its fields into ``__dict__``, where
a gated record never looks: it would have none. So what pydantic has checked goes through the class, which
holds a status that takes a sign-off to its terms.
"""

from __future__ import annotations

import dataclasses
from importlib import import_module
from typing import Any

from ._errors import SignoffRequired


def schema_of(cls: Any, source: Any, handler: Any) -> Any:
    """The schema by which pydantic checks fields, makes records of them, and writes records out."""
    core_schema: Any = import_module("pydantic_core.core_schema")
    plain: dict[str, Any] = dict(handler.resolve_ref_schema(handler(source)))
    # Wherever else the class is named, also in its own fields, this schema is meant and not the plain one.
    ref = plain.pop("ref", None)
    fields: Any = plain["schema"]
    named = [field for field in fields.get("fields", ()) if field.get("init_only")]
    only = tuple(str(field["name"]) for field in named)
    taken = {field.name for field in dataclasses.fields(cls) if field.init}

    def make(value: Any, check: Any) -> Any:
        if isinstance(value, cls):
            return value
        checked, rest = check(value)
        given = {name: of for name, of in checked.items() if name in taken}
        try:
            return cls(**given, **dict(zip(only, rest or (), strict=False)))
        except SignoffRequired as error:
            failed: Any = import_module("pydantic_core").PydanticCustomError
            raise failed("signoff_required", "{why}", {"why": str(error)}) from error

    written = core_schema.wrap_serializer_function_ser_schema(_as_it_is, schema=plain)
    return core_schema.no_info_wrap_validator_function(make, fields, ref=ref, serialization=written)


def _as_it_is(record: Any, write: Any) -> Any:
    return write(record)
