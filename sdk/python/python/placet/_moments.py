"""Dates, times and lengths of time, and what they are by: the zone.

A zone of the program's own can say one offset to people and another to the function. Where it is not one
of those whose code is known, the function gets the same moment with the offset that was decided on.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

from ._plain import FIXED, FOREIGN, WATCHED, Opaque, Plain, digits, exact, kind_of, name_of

_PARTS = {
    "datetime": ("year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"),
    "date": ("year", "month", "day"),
    "time": ("hour", "minute", "second", "microsecond", "tzinfo"),
    "timedelta": ("days", "seconds", "microseconds"),
}
"""What the kinds of moments are made from, in this order."""


def of_moment(value: Any, datetime: Any) -> Plain:
    """A moment or a length of time, read by the methods of the built-in class."""
    kinds = (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)
    kind: Any = next(kind for kind in kinds if isinstance(value, kind))
    exact = value if type(value) is kind else _exact(value, kind)
    if not _is_known(getattr(exact, "tzinfo", None), datetime):
        exact = _at_its_offset(exact, datetime)
    if kind is datetime.timedelta:
        near: Any = {"$seconds": digits(_seconds(exact))}
    else:
        near = exact.isoformat()
    zone = getattr(exact, "tzinfo", None)
    known = FIXED if zone is None or type(zone) is datetime.timezone else WATCHED
    return near, lambda _: exact, known if exact is value else FOREIGN


def _exact(value: Any, kind: Any) -> Any:
    """What an instance of a subclass is to the interpreter, if that is all that it says."""
    parts = [getattr(kind, name).__get__(value) for name in _PARTS[kind.__name__]]
    exact = kind(*parts)
    if hasattr(kind, "fold"):
        exact = exact.replace(fold=kind.fold.__get__(value))
    if value != exact or (hasattr(kind, "isoformat") and value.isoformat() != exact.isoformat()):
        raise Opaque(f"{name_of(value)} says something else than a {kind.__name__} does; pass that")
    return exact


def _is_known(zone: Any, datetime: Any) -> bool:
    """Whether a zone is of a class whose code is known to say the same every time."""
    kind = kind_of(zone)
    if zone is None or kind is datetime.timezone:
        return True
    places = (("zoneinfo", "ZoneInfo"), ("pydantic_core", "TzInfo"))
    return any(
        kind is getattr(sys.modules[module], name, None)
        for module, name in places
        if module in sys.modules
    )


def _at_its_offset(moment: Any, datetime: Any) -> Any:
    offset = moment.utcoffset()
    return moment.replace(tzinfo=None if offset is None else datetime.timezone(offset))


def _seconds(value: Any) -> Decimal:
    return exact((value.days * 86_400 + value.seconds) * 10**6 + value.microseconds, 6)
