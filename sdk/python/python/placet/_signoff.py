"""Records that reach a consequential status only with a person's sign-off.

    @signoff_gated(gated={"approved"})
    @dataclass
    class Claim:
        amount: str
        status: str = "draft"
        verbatim_response: str = ""
        responsible_owner: str = ""

``claim.status = "approved"`` raises :class:`~placet.SignoffRequired` until both statements are
complete, and then holds the record still until the status is changed to one that is not gated. The
fields lie on the Rust side, so no way that Python has of changing an object gets round it; a refused
change leaves the record as it was. What no library can prevent in its own process is somebody who
edits memory (``ctypes``, ``gc``), or who writes the statements for the person.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any, TypeVar, cast

from ._core import GatedRecord, gate_records
from ._errors import SignoffRequired

T = TypeVar("T")

LEAST_LENGTH = 50
"""How many characters of a statement have to show, where nothing else is said."""

DEFAULT_REQUIRED: Mapping[str, int] = {"verbatim_response": LEAST_LENGTH, "responsible_owner": 1}
"""What a sign-off takes, where nothing else is said: the person's own words, and who answers for it."""


class Field:
    """A field that lies on the Rust side."""

    __slots__ = ("_name",)
    _name: str

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_name", name)

    def __get__(self, record: Any, _class: Any = None) -> Any:
        # An instance never comes here: its fields are read before its class is looked at.
        raise AttributeError(self._name)

    def __set__(self, record: GatedRecord, value: Any) -> None:
        GatedRecord._set(record, self._name, value)

    def __delete__(self, record: GatedRecord) -> None:
        raise AttributeError(f"{self._name} cannot be deleted; give it another value")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a gated field stays what it is")


class SignoffMeta(type):
    """The class of the classes whose records are gated."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        record: Any = cast(Any, cls).__new__(cls, *args, **kwargs)
        if isinstance(record, cls):
            cls.__init__(record, *args, **kwargs)
            # A gated status waited until everything else was there.
            GatedRecord._made(record)
        return record

    def __setattr__(cls, name: str, value: Any) -> None:
        if isinstance(_of_line(cls, name), Field):
            raise AttributeError(f"{name} of {cls.__name__} is gated and stays so")
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        if isinstance(_of_line(cls, name), Field):
            raise AttributeError(f"{name} of {cls.__name__} is gated and stays so")
        super().__delattr__(name)


class SignoffGatedRecord(GatedRecord, metaclass=SignoffMeta):
    """What gated records are made from. :func:`signoff_gated` makes a dataclass one."""


def signoff_gated(
    *,
    gated: Collection[Any],
    status: str = "status",
    required: Mapping[str, int] = DEFAULT_REQUIRED,
) -> Callable[[type[T]], type[T]]:
    """Decorates a dataclass whose records take a sign-off for some of their statuses.

    ``gated`` are those statuses: texts, or members of one enum. ``required`` says what has to be
    written before, and how many characters of each have to show.
    """
    kind = _kind(gated)

    def decorate(cls: type[T]) -> type[T]:
        if not dataclasses.is_dataclass(cls):
            raise TypeError(f"{cls.__name__} is no dataclass; write @dataclass below signoff_gated")
        names = [field.name for field in dataclasses.fields(cls)]
        unknown = [name for name in (status, *required) if name not in names]
        if unknown:
            raise TypeError(f"{cls.__name__} has no field {unknown[0]!r}")
        if not required or any(least < 1 for least in required.values()):
            raise TypeError("a sign-off takes at least one field, of at least one character")
        made = _made_from(cls, names)
        gate_records(made, status, kind, list(gated), list(required.items()), names)
        return made

    return decorate


def _kind(gated: Collection[Any]) -> type[Enum] | None:
    if isinstance(gated, str) or not gated:
        raise TypeError('gated is a collection of statuses, such as {"approved"}')
    kinds: set[type[Any]] = {type(one) for one in gated}
    if kinds == {str}:
        return None
    kind = kinds.pop()
    if not kinds and issubclass(kind, Enum):
        return kind
    raise TypeError("the statuses are all texts, or all members of one enum")


def _made_from(cls: type[T], names: list[str]) -> type[T]:
    """The same class, with its fields on the Rust side."""
    left_out = {"__dict__", "__weakref__", "__slots__", *names}
    space = {name: value for name, value in vars(cls).items() if name not in left_out}
    space.update({name: Field(name) for name in names})
    bases = tuple(base for base in cls.__bases__ if base is not object)
    if not any(issubclass(base, SignoffGatedRecord) for base in bases):
        bases = (*bases, SignoffGatedRecord)
    made: Any = SignoffMeta(cls.__name__, bases, space)
    made.__qualname__ = cls.__qualname__
    return made  # type: ignore[no-any-return]


def _of_line(cls: type, name: str) -> Any:
    for ancestor in cls.__mro__:
        if name in vars(ancestor):
            return vars(ancestor)[name]
    return None


def again(cls: Any, fields: dict[str, Any]) -> Any:
    """A record made again from its fields: of a copy, or of what was pickled."""
    record = cls.__new__(cls)
    for name, value in fields.items():
        GatedRecord._set(record, name, value)
    GatedRecord._made(record)
    return record


def refusal(detail: str, status: Any, missing: list[str]) -> SignoffRequired:
    return SignoffRequired(detail, status=str(status), missing=tuple(missing))
