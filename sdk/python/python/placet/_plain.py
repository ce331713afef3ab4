"""What JSON makes of the values that it does not know, and what a function gets in their place.

The engine freezes ``dict``, ``list``, ``tuple``, ``str``, ``int``, ``float``, ``bool`` and ``None``
by itself and asks here for everything else. Nothing is ever described by its ``repr``: that may be
different every time, and may hold what nobody wants on record.

A class of the program's own can behave in any way: a subclass of ``int`` may be 10 to whoever writes
it down and another number to whoever calculates with it. So values are read as what they are to the
interpreter, by the methods of the built-in class, and where the class is not a known one the function
gets the built-in value too.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NamedTuple

from ._method import own_of
from ._shape import is_dict, is_list, is_tuple

if TYPE_CHECKING:
    from decimal import Decimal
    from typing import TypeGuard

_MAX_DIGITS = 400
"""Longest number that is written out. Nothing that is paid or counted has as many digits."""

_MAX_BITS = (10**_MAX_DIGITS).bit_length()
"""No number of as many digits has more. That is known of one without writing it out."""

FIXED, WATCHED, FOREIGN = 0, 1, 2
"""What is known of a value: it can never change; it may change, so it is read again before the call;
its class may say what it likes, so the function must not get it."""

AS_IT_IS: Any = ...

# Their methods are called on instances of subclasses, of which nobody knows what they hold.
_DICT: Any = dict
_LIST: Any = list
_TUPLE: Any = tuple

Plain = tuple[Any, Callable[[Any], Any] | None, int]
"""A value that is nearer to JSON; how what the function gets is made from the frozen copy of that
(None: it is that; AS_IT_IS: it is the value itself); and what is known of the value."""


def kind_of(value: object) -> Any:
    """The class of a value, of which nobody claims to know more."""
    return type(value)


class Opaque(TypeError):
    """A value that nobody can freeze."""


def digits(number: Any) -> str:
    """A number as its digits, without an exponent and without zeros that say nothing.

    What is no number at all keeps its own text: whoever reads it finds that it makes no sense.
    """
    from decimal import Decimal

    if isinstance(number, int):
        if int.bit_length(number) > _MAX_BITS or int.__abs__(number) >= 10**_MAX_DIGITS:
            raise Opaque(f"a whole number of more than {_MAX_DIGITS} digits")
        return int.__repr__(number)
    if isinstance(number, float):
        number = float.__float__(number)
        if not math.isfinite(number):
            return str(number)
        # Where it is a whole number that one; else what people write for it.
        number = Decimal(int(number) if number.is_integer() else repr(number))
    if not isinstance(number, Decimal):
        raise Opaque(f"a number is expected, but this is {name_of(number)}")
    # That of a subclass is read without asking it.
    number = Decimal(number)
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


def exact(whole: int, places: int) -> Decimal:
    """A whole number with so many of its digits behind the point. Unlike what is calculated, it has all
    of them, whatever precision the program has set."""
    from decimal import Decimal

    return Decimal((int(whole < 0), tuple(map(int, str(abs(whole)))), -places))


def plain(value: Any) -> Plain:
    """Something nearer to JSON that says all that the value says.

    Raises :class:`Opaque` where there is no such thing.
    """
    if isinstance(value, (bytes, bytearray)) and not _is_of_numpy(value):
        return _raw(value)
    if _is_view(value):
        return _bytes(value.tobytes()), AS_IT_IS, WATCHED
    found = _by_module(value)
    if found is not None:
        return found
    near = scalar(value)
    if near is not None:
        return near, None, FOREIGN
    if is_tuple(value):
        return _tuple(value)
    if is_dict(value):
        return _dict(value)
    if is_list(value):
        return _LIST.copy(value), None, FOREIGN
    if _is_set(value):
        return _set(value)
    raise Opaque(
        f"{name_of(value)} cannot be written as JSON; pass what matters of it, or say with payload= "
        "what is to be decided on"
    )


def scalar(value: Any) -> str | int | float | None:
    """What an instance of a subclass of what JSON knows is to the interpreter."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    return float.__float__(value) if isinstance(value, float) else None


def _raw(value: bytes | bytearray) -> Plain:
    if isinstance(value, bytearray):
        raw = bytes(bytearray.__getitem__(value, slice(None)))
        return _bytes(raw), lambda _: bytearray(raw), WATCHED
    raw = bytes.__getitem__(value, slice(None))
    return _bytes(raw), lambda _: raw, FIXED if type(value) is bytes else FOREIGN


def _bytes(value: bytes) -> dict[str, str]:
    """As text where it is one, so that whoever reads it, people and inspection, sees what it says."""
    try:
        return {"$bytes": value.decode("utf-8")}
    except UnicodeDecodeError:
        import base64

        return {"$base64": base64.b64encode(value).decode("ascii")}


