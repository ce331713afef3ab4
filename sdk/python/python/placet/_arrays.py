"""What JSON makes of the values of numpy. It is loaded where numpy is, and nowhere else."""

from __future__ import annotations

from datetime import date
from typing import Any

from ._plain import AS_IT_IS, FIXED, FOREIGN, WATCHED, Opaque, Plain, digits, exact, kind_of, name_of

_PLACES = 18
"""Attoseconds are the finest that numpy counts."""

_SECOND = 10**_PLACES

_UNITS = {
    "W": 604_800 * _SECOND,
    "D": 86_400 * _SECOND,
    "h": 3_600 * _SECOND,
    "m": 60 * _SECOND,
    "s": _SECOND,
    "ms": 10**15,
    "us": 10**12,
    "ns": 10**9,
    "ps": 10**6,
    "fs": 10**3,
    "as": 1,
}
"""How many attoseconds the units of numpy have that always have as many."""

_MONTHS = {"Y": 12, "M": 1}
"""How many months the others have."""


def of_numpy(value: Any, numpy: Any) -> Plain:
    """A scalar or an array."""
    kind = kind_of(value)
    if isinstance(value, numpy.ndarray):
        return _array(value, numpy)
    if isinstance(value, (numpy.complexfloating, numpy.void)):
        raise Opaque(f"{name_of(value)} cannot be written as JSON")
    if isinstance(value, numpy.datetime64):
        inner: Any = _moment(value, numpy)
    elif isinstance(value, numpy.timedelta64):
        inner = _span(value, numpy)
    elif isinstance(value, numpy.character):
        # Zeros at their ends would be missing from what numpy makes of them.
        inner = bytes.__getitem__(value, slice(None)) if isinstance(value, bytes) else str.__str__(value)
    else:
        inner = numpy.generic.item(value)
    if isinstance(inner, numpy.generic):
        # A long double, which no Python number holds.
        raise Opaque(f"{name_of(value)} holds more than a number of Python")
    if kind in numpy.sctypeDict.values():
        return inner, AS_IT_IS, FIXED
    return inner, None, FOREIGN


def _array(value: Any, numpy: Any) -> Plain:
    if kind_of(value) is not numpy.ndarray:
        raise Opaque(f"{name_of(value)} is a kind of array of its own; pass a numpy.ndarray")
    if value.dtype.kind == "V":
        raise Opaque("an array of records cannot be written as JSON; pass its columns")
    if value.dtype.hasobject:
        # What is in it may be anything, and a copy would have the same in it.
        return value.tolist(), AS_IT_IS, WATCHED
    copy = value.copy()
    # Among the values of Python there are none for all moments.
    values = _scalars(copy) if value.dtype.kind in "mM" else copy.tolist()
    return values, lambda _: copy, WATCHED


def _scalars(array: Any) -> Any:
    return array[()] if array.ndim == 0 else [_scalars(array[n, ...]) for n in range(len(array))]


def _moment(value: Any, numpy: Any) -> str:
    """As a datetime of Python says it, with more places where there are more."""
    if numpy.isnat(value):
        raise Opaque(f"this {name_of(value)} is no moment")
    inner = numpy.generic.item(value)
    if isinstance(inner, date):
        return inner.isoformat()
    whole, _, places = str(numpy.datetime_as_string(value)).partition(".")
    places = places.rstrip("0")
    return f"{whole}.{places.ljust(6, '0')}" if places else whole


def _span(value: Any, numpy: Any) -> dict[str, Any]:
    """As a timedelta of Python is written, or in months where it has no fixed length."""
    if numpy.isnat(value):
        raise Opaque(f"this {name_of(value)} is no span of time")
    unit, count = numpy.datetime_data(value.dtype)
    number = int(value.astype("int64")) * int(count)
    if unit in _MONTHS:
        return {"$months": number * _MONTHS[unit]}
    if unit not in _UNITS:
        raise Opaque(f"this {name_of(value)} has no unit")
    return {"$seconds": digits(exact(number * _UNITS[unit], _PLACES))}
