"""What reporters of errors do not write down, although they write down what every name stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SECRET = ("key", "secret", "token", "password")
"""What the names of settings have in them that nobody may see."""


class Hidden(str):
    """A text that is not shown by ``repr``: a key."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


def hidden(given: Any) -> Any:
    """A text that is hidden, and whatever else as it is."""
    return Hidden(given) if isinstance(given, str) else given


def with_hidden(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings or variables, of which those are hidden that may be a key, also where they are misspelt."""
    return {
        name: hidden(value) if any(word in name.lower() for word in _SECRET) else value
        for name, value in given.items()
    }