def _is_set(value: Any) -> bool:
    return isinstance(value, (set, frozenset))


def _is_of_numpy(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.generic)


def _is_view(value: Any) -> TypeGuard[memoryview[int]]:
    return isinstance(value, memoryview)


def _by_module(value: Any) -> Plain | None:
    """The types of modules that are imported already: nobody can hold a value of another."""
    loaded = sys.modules
    if (enum := loaded.get("enum")) and isinstance(value, enum.Enum):
        from ._members import of_enum

        return of_enum(value, enum), AS_IT_IS, WATCHED
    if (decimal := loaded.get("decimal")) and isinstance(value, decimal.Decimal):
        return _decimal(value, decimal.Decimal)
    if (fractions := loaded.get("fractions")) and isinstance(value, fractions.Fraction):
        return _fraction(value, fractions.Fraction)
    if (datetime := loaded.get("datetime")) and isinstance(
        value, (datetime.date, datetime.time, datetime.timedelta)
    ):
        from ._moments import of_moment

        return of_moment(value, datetime)
    if (uuid := loaded.get("uuid")) and isinstance(value, uuid.UUID):
        again = uuid.UUID(int=int.__int__(uuid.UUID.int.__get__(value)))
        return str(again), lambda _: again, WATCHED
    if (pathlib := loaded.get("pathlib")) and isinstance(value, pathlib.PurePath):
        return _path(value, pathlib)
    if (dataclasses := loaded.get("dataclasses")) and dataclasses.is_dataclass(value):
        return _dataclass(value, dataclasses)
    if (pydantic := loaded.get("pydantic")) and isinstance(value, pydantic.BaseModel):
        return _model(value), AS_IT_IS, WATCHED
    if (numpy := loaded.get("numpy")) and isinstance(value, (numpy.generic, numpy.ndarray)):
        from ._arrays import of_numpy

        return of_numpy(value, numpy)
    return None


def _decimal(value: Any, kind: Any) -> Plain:
    """A number like any other, so that 10, 10.0 and 1E+1 are one action."""
    exact = kind(value)
    if not exact.is_finite():
        raise Opaque(f"{exact} is no number that can be decided on")
    text = digits(exact)
    near: Any = float(text) if "." in text else int(text)
    known = FIXED if type(value) is kind else FOREIGN
    return (near if digits(near) == text else text), lambda _: exact, known


def _fraction(value: Any, kind: Any) -> Plain:
    above, below = int.__int__(value._numerator), int.__int__(value._denominator)
    return _quotient(above, below), lambda _: kind(above, below), WATCHED


