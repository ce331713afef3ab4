"""Where the engine runs: in the main interpreter of a process, with its lock."""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False  # Type checkers know better, and typing takes long to load.

if TYPE_CHECKING:
    from typing import Any

_NAMES = ("_interpreters", "_xxsubinterpreters")
"""The module of Python that knows the interpreters of a process: since 3.13, and before."""


def check() -> None:
    """Refuses a build of Python without the lock, for which nothing here is tested, and a
    subinterpreter. What the engine has exists once in a process, so it would hang or mix up the two;
    Python itself finds that only since 3.12, and not in every kind of them."""
    if "t" in getattr(sys, "abiflags", ""):
        raise ImportError("placet does not run in free-threaded builds of Python; use the usual one")
    known = _interpreters()
    if known is not None and known.get_current() != known.get_main():
        raise ImportError(
            "placet runs only in the main interpreter of a process; from a subinterpreter, ask a "
            "daemon by way of that, or start a process"
        )


def _interpreters() -> Any:
    for name in _NAMES:
        try:
            return import_module(name)
        except ImportError:
            continue
    # This Python cannot make any.
    return None
