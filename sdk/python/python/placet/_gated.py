"""The classes whose records are gated: their fields lie on the Rust side, and they stay what they are.

What decides is the state on the Rust side. What is here keeps a class from saying something else than
that state does, and refuses at once what would have no effect, so that nobody is left in the belief
that it had.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from dataclasses import MISSING
from types import MappingProxyType
from typing import Any, cast

from ._core import GatedRecord
from ._errors import SignoffRequired
from ._home import at_home

_READ = vars(GatedRecord)["__getattribute__"]
_SET, _MADE, _UNMADE = GatedRecord._set, GatedRecord._made, GatedRecord._unmade
_BORROW = GatedRecord._borrow

_OURS = {"__getattribute__": _READ, "__getattr__": _READ}
"""What every gated class has itself, so that no other class in its line can say what a record says.
What is not there is asked for a second time, and is not there then either."""

_FIELDS = "__dataclass_fields__"
"""Where a dataclass says what its fields are."""

_FIXED = (*_OURS, "is_signed_off", "__class__", "__bases__")


class Field:
    """A field that lies on the Rust side."""

    __slots__ = ("_name", "_default")
    _name: str
    _default: Any

    def __init__(self, name: str, default: Any = MISSING) -> None:
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_default", default)

    def __get__(self, record: Any, _class: Any = None) -> Any:
        # An instance never comes here: its fields are read before its class is looked at. The class
        # has the default, as that of every dataclass.
        if record is not None or self._default is MISSING:
            raise AttributeError(self._name)
        return self._default

    def __set__(self, record: GatedRecord, value: Any) -> None:
        _SET(record, self._name, value)

    def __delete__(self, record: GatedRecord) -> None:
        raise AttributeError(f"{self._name} cannot be deleted; give it another value")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a gated field stays what it is")


_REFUSING = ("__setattr__", "__delattr__", "__new__", "__call__", "_stays")
"""What keeps a gated class what it is."""

_STAYING = (*_REFUSING, "__getattribute__", "__instancecheck__", "__subclasscheck__")
"""What is not replaced: by these a class says what it has, and what is one of its records."""


class Rules(type):
    """The class of the class of gated classes: what refuses there is neither taken away nor replaced,
    and comes first in whatever is made from it."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], space: dict[str, Any], **words: Any
    ) -> Rules:
        made = super().__new__(mcs, name, bases, space, **words)
        for base in bases:
            if isinstance(base, Rules) and (
                any(_of_line(made, rule) is not _of_line(base, rule) for rule in _REFUSING)
                or any(rule in space for rule in _STAYING)
            ):
                raise TypeError(f"{base.__name__} stays what it is: {name} refuses what it refuses")
        return made

    def __setattr__(cls, name: str, value: Any) -> None:
        cls._keeps(name)
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        cls._keeps(name)
        super().__delattr__(name)

    def _keeps(cls, name: str) -> None:
        if name in _STAYING or name in ("__class__", "__bases__"):
            raise TypeError(f"{cls.__name__} stays what it is")


class SignoffMeta(type, metaclass=Rules):
    """The class of the classes whose records are gated."""

    def __new__(
        mcs, name: str, bases: tuple[type, ...], space: dict[str, Any], **words: Any
    ) -> SignoffMeta:
        for fixed in _FIXED:
            if fixed in space and space[fixed] is not _OURS.get(fixed):
                raise TypeError(
                    f"{name} cannot have {fixed} of its own: a gated record says itself what it is"
                )
        space = {**space, **_OURS}
        if "__init__" in space:
            space["__init__"] = _once(space["__init__"])
        return super().__new__(mcs, name, bases, space, **words)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        abstract = getattr(cls, "__abstractmethods__", None)
        if abstract:
            raise TypeError(f"{cls.__name__} is abstract: it lacks {', '.join(sorted(abstract))}")
        record: Any = cast(Any, cls).__new__(cls, *args, **kwargs)
        if isinstance(record, cls):
            cls.__init__(record, *args, **kwargs)
            # A gated status waited until everything else was there.
            _MADE(cast(GatedRecord, record))
        return record

    def __setattr__(cls, name: str, value: Any) -> None:
        cls._stays(name)
        super().__setattr__(name, _once(value) if name == "__init__" else value)

    def __delattr__(cls, name: str) -> None:
        cls._stays(name)
        super().__delattr__(name)

    @property
    def __signature__(cls) -> Any:
        """What a record is made from, where somebody asks: an editor, a framework."""
        import inspect

        made = inspect.signature(cast(Any, cls).__init__)
        return made.replace(parameters=[*made.parameters.values()][1:], return_annotation=cls)

    def _stays(cls, name: str) -> None:
        is_list = name == _FIELDS and isinstance(vars(cls).get(name), MappingProxyType)
        if is_list or name in _FIXED or isinstance(_of_line(cls, name), Field):
            raise AttributeError(f"{name} of {cls.__name__} is gated and stays so")


class SignoffGatedRecord(GatedRecord, metaclass=SignoffMeta):
    """What gated records are made from. :func:`signoff_gated` makes a dataclass one."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from ._pydantic import schema_of

        return schema_of(cls, source, handler)


def with_fields(cls: Any, names: list[str]) -> None:
    """Lays the fields of a class on the Rust side."""
    for name in names:
        type.__setattr__(cls, name, field_of(cls, name))


def field_of(cls: Any, name: str) -> Field:
    """One of them, with its default."""
    return Field(name, _fields(cls)[name].default)


def seal(cls: Any) -> None:
    """Keeps what is said of the fields of a class from being changed."""
    type.__setattr__(cls, _FIELDS, MappingProxyType(dict(_fields(cls))))


def _fields(cls: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", vars(cls)[_FIELDS])


def again(cls: Any, fields: dict[str, Any], borrowed: Collection[str] = ()) -> Any:
    """A record made again from its fields: of a copy, or of what was pickled. Those of its statements that
    have served for a sign-off were written for the record that it is made from."""
    record = cls.__new__(cls)
    for name, value in fields.items():
        _SET(record, name, value)
    _BORROW(record, list(borrowed))
    _MADE(record)
    return record


def refusal(detail: str, status: Any, missing: list[str]) -> SignoffRequired:
    """What is raised where a record stays as it is."""
    return SignoffRequired(detail, status=str(status), missing=tuple(missing))


def _once(init: Any) -> Any:
    """An ``__init__`` that makes a record and never changes one."""
    if not callable(init) or getattr(init, "_is_once", False):
        return init
    make: Callable[..., Any] = init

    @functools.wraps(make)
    def once(self: Any, *args: Any, **kwargs: Any) -> None:
        _UNMADE(self)
        make(self, *args, **kwargs)

    cast(Any, once)._is_once = True
    return once


def _of_line(cls: type, name: str) -> Any:
    for ancestor in cls.__mro__:
        if name in vars(ancestor):
            return vars(ancestor)[name]
    return None


at_home(SignoffGatedRecord)