def _quotient(above: int, below: int) -> Any:
    """A number like any other where it has so many digits; else what is divided by what."""
    if int.bit_length(below) <= _MAX_BITS and int.bit_length(above) <= _MAX_BITS:
        # What has an end has it after as many places as there are twos or fives below.
        ends: Iterator[int] = (n for n in range(_MAX_DIGITS) if pow(10, n, below) == 0)
        places = next(ends, _MAX_DIGITS)
        number = exact(above * 10**places // below, places)
        if len(number.as_tuple().digits) + places <= _MAX_DIGITS:
            return number
    return f"{above}/{below}"


def _path(value: Any, pathlib: Any) -> Plain:
    kind = kind_of(value)
    if getattr(pathlib, kind.__name__, pathlib) is not kind:
        raise Opaque(f"{name_of(value)} is a kind of path of its own; pass its text")
    text = str(value)
    return text, lambda _: kind(text), WATCHED


def _dataclass(value: Any, dataclasses: Any) -> Plain:
    if isinstance(value, type):
        raise Opaque(f"{name_of(value)} is a class, not a value")
    kept = _kept(value)
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {**kept, **fields}, AS_IT_IS, WATCHED


def _model(value: Any) -> Any:
    """All that a model holds, also what its own dump leaves out or changes."""
    extra: dict[str, Any] = getattr(value, "__pydantic_extra__", None) or {}
    private: dict[str, Any] = getattr(value, "__pydantic_private__", None) or {}
    return {**_kept(value), **extra, **private}


def _kept(value: Any) -> dict[str, Any]:
    """All that a value has itself, whether or not its class calls it a field: a function can read it."""
    if isinstance(value, _HOLD_MORE):
        raise Opaque(f"{name_of(value)} is a record and a {_held_as(value)} at once; pass one of them")
    kept: dict[str, Any] = {}
    line: tuple[type, ...] = kind_of(value).__mro__
    if any(_reads_its_own_way(cls) for cls in line if cls is not object):
        why = "is a record with __getattribute__ of its own; pass a plain one"
        raise Opaque(f"{name_of(value)} {why}")
    for cls in line:
        if "__slots__" not in vars(cls) or cls.__module__.startswith("pydantic."):
            # What pydantic keeps there is told apart.
            continue
        for name, slot in vars(cls).items():
            if isinstance(slot, MemberDescriptorType):
                try:
                    kept[name] = slot.__get__(value)
                except AttributeError:
                    # Nothing is in it.
                    continue
    return {**kept, **own_of(value), **_gated(value)}


def _reads_its_own_way(cls: type) -> bool:
    """Whether a class has a way of its own to read fields. That of gated records is ours."""
    way = vars(cls).get("__getattribute__")
    if way is None:
        return False
    from ._core import GatedRecord

    return way is not vars(GatedRecord)["__getattribute__"]


def _gated(value: Any) -> dict[str, Any]:
    """What a gated record has on the Rust side, whatever its class still says of its fields."""
    from ._core import GatedRecord

    if not issubclass(kind_of(value), GatedRecord):
        return {}
    from ._gated import Field

    has: dict[str, Any] = {}
    line: tuple[type, ...] = kind_of(value).__mro__
    for cls in line:
        for name in [name for name, one in vars(cls).items() if isinstance(one, Field)]:
            try:
                has[name] = vars(GatedRecord)["__getattribute__"](value, name)
            except AttributeError:
                # Nothing is in it.
                continue
    return has


_HOLD_MORE = (dict, list, tuple, set, frozenset, str, int, float, complex)
"""What has a content of its own beside what it has as a record."""


def _held_as(value: Any) -> str:
    return next(kind.__name__ for kind in _HOLD_MORE if isinstance(value, kind))


_READING = {"__iter__", "__getitem__", "__len__", "__getattribute__", "__contains__", "__reversed__"}
"""Methods by which a function reads a tuple. One that has its own may show people one thing and give the
function another."""


def _tuple(value: Any) -> Plain:
    kind, items = kind_of(value), _TUPLE.__getitem__(value, slice(None))
    names: Any = getattr(kind, "_fields", ())
    if not items or kind_of(names) is not tuple or len(names) != len(items):
        return items, None, FOREIGN
    has: dict[str, Any] = {}
    for cls in kind.__mro__:
        if cls is tuple:
            break
        has = {**vars(cls), **has}
    own = next((name for name in has if name in _READING), None)
    if own is not None:
        raise Opaque(f"{name_of(value)} is a tuple with {own} of its own; pass a plain one")
    named: dict[str, Any] = dict(zip(names, items, strict=True))
    # By the reader that namedtuple writes, and not by whatever the class says.
    is_own = all(kind_of(has.get(name)) is _FIELD for name in names)
    if not is_own or any(has[name].__get__(value) is not item for name, item in named.items()):
        raise Opaque(f"{name_of(value)} says something else than it holds")
    return named, lambda frozen: _TUPLE.__new__(kind, frozen.values()), WATCHED


class _One(NamedTuple):
    field: int


_FIELD: Any = kind_of(vars(_One)["field"])
"""What reads a field of a named tuple, as Python writes it."""


_FACTORIES: tuple[Any, ...] = (None, bool, bytes, dict, float, frozenset, int, list, set, str, tuple)
"""What a defaultdict may make what is missing with. A factory of the program's own gives the function
something that nobody has decided on."""


def _dict(value: Any) -> Plain:
    kind, items = kind_of(value), dict(_DICT.items(value))
    if kind is OrderedDict or kind is Counter:
        return items, kind, WATCHED
    if kind is defaultdict:
        factory = value.default_factory
        if any(factory is one for one in _FACTORIES):
            return items, lambda frozen: defaultdict(factory, frozen), WATCHED
    return items, None, FOREIGN


def _set(value: Any) -> Plain:
    kind: Any = set if issubclass(kind_of(value), set) else frozenset
    members: list[Any] = [*kind.__iter__(value)]
    try:
        members.sort()
        # Of two sets neither need be the smaller one. Then their order is none.
        is_ordered = all(one < next_one for one, next_one in pairwise(members))
    except TypeError:
        is_ordered = False
    if not is_ordered:
        members = _by_text(members)
    return members, kind, WATCHED if kind_of(value) is kind else FOREIGN


def _by_text(members: list[Any]) -> list[Any]:
    from ._core import freeze

    try:
        texts = [freeze(member).canonical() for member in members]
    except ValueError:
        # It is refused soon, with the place named.
        return members
    if len(set(texts)) < len(texts):
        raise Opaque("a set with members that are written alike; pass a sorted list")
    numbers = sorted(range(len(members)), key=texts.__getitem__)
    return [members[number] for number in numbers]


def name_of(value: Any) -> str:
    """The name of a class, or of that of a value."""
    kind = value if isinstance(value, type) else kind_of(value)
    return f"{kind.__module__}.{kind.__qualname__}"
