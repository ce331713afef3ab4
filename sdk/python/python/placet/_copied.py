"""A copy of a value as far as it can be frozen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ._core import Frozen, freeze
from ._shape import is_dict, is_list, is_tuple

_DEEPEST = 100
"""How deep containers are looked into. The engine freezes nothing that is nested deeper."""

Maker = Callable[[], Any]


class Copied:
    """What of a value can be frozen is, wherever in its containers it stands. What cannot be goes along
    as it is, and nobody knows whether it changes."""

    def __init__(self, value: Any) -> None:
        self._parts: list[Frozen] = []
        self._makers: dict[int, Maker] = {}
        self.is_whole = True
        """Whether all of it could be frozen."""
        self._make = self._maker(value, 0)

    def thaw(self) -> Any:
        """A copy that nobody else has."""
        return self._make()

    def is_unchanged(self) -> bool:
        """Whether what was frozen but not copied is still what it was."""
        return all(part.is_unchanged() for part in self._parts)

    def _maker(self, value: Any, depth: int) -> Maker:
        try:
            frozen = freeze(value)
        except ValueError:
            self.is_whole = False
        else:
            self._parts.append(frozen)
            return frozen.thaw
        if type(value) not in (dict, list, tuple) or depth > _DEEPEST:
            return lambda: value
        known = self._makers.get(id(value))
        if known is not None:
            return known
        # Until it is done: what contains itself contains what it was.
        self._makers[id(value)] = lambda: value
        made = self._makers[id(value)] = self._inside(value, depth + 1)
        return made

    def _inside(self, value: Any, depth: int) -> Maker:
        if is_dict(value):
            named = {name: self._maker(inner, depth) for name, inner in value.items()}
            return lambda: {name: make() for name, make in named.items()}
        assert is_list(value) or is_tuple(value)
        items = [self._maker(inner, depth) for inner in value]
        if is_list(value):
            return lambda: [make() for make in items]
        return lambda: tuple([make() for make in items])
