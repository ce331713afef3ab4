"""What a decorator stands above: a function, or what Python puts around one in a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._within import kind_of


def function_of(name: str, given: Any) -> tuple[Callable[..., Any], bool]:
    """What is decorated, and whether it is to be a static method again.

    Everything else that a class makes of a function gives its caller something else than the function, and
    has to be made of what is decorated. ``name`` is the decorator's.
    """
    if isinstance(given, staticmethod):
        return given.__func__, True
    if callable(given):
        return given, False
    of: Any = kind_of(given)
    kind = str(of.__name__)
    if hasattr(of, "__get__") or hasattr(of, "__set_name__"):
        raise TypeError(
            f"{name} stands above a function, and here above a {kind}: write @{kind} above {name}"
        )
    raise TypeError(f"{name} stands above a function, not {kind}")
