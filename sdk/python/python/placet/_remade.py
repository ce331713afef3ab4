"""The class of a dataclass, made again with its fields on the Rust side."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ._gated import SignoffGatedRecord, SignoffMeta, field_of
from ._method import own_of, parts_of

_CELLS = ("__class__", "cls")
"""Where functions of a class keep it: for ``super()``, and those that ``@dataclass`` writes."""


def remade(cls: type, names: list[str]) -> Any:
    """The same class, as one of those whose records are gated.

    A class cannot be given another base that lays out its records differently, so it is made again.
    """
    bases = tuple(base for base in cls.__bases__ if base is not object)
    _refuse_slots(cls, bases)
    if not any(issubclass(base, SignoffGatedRecord) for base in bases):
        bases = (*bases, SignoffGatedRecord)
    left_out = {"__dict__", "__weakref__", "__slots__", *names}
    space = {name: value for name, value in vars(cls).items() if name not in left_out}
    space.update({name: field_of(cls, name) for name in names})
    try:
        made: Any = _meta_of(cls)(cls.__name__, bases, space)
    except TypeError as error:
        if _has_hook(bases):
            raise TypeError(
                f"{cls.__name__} has a base that wants to know more of each class made from it, which "
                "a decorator does not know; write SignoffGatedRecord among its bases"
            ) from error
        raise
    made.__qualname__ = cls.__qualname__
    lead_to(made)
    return made


def lead_to(made: type) -> None:
    """Makes what functions of a class know of it this class, and no more the one before it."""
    seen: set[int] = set()
    for value in list(vars(made).values()):
        _lead(value, made, seen)


def _lead(value: Any, made: type, seen: set[int]) -> None:
    if id(value) in seen or isinstance(value, type):
        return
    seen.add(id(value))
    if isinstance(value, FunctionType):
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            try:
                content = cell.cell_contents
            except ValueError:
                # Nothing is in it yet.
                continue
            if name in _CELLS and _is_before(content, made):
                cell.cell_contents = made
            else:
                _lead(content, made, seen)
    for inner in (*parts_of(value), own_of(value).get("__wrapped__")):
        _lead(inner, made, seen)


def _is_before(content: Any, made: type) -> bool:
    return (
        isinstance(content, type)
        and content is not made
        and (content.__module__, content.__qualname__) == (made.__module__, made.__qualname__)
    )


def _meta_of(cls: type) -> Any:
    """The class of gated classes, which is also that of this one."""
    meta = type(cls)
    if meta is type:
        return SignoffMeta
    return type(f"Signoff{meta.__name__}", (SignoffMeta, meta), {})


def _refuse_slots(cls: type, bases: tuple[type, ...]) -> None:
    for base in bases:
        for ancestor in base.__mro__:
            if vars(ancestor).get("__slots__") and not isinstance(ancestor, SignoffMeta):
                raise TypeError(
                    f"{cls.__name__} cannot be gated: {ancestor.__name__} lays out its fields in "
                    "__slots__; leave slots=True out there"
                )


def _has_hook(bases: tuple[type, ...]) -> bool:
    line = (ancestor for base in bases for ancestor in base.__mro__ if ancestor is not object)
    return any("__init_subclass__" in vars(ancestor) for ancestor in line)
