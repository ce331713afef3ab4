"""Whether a function is called as a method, so that its first argument is the object that has it.

Its name and those of its parameters say nothing about that: anybody can call a parameter ``self``. Nor
is it enough that the class of the first argument has the function among its own: whoever calls it can
write such a class, and would so hide an argument from the decision. The function itself says where it was
defined, which is within that class.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from ._shape import is_dict


def is_method(function: Callable[..., Any], first: Any) -> bool:
    """Whether the function was defined in the class of ``first``, or in ``first`` itself where it is a
    class, and is still among what that has."""
    name = getattr(function, "__name__", "")
    inside = _home(function, name)
    if inside is None or _is_static(*inside, name):
        return False
    line: tuple[type, ...] = _LINE(type(first))
    if issubclass(type(first), type):
        line = (*_LINE(first), *line)
    own = [_OWN(cls) for cls in line if _is_called(cls, *inside)]
    if any(_leads_to(attributes.get(name), function) for attributes in own):
        return True
    # It may go by another name there.
    return any(_leads_to(it, function) for attributes in own for it in list(attributes.values()))


_LINE: Any = vars(type)["__mro__"].__get__
_OWN: Any = vars(type)["__dict__"].__get__
_NAME: Any = vars(type)["__qualname__"].__get__
"""What a class is made from, has and is called, whatever its own class would say to the question."""


def _home(function: Callable[..., Any], name: str) -> tuple[str, str] | None:
    """The module and the name of the class in which a function was defined, if it was in one."""
    home, dot, last = str(getattr(function, "__qualname__", "")).rpartition(".")
    if not dot or last != name or home.endswith("<locals>"):
        return None
    return str(getattr(function, "__module__", "")), home


def _is_static(module: str, home: str, name: str) -> bool:
    """Whether the class of that name has a static method there, which has no object. Whoever calls it can
    write another class of that name."""
    found: Any = sys.modules.get(module)
    for part in home.split("."):
        found = own_of(found).get(part) if not isinstance(found, type) else _OWN(found).get(part)
    return isinstance(found, type) and isinstance(_OWN(found).get(name), staticmethod)


def _is_called(cls: type, module: str, name: str) -> bool:
    own = _OWN(cls).get("__module__")
    return type(own) is str and own == module and _NAME(cls) == name


def is_async_inside(function: Callable[..., Any]) -> bool:
    """Whether it is an ordinary decorator around an async function, or an object that is called like
    one. What it gives is to be awaited then, where there is an event loop."""
    import inspect

    inner = (*_unwrapped(function), getattr(type(function), "__call__", None))
    return any(inspect.iscoroutinefunction(one) for one in inner)


def parts_of(attribute: Any) -> tuple[Any, ...]:
    """Where methods, properties and the like keep their functions. No code of theirs is run."""
    if isinstance(attribute, staticmethod):
        return ()
    if issubclass(type(attribute), classmethod):
        return (attribute.__func__,)
    if isinstance(attribute, property):
        return (attribute.fget, attribute.fset, attribute.fdel)
    return (attribute, own_of(attribute).get("func"))


def own_of(value: Any) -> dict[str, Any]:
    """What a value has itself, whatever its class would say to the question."""
    try:
        own: Any = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return own if is_dict(own) else {}


def _leads_to(attribute: Any, function: Callable[..., Any]) -> bool:
    return any(inner is function for part in parts_of(attribute) for inner in _unwrapped(part))


def _unwrapped(function: Any) -> Iterator[Any]:
    """A function, and what the decorators above it have wrapped."""
    seen: set[int] = set()
    while function is not None and id(function) not in seen:
        seen.add(id(function))
        yield function
        function = own_of(function).get("__wrapped__")
