"""Members of enums.

The function gets the member itself, so all that it can read of it is part of what is decided on.
"""

from __future__ import annotations

from typing import Any

from ._plain import Opaque, kind_of, name_of, scalar
from ._shape import is_tuple

_FIXED = (str, int, float, bool, bytes, type(None))
"""What nobody can change."""

_SAYING = ("value", "name", "_value_", "_name_", "__getattribute__")
"""What a class can have of its own, by which a member says something else than it is."""


def of_enum(value: Any, enum: Any) -> Any:
    """A member as its value, where that is a plain one, and else as its name: with all of its value,
    where that could change."""
    kind = kind_of(value)
    own = next((name for cls in _own(kind, enum) for name in _SAYING if name in vars(cls)), None)
    if own is not None and own not in kind.__members__:
        raise Opaque(f"{name_of(value)} has {own} of its own; pass the value of the member")
    if not isinstance(value, enum.Flag) and kind.__members__.get(value._name_) is not value:
        raise Opaque(f"this {name_of(value)} is no member of its enum")
    inner = value._value_
    is_plain = type(inner) in (str, int, float, bool)
    data = scalar(value)
    if data is not None:
        if is_plain and inner != data:
            raise Opaque(f"this {name_of(value)} is one thing and has another as its value")
        return data
    if is_plain:
        return inner
    return value._name_ if _is_fixed(inner) else {"name": value._name_, "value": inner}


def _own(kind: type, enum: Any) -> list[type]:
    """The classes of the program's own that it is made from."""
    return [cls for cls in kind.__mro__ if cls.__flags__ & _MADE and not _is_of(cls, enum)]


_MADE = 1 << 9
"""What Python notes of a class that was made by a program, and not built in."""


def _is_of(cls: type, enum: Any) -> bool:
    return getattr(enum, cls.__name__, None) is cls


def _is_fixed(value: Any) -> bool:
    if is_tuple(value) and kind_of(value) is tuple:
        return all(map(_is_fixed, value))
    return kind_of(value) in _FIXED
