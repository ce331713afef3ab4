"""What JSON makes of the values that it does not know.

The engine freezes ``dict``, ``list``, ``tuple``, ``str``, ``int``, ``float``, ``bool`` and ``None``
by itself and asks here for everything else. Nothing is ever described by its ``repr``: that may be
different every time, and may hold what nobody wants on record.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from ._shape import is_dict, is_list, is_tuple

if TYPE_CHECKING:
    from typing import TypeGuard

_MAX_DIGITS = 400
"""Longest number that is written out. Nothing that is paid or counted has as many digits."""

Plain = tuple[Any, bool]
"""A value that is nearer to JSON, and whether the original can never change."""


class Opaque(TypeError):
    """A value that nobody can freeze."""


def digits(number: Any) -> str:
    """A number as its digits, without an exponent and without zeros that say nothing.

    What is no number at all keeps its own text: whoever reads it finds that it makes no sense.
    """
    from decimal import Decimal

    if isinstance(number, int):
        if abs(number).bit_length() > _MAX_DIGITS * 3:
            raise Opaque(f"a whole number of more than {_MAX_DIGITS} digits")
        return str(int(number))
    if isinstance(number, float):
        if not math.isfinite(number):
            return str(float(number))
        number = Decimal(repr(float(number)))
    if not isinstance(number, Decimal):
        raise Opaque(f"a number is expected, but this is {_name(number)}")
    if not number.is_finite():
        return str(number)
    _, figures, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if len(figures) + abs(exponent) > _MAX_DIGITS:
        raise Opaque(f"a number of more than {_MAX_DIGITS} digits")
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _decimal(number: Any) -> Plain:
    """A number like any other, so that 10, 10.0 and 1E+1 are one action."""
    if not number.is_finite():
        raise Opaque(f"{number} is no number that can be decided on")
    text = digits(number)
    if "." not in text:
        return int(text), True
    near = float(text)
    return (near, True) if digits(near) == text else (text, True)


def _bytes(value: bytes) -> dict[str, str]:
    """As text where it is one, so that whoever reads it, people and inspection, sees what it says."""
    try:
        return {"$bytes": value.decode("utf-8")}
    except UnicodeDecodeError:
        import base64

        return {"$base64": base64.b64encode(value).decode("ascii")}


def plain(value: Any) -> Plain:
    """Something nearer to JSON that says all that the value says.

    Raises :class:`Opaque` where there is no such thing.
    """
    if isinstance(value, bytes):
        return _bytes(value), True
    if isinstance(value, bytearray):
        return _bytes(bytes(value)), False
    if _is_view(value):
        return _bytes(value.tobytes()), False
    found = _by_module(value)
    if found is not None:
        return found
    # Subclasses of what JSON knows. What they add to it cannot be seen.
    if isinstance(value, bool):
        return bool(value), True
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value), True
    if is_tuple(value):
        return _tuple(value), False
    if is_dict(value):
        return dict(value), False
    if is_list(value):
        return list(value), False
    if isinstance(value, (set, frozenset)):
        return _set(value), False
    raise Opaque(
        f"{_name(value)} cannot be written as JSON; pass what matters of it, or say with payload= "
        "what is to be decided on"
    )


def _is_view(value: Any) -> TypeGuard[memoryview[int]]:
    return isinstance(value, memoryview)


def _by_module(value: Any) -> Plain | None:
    """The types of modules that are imported already: nobody can hold a value of another."""
    loaded = sys.modules
    if (enum := loaded.get("enum")) and isinstance(value, enum.Enum):
        return _enum(value), True
    if (decimal := loaded.get("decimal")) and isinstance(value, decimal.Decimal):
        return _decimal(value)
    if (fractions := loaded.get("fractions")) and isinstance(value, fractions.Fraction):
        return f"{value.numerator}/{value.denominator}", True
    if (datetime := loaded.get("datetime")) and isinstance(
        value, (datetime.date, datetime.time, datetime.timedelta)
    ):
        return _moment(value, datetime), True
    if (uuid := loaded.get("uuid")) and isinstance(value, uuid.UUID):
        return str(value), True
    if (pathlib := loaded.get("pathlib")) and isinstance(value, pathlib.PurePath):
        return str(value), True
    if (dataclasses := loaded.get("dataclasses")) and dataclasses.is_dataclass(value):
        return _dataclass(value, dataclasses)
    if (pydantic := loaded.get("pydantic")) and isinstance(value, pydantic.BaseModel):
        return dict(value.model_dump(mode="python")), False
    if (numpy := loaded.get("numpy")) and isinstance(value, (numpy.generic, numpy.ndarray)):
        return _numpy(value, numpy)
    return None


def _enum(value: Any) -> Any:
    inner = value.value
    is_plain = isinstance(inner, (str, int, float, bool)) and not isinstance(inner, type(value))
    return inner if is_plain else value.name


def _moment(value: Any, datetime: Any) -> Any:
    if isinstance(value, datetime.timedelta):
        return {"$seconds": digits(_seconds(value))}
    return value.isoformat()


def _seconds(value: Any) -> Any:
    from decimal import Decimal

    return Decimal(value.days * 86_400 + value.seconds) + Decimal(value.microseconds) / 1_000_000


def _dataclass(value: Any, dataclasses: Any) -> Plain:
    if isinstance(value, type):
        raise Opaque(f"{_name(value)} is a class, not a value")
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return fields, False


def _numpy(value: Any, numpy: Any) -> Plain:
    if isinstance(value, numpy.ndarray):
        return value.tolist(), False
    if isinstance(value, (numpy.complexfloating, numpy.void)):
        raise Opaque(f"{_name(value)} cannot be written as JSON")
    inner = value.item()
    if isinstance(inner, numpy.generic):
        # A long double, which no Python number holds.
        raise Opaque(f"{_name(value)} holds more than a number of Python")
    return inner, True


def _tuple(value: tuple[Any, ...]) -> Any:
    names: Any = getattr(value, "_fields", None)
    if is_tuple(names) and len(names) == len(value):
        return dict(zip(names, value, strict=True))
    return list(value)


def _set(value: Any) -> list[Any]:
    try:
        return sorted(value)
    except TypeError:
        raise Opaque("a set whose members have no order; pass a sorted list") from None


def _name(value: Any) -> str:
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"
