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
change leaves the record as it was.

The words belong to the record, as it is when they are accepted. Another record that is made from its
fields (``dataclasses.replace``) cannot use them, and neither can this one after it was taken back and
changed: then somebody writes them anew. A record that was stored is made like any other, from its
fields, its status and its words.

What no library can prevent in its own process:

- somebody who edits memory (``ctypes``, ``gc``), or writes the statements for the person;
- ``type.__setattr__(Claim, "__getattribute__", …)``, which calls past the class's own refusal and
  replaces what reading means, or ``type.__new__(type(Claim), …)``, which makes a class of which nobody
  has asked what reading its records means; and somebody who takes apart the classes that all this is
  written in, from ``type(type(Claim))`` on, or replaces modules of Placet. The state behind it stays
  what it is;
- somebody who changes the members of an enum themselves, and so what they stand for;
- a value in a field that can be changed from outside, such as a list: put a tuple there;
- attributes that are no fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from enum import Enum, Flag
from typing import Any, TypeVar, cast

from ._core import GatedRecord, gate_records
from ._gated import SignoffMeta, seal, with_fields
from ._remade import lead_to, remade

T = TypeVar("T")

LEAST_LENGTH = 50
"""How many characters of a statement have to show, where nothing else is said."""

DEFAULT_REQUIRED: Mapping[str, int] = {"verbatim_response": LEAST_LENGTH, "responsible_owner": 1}
"""What a sign-off takes, where nothing else is said: the person's own words, and who answers for it."""


def signoff_gated(
    *,
    gated: Collection[Any],
    status: str = "status",
    required: Mapping[str, int] = DEFAULT_REQUIRED,
) -> Callable[[type[T]], type[T]]:
    """Decorates a dataclass whose records take a sign-off for some of their statuses.

    ``gated`` are those statuses: texts, or members of one enum. ``required`` says what has to be
    written before, and how many characters of each have to show. A class that is made from a gated
    one can ask for more and not for less.
    """
    members = _members(gated)

    def decorate(cls: type[T]) -> type[T]:
        if not dataclasses.is_dataclass(cls):
            raise TypeError(f"{cls.__name__} is no dataclass; write @dataclass below signoff_gated")
        names = [field.name for field in dataclasses.fields(cls)]
        unknown = [name for name in (status, *required) if name not in names]
        if unknown:
            raise TypeError(f"{cls.__name__} has no field {unknown[0]!r}")
        if not required or any(least < 1 for least in required.values()):
            raise TypeError("a sign-off takes at least one field, of at least one character")
        if status in required:
            raise TypeError(f"{status!r} is the status and cannot be a statement too")
        # Only a class that is no gated one yet has to be made again.
        is_one = isinstance(cls, SignoffMeta)
        made: Any = cls if is_one else remade(cls, names)
        gate_records(made, status, members, list(gated), list(required.items()), names)
        if is_one:
            with_fields(made, names)
            lead_to(made)
        seal(made)
        return cast("type[T]", made)

    return decorate


def is_signed_off(record: object) -> bool:
    """Whether a record of a gated class has a status that takes a sign-off, and so has one.

    The same as ``record.is_signed_off``, for type checkers too: those know a decorated class as what it
    was before. Raises ``TypeError`` for what is no such record.
    """
    if not isinstance(record, GatedRecord):
        raise TypeError(f"{type(record).__name__} is no gated class; write signoff_gated above it")
    return _IS_SIGNED_OFF(record)


_IS_SIGNED_OFF: Callable[[GatedRecord], bool] = vars(GatedRecord)["is_signed_off"].__get__


def _members(gated: Collection[Any]) -> list[Enum] | None:
    """All statuses that there are, where they are those of an enum."""
    if isinstance(gated, str) or not gated:
        raise TypeError('gated is a collection of statuses, such as {"approved"}')
    kinds: set[type[Any]] = {type(one) for one in gated}
    if kinds == {str}:
        return None
    kind = kinds.pop()
    if not kinds and issubclass(kind, Enum):
        if issubclass(kind, Flag):
            raise TypeError(f"{kind.__name__} has members that can be combined; take a plain Enum")
        return list(kind.__members__.values())
    raise TypeError("the statuses are all texts, or all members of one enum")
