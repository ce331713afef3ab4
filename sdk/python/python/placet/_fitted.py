"""What people wrote in the place of arguments, in the types of what it replaces.

People write JSON. A function that was called with a date is called with a date again, or not at all.
"""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

from ._core import freeze
from ._shape import is_dict, is_list, is_tuple

_TUPLE: Any = tuple


def fitted(new: Any, old: Any) -> Any:
    """The new value, as one of the kind of the old one.

    Raises ``TypeError`` where there is no such value, or nobody knows how to make one.
    """
    if type(new) is type(old) and not (is_dict(new) or is_list(new)):
        return new
    if is_dict(old) and is_dict(new):
        return _dict(new, old)
    if is_list(new) and (is_list(old) or is_tuple(old)):
        listed = [fitted(one, old[at]) if at < len(old) else one for at, one in enumerate(new)]
        return tuple(listed) if is_tuple(old) else listed
    if new is None or old is None:
        return new
    if freeze(new).canonical() == freeze(old).canonical():
        return old
    make = _maker(old)
    if make is None:
        return new
    try:
        return make(new)
    except Exception as error:
        raise TypeError(
            f"people wrote what is no {_kind(old).__name__} in the place of one, so the function "
            "cannot be called with it; deny instead of editing"
        ) from error


def _dict(new: dict[Any, Any], old: dict[Any, Any]) -> Any:
    made = {name: fitted(value, old[name]) if name in old else value for name, value in new.items()}
    if _is_one_of(old, defaultdict):
        return _kind(old)(_of_missing(old), made)
    return _kind(old)(made) if _is_one_of(old, OrderedDict, Counter) else made


def _maker(old: Any) -> Callable[[Any], Any] | None:
    """What makes a value of this kind from what JSON has for it; None where JSON has it itself."""
    kind = _kind(old)
    if kind in (str, bool, dict, list, tuple):
        return None
    if kind is int or kind is float:
        return lambda new: _number(new, kind)
    if isinstance(old, (bytes, bytearray)):
        return lambda new: kind(_bytes(new))
    if isinstance(old, (set, frozenset)):
        return lambda new: kind(new)
    if is_tuple(old):
        return lambda new: _named(new, old)
    return _maker_by_module(old, kind)


def _maker_by_module(old: Any, kind: Any) -> Callable[[Any], Any]:
    """Of the types of modules that are imported already: nobody can hold a value of another."""
    loaded = sys.modules
    if (enum := loaded.get("enum")) and isinstance(old, enum.Enum):
        return lambda new: _member(new, kind)
    for module, name in (("decimal", "Decimal"), ("fractions", "Fraction")):
        if (found := loaded.get(module)) and kind is getattr(found, name):
            return lambda new: kind(_as_text(new, (str, int, float)))
    if (uuid := loaded.get("uuid")) and kind is uuid.UUID:
        return lambda new: kind(_as_text(new, str))
    if (pathlib := loaded.get("pathlib")) and isinstance(old, pathlib.PurePath):
        return lambda new: kind(_as_text(new, str))
    if datetime := loaded.get("datetime"):
        if kind is datetime.timedelta:
            return lambda new: _duration(new, kind)
        if kind in (datetime.date, datetime.time, datetime.datetime):
            return lambda new: kind.fromisoformat(_zoned(_as_text(new, str)))
    if (numpy := loaded.get("numpy")) and isinstance(old, (numpy.generic, numpy.ndarray)):
        return lambda new: _same(numpy.asarray(new, old.dtype)[()], new)
    return _unknown


def _number(new: Any, kind: Any) -> Any:
    """A number; one that JSON cannot carry is written as the text of its digits."""
    if isinstance(new, str) and kind is int:
        return int(new)
    if isinstance(new, bool) or not isinstance(new, (int, float)):
        return _unknown(new)
    # What is as much is as good: the function gets no other number than people wrote.
    return kind(new) if kind(new) == new else new


def _as_text(new: Any, kinds: Any) -> str:
    return _unknown(new) if isinstance(new, bool) or not isinstance(new, kinds) else str(new)


def _bytes(new: Any) -> bytes:
    if is_dict(new) and [*new] == ["$bytes"]:
        return bytes(new["$bytes"], "utf-8")
    import base64

    return base64.b64decode(new["$base64"], validate=True)


def _named(new: Any, old: Any) -> Any:
    names: Any = _kind(old)._fields
    if not is_dict(new) or {*new} != {*names}:
        return _unknown(new)
    parts = zip(names, old, strict=True)
    return _TUPLE.__new__(_kind(old), [fitted(new[name], part) for name, part in parts])


def _member(new: Any, kind: Any) -> Any:
    written = freeze(new).canonical()
    [member] = [one for one in kind if freeze(one).canonical() == written]
    return member


def _duration(new: Any, kind: Any) -> Any:
    from decimal import Decimal, localcontext

    with localcontext() as context:
        context.prec = 400
        micros = Decimal(new["$seconds"]) * 1_000_000
        return kind(microseconds=int(micros)) if micros == int(micros) else _unknown(new)


def _zoned(text: str) -> str:
    """Before Python 3.11, ``Z`` is no offset."""
    return f"{text[:-1]}+00:00" if text.endswith("Z") else text


def _same(made: Any, new: Any) -> Any:
    return made if freeze(made).canonical() == freeze(new).canonical() else _unknown(new)


def _of_missing(old: Any) -> Any:
    return old.default_factory


def _unknown(_new: Any) -> Any:
    raise TypeError("nobody knows how to make one of it")


def _is_one_of(value: object, *kinds: Any) -> bool:
    return any(type(value) is kind for kind in kinds)


def _kind(value: object) -> Any:
    return type(value)
